"""The simulation of many workers, in small: real uploads, journals and paces on virtual time."""

from __future__ import annotations

import pytest
import simulate


def test_nothing_lost_and_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Workers are killed and frozen, answers are lost, the store is gone for a while."""
    sizes = ["--records", "200000", "--accounts", "2", "--workers", "8", "--seed", "6"]
    troubles = ["--deaths", "0.03", "--freezes", "0.01", "--faults", "0.05"]
    code = simulate.main([*sizes, *troubles])
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "200,000 records, 8 workers, 2 accounts" in printed
    assert "lost 0, twice 0" in printed
    assert " 0 killed" not in printed

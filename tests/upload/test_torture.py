"""The torture run in small: real sockets, real files, and a process killed with -9."""

from __future__ import annotations

import pytest
import torture


def test_nothing_lost_and_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Killed three times under faults, the upload ends with the register equal to its input."""
    arguments = ["--records", "3000", "--bad", "6", "--kills", "3", "--seed", "4"]
    code = torture.main(arguments)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "3 kills: 3000 records, 6 bad" in printed
    assert "lost 0, twice 0, bad ones saved 0; accepted 2994, rejected 6" in printed

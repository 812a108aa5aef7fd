"""The rejected rows of an input, of which there may be a million: on disk, not in memory."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rejected import Rejected

_IN_MEMORY: Final = 16_000_000


class RejectedRows:
    """Rejected rows by their place in the input, in a temporary file without a name.

    They can be read again and again.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._indexes = array("q")
        self._places = array("q")

    def __len__(self) -> int:
        return len(self._indexes)

    def add(self, index: int, row: Rejected) -> None:
        """Add the row at a place of the input."""
        self._places.append(self._file.seek(0, 2))
        self._indexes.append(index)
        pickle.dump(row, self._file)

    def indexes(self) -> array[int]:
        """Return the places in the input, as they were added."""
        return self._indexes

    def __iter__(self) -> Iterator[Rejected]:
        """Yield the rows in the order of the input."""
        order = sorted(range(len(self)), key=self._indexes.__getitem__)
        for at in order:
            self._file.seek(self._places[at])
            yield pickle.load(self._file)  # noqa: S301  written above

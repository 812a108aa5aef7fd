"""What was sent from a file before: a journal that knows rows by their content, not their place.

A row that was accepted is never sent again, wherever it stands now. So one journal serves a file
that grew, that was corrected, or that is another one every night; the file of its rejected rows
shares it.
"""

from .history import History, Run
from .journal import RowJournal
from .known import digester

__all__ = ["History", "RowJournal", "Run", "digester"]

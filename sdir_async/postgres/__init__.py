"""What several processes share in a PostgreSQL: the extra `postgres`."""

from .journal import PostgresJournal
from .pace import PostgresPace

__all__ = ["PostgresJournal", "PostgresPace"]

"""What several processes share in a PostgreSQL database: the extra `postgres`."""

from .journal import PostgresJournal
from .pace import PostgresPace
from .removal import forget

__all__ = ["PostgresJournal", "PostgresPace", "forget"]

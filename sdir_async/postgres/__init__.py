"""What several processes share in a PostgreSQL database: the extra `postgres`."""

from .forget import forget
from .journal import PostgresJournal
from .pace import PostgresPace

__all__ = ["PostgresJournal", "PostgresPace", "forget"]

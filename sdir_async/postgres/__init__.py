"""What several processes share in a PostgreSQL: the extra `postgres`."""

from .journal import PostgresJournal

__all__ = ["PostgresJournal"]

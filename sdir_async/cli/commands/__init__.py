"""The commands with their options and help, in the order of the help. Other modules do the work."""

from . import upload, ask, keys, upkeep, development  # isort: skip

__all__ = ["ask", "development", "keys", "upkeep", "upload"]

"""A local Sdir to develop and test against: `pip install "sdir-async[sandbox]"`."""

from __future__ import annotations

try:
    from .app import SeenRequest
    from .server import Sandbox
except ModuleNotFoundError as error:
    hint = f"{error}. The sandbox is an extra: pip install 'sdir-async[sandbox]'"
    raise ModuleNotFoundError(hint, name=error.name) from error

__all__ = ["Sandbox", "SeenRequest"]

"""Maskinporten's token, which Sdir also requires: `pip install 'sdir-async[maskinporten]'`."""

from .keys import Certificate
from .source import Maskinporten

__all__ = ["Certificate", "Maskinporten"]

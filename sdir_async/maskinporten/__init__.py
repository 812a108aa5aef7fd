"""The token of Maskinporten beside the key: `pip install 'sdir-async[maskinporten]'`."""

from .keys import Certificate
from .source import Maskinporten

__all__ = ["Certificate", "Maskinporten"]

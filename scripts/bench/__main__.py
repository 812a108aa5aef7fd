"""Lets `python scripts/bench` find the package, and starts it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.main import main

if __name__ == "__main__":
    sys.exit(main())

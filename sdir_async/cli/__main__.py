"""`python -m sdir_async.cli` is the command `sdir`."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())

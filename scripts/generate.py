"""Rebuilds `sdir_async/api/` from the documents in `openapi/`: `make generate`.

python scripts/generate.py             rebuild the tree
python scripts/generate.py --check     change nothing; fail if anything is stale
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sdir_async.generation.failures import GenerationFailed
from sdir_async.generation.run import Place, run

ROOT = Path(__file__).parent.parent
COMMAND = "make generate"


def place_in(root: Path) -> Place:
    """Return where things are in a checkout; tests have one of their own."""
    package = root / "sdir_async"
    return Place(
        root / "openapi",
        package / "api",
        name="sdir_async/api",
        command=COMMAND,
        client=package / "client.py",
        whole=False,
    )


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing; fail if stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to work in")
    given = parser.parse_args()
    try:
        return run(place_in(given.root), check=given.check)
    except GenerationFailed as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

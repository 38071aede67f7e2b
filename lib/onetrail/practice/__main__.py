"""`python -m onetrail.practice serve`: the estate in this process, until it is told to stop."""

import argparse
import asyncio
from pathlib import Path

from onetrail.practice.serve import serve


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m onetrail.practice")
    verb = parser.add_subparsers(required=True).add_parser("serve", help="serve the practice estate on loopback")
    verb.add_argument("--scenario", default="default")
    verb.add_argument("--number", type=int, default=7)
    verb.add_argument("--port", type=int, default=0)
    verb.add_argument("--directory", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.scenario, given.number, given.port, given.directory))


if __name__ == "__main__":
    main()

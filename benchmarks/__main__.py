"""Everything that is measured, side by side in one run: `python -m benchmarks [OBJECTS]`, which is what `make bench` calls.

Each part runs in a process of its own, so that memory is its own too. Figures of one run on one machine; benchmarks/README.md keeps
those of a named machine.
"""

import subprocess
import sys
from typing import Final

PARTS: Final = (
    ("Listing and copying against a null S3, boto3 beside it", "benchmarks.s3_engine", 100_000),
    ("Digest chains in memory", "benchmarks.chain", 5_000),
    ("Clients of fresh sessions, sharing what they parse and alone", "benchmarks.sessions", 10),
)
"""Heading, the module to run, and how many objects or sessions it takes at most."""


def main(words: list[str]) -> int:
    """0 when every part ran to its end; the first exit code that is not 0 otherwise."""
    for heading, module, objects in PARTS:
        count = str(min(int(words[0]), objects)) if words else str(objects)
        print(f"\n{heading}: python -m {module} {count}", flush=True)
        done = subprocess.run([sys.executable, "-m", module, count], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

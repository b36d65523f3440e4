"""Runs every benchmark of this folder, one after the other, and prints its tables: `make benchmark`.

Each is a process of its own, so that none warms the next one up. Exits with 1 when one misses its target or fails; the others run all
the same.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Print all tables; how the worst one ended."""
    missed = []
    for path in sorted(HERE.glob("*.py")):
        if path.name == Path(__file__).name:
            continue
        print(f"\n{path.stem}", flush=True)
        ended = subprocess.run([sys.executable, path], env={"OMP_NUM_THREADS": "1", **os.environ}, check=False)
        missed += [path.stem] * (ended.returncode != 0)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery target was reached")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

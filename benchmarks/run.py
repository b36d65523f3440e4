"""Runs every benchmark of this folder, one after the other, and prints its tables: `make benchmark`.

Each is a process of its own, so that none warms the next one up. Exits with 1 when one misses its target or fails; the others run all
the same.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Those that take a minute each; the fixed experiment and the baselines take hours and are run by their own names.
BENCHMARKS = ("clip_statistics", "correlation", "evaluator", "matching", "minivos", "probes", "readers", "startup")


def main() -> int:
    """Print all tables; how the worst one ended."""
    missed = []
    for name in BENCHMARKS:
        print(f"\n{name}", flush=True)
        environment = {"OMP_NUM_THREADS": "1", **os.environ}
        ended = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, env=environment, check=False)
        missed += [name] * (ended.returncode != 0)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery target was reached")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

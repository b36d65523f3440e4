"""How long a person waits before anything happens: `python benchmarks/startup.py`.

Each line is a process of its own, several times; wall is the median, CPU the best, and what it has imported is looked at.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

TURNS = 7
STARTS = {  # what is started: its words, seconds of wall at most, whether torch may be there
    "python": ("", None, False),
    "vostutor --help": ("sys.argv = ['vostutor', '--help']; main()", 0.6, False),
    "vostutor evaluate --help": ("sys.argv = ['vostutor', 'evaluate', '--help']; main()", 0.6, False),
    "the evaluator's imports": ("import vostutor.engine.evaluate, vostutor.engine.report", None, False),
}
FRAME = "import sys\ntry:\n    {words}\nexcept SystemExit: pass\nprint('torch' in sys.modules, file=sys.stderr)"


def start(words: str) -> tuple[float, float, bool]:
    """Wall and CPU seconds of one process, and whether it imported torch."""
    if "main()" in words:
        words = f"from vostutor.__main__ import main; {words}"
    before, wall = os.times(), time.perf_counter()
    code = FRAME.format(words=words or "pass")
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    wall, after = time.perf_counter() - wall, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, told.stderr.strip() == "True"


def main() -> int:
    """Print the table and JSON of it; 1 when a target is missed or torch was imported."""
    os.chdir(Path(__file__).parents[1])
    rows, missed = {}, False
    print(f"{'seconds':26}{'wall':>7}{'CPU':>7}{'at most':>9}   torch")
    for name, (words, at_most, torch_may_be_there) in STARTS.items():
        wall, cpu, with_torch = zip(*(start(words) for _ in range(TURNS)), strict=True)
        rows[name] = {"wall_s": round(median(wall), 3), "cpu_s": round(min(cpu), 3), "torch": any(with_torch)}
        missed |= bool(at_most and median(wall) > at_most) or (any(with_torch) and not torch_may_be_there)
        limit = f"{at_most:9.2f}" if at_most else " " * 9
        print(f"{name:26}{median(wall):7.2f}{min(cpu):7.2f}{limit}   {'imported' if any(with_torch) else 'no'}")
    print(json.dumps({"startup": rows, "turns": TURNS}))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

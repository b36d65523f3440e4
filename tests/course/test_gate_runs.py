"""What only a run can show: a lesson that ends early, a callback whose error is swallowed, a kernel without bounds."""

import psutil
import pytest

from vostutor.course import Limits, read_master, run_notebook, solution_notebook
from vostutor.course.notebook import read_notebook

END = "\n# %%\nprint('lesson 03 ran to its end')\n"
SWALLOWED = """# %%
from ipywidgets import Button, IntSlider, Output, interact

def draw(level):
    raise ValueError("no such level")

interact(draw, level=(0, 3))

# %%
button = Button(description="Train")
button.on_click(lambda _: [][0])
button.click()

# %%
slider = IntSlider(description="frame")
slider.observe(lambda change: {}["frame"], "value")
slider._handle_msg({"content": {"data": {"method": "update", "state": {"value": 3}}}, "buffers": []})  # as from a browser

# %%
with Output():
    1 / 0

# %%
get_ipython().run_cell_magic("capture", "", "1 / 0")

# %%
try:
    1 / 0
except ZeroDivisionError as error:
    print(error)

# %%
import asyncio

async def fails():
    raise OSError("no such film")

task = asyncio.create_task(fails())
del task
await asyncio.sleep(0.1)

# %%
asyncio.get_event_loop().call_soon(lambda: {}["clip"])
await asyncio.sleep(0.1)

# %%
get_ipython().system("exit 3")
"""
TOLD = {
    "cell-002": "ValueError: no such level (in draw, swallowed by interactive 'level')",
    "cell-003": "IndexError: list index out of range (in <lambda>, swallowed by Button 'Train')",
    "cell-004": "KeyError: 'frame' (in <lambda>, swallowed by IntSlider 'frame')",
    "cell-005": "ZeroDivisionError: division by zero (in <module>, swallowed by Output)",
    "cell-006": "ZeroDivisionError: division by zero (in <module>, swallowed on its way)",
    "cell-008": "OSError: no such film (in fails, swallowed by the event loop)",
    "cell-009": "KeyError: 'clip' (in <lambda>, swallowed by the event loop)",
    "cell-010": "CommandFailed: a shell command of this cell ended with exit code 3",
}
ENDLESS = """# %%
import signal, subprocess, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
open("child", "w").write(str(subprocess.Popen(["sleep", "60"], start_new_session=True).pid))
while True:
    time.sleep(0.01)
"""
HOG = "# %%\nblocks = []\nfor _ in range(400):\n    blocks.append(b'x' * 10_000_000)\n"


@pytest.fixture
def ran(write, course):
    """ran(cells, ...) executes a lesson 03 of these cells."""

    def run(cells: str, **options):
        notebook = solution_notebook(read_master(write("03_broken.py", cells)))
        return run_notebook(notebook, course.root / "out.ipynb", folder=course.scratch, threads=1, **options)

    return run


def errors(notebook) -> dict[str, str]:
    """The last error of each cell that has one."""
    return {
        cell.id: f"{output.ename}: {output.evalue}"
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    }


def test_what_a_callback_raises_fails_the_run_and_names_widget_function_and_cell(ran):
    out = ran(SWALLOWED + END)
    assert errors(out.notebook) == TOLD
    assert (out.failure, out.cell_id) == (TOLD["cell-002"], "cell-002")


def test_a_lesson_that_leaves_early_is_no_success(ran):
    out = ran("# %%\nimport sys\nsys.exit(0)\n" + END)
    assert out.failure == "SystemExit: the lesson ends here, and no cell below was run" and out.cell_id == "cell-002"


def test_leaving_after_the_sentinel_is_no_success_either(ran):
    out = ran("# %%\nimport sys\nprint('lesson 03 ran to its end')\nsys.exit(0)\n")
    assert "SystemExit" in out.failure and out.cell_id == "cell-002"


def test_a_kernel_that_ends_itself_is_told_with_its_cell_and_what_was_done_before_is_kept(ran, course):
    out = ran("# %%\nprint('here')\n\n# %%\nimport os\nos._exit(0)\n" + END, parameters={"seed": 7})
    assert "the kernel died" in out.failure and out.cell_id == "cell-003"
    kept = read_notebook(course.root / "out.ipynb")
    assert [cell.id for cell in kept.cells][2:] == ["cell-002", "cell-003", "cell-004"]
    assert "seed = 7" in kept.cells[1].source and kept.cells[2].outputs[0].text == "here\n"


def test_a_run_that_lasts_too_long_is_killed_with_all_that_it_started(ran, course):
    out = ran(ENDLESS + END, limits=Limits(wall_seconds=12))
    assert out.failure == "killed, because the whole run took longer than 12 s" and out.cell_id == "cell-002"
    child = int((course.root / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_run_that_takes_too_much_memory_is_killed_soon_after(ran):
    out = ran(HOG + END, limits=Limits(memory_gb=0.4))
    assert out.failure.startswith("killed, because it held 0.") and "and 0.4 GB is the limit" in out.failure
    assert out.cell_id == "cell-002" and 0.4 < out.memory_gb < 1.5


def test_a_run_that_prints_without_end_is_killed_before_it_fills_our_memory(ran):
    before = psutil.Process().memory_info().rss
    out = ran("# %%\nwhile True:\n    print('x' * 1_000_000)\n" + END, limits=Limits(wall_seconds=60, memory_gb=0.4))
    assert "outputs included, and 0.4 GB is the limit" in out.failure and out.cell_id == "cell-002"
    assert psutil.Process().memory_info().rss - before < 1.5e9


def test_an_earlier_runs_notebook_is_not_taken_for_this_ones(ran, course):
    assert ran("# %%\n1\n" + END).failure is None
    out = ran("# %%\nimport os\nos._exit(0)\n" + END)
    assert "the kernel died" in out.failure
    assert [cell.get("outputs") for cell in read_notebook(course.root / "out.ipynb").cells][-1] == []

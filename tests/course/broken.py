"""Ways in which a stored notebook can be broken, each of its own kind: what the notebook gate is tried with.

A break takes the notebook of solutions/02_shapes.py as it was stored, spoils it, and stands beside the cell and the words by which the
gate has to name it.
"""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_output
from PIL import Image

CURVE, PHOTOGRAPH, NUMBERS, TABLE, LAST = "cell-004", "cell-006", "cell-008", "cell-009", "cell-010"
SECTION_3 = "cell-007"


@dataclass(frozen=True)
class Break:
    spoil: Callable[[NotebookNode], None]
    cell: str
    words: str


BREAKS: dict[str, Break] = {}


def named(cell: str, words: str):
    """Adds a break under its function's name; the gate has to tell this cell and these words."""

    def add(spoil: Callable[[NotebookNode], None]):
        BREAKS[spoil.__name__.replace("_", " ")] = Break(spoil, cell, words)
        return spoil

    return add


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


def picture(notebook: NotebookNode, name: str) -> tuple[NotebookNode, str]:
    """The output of a cell that holds a picture, and the picture's kind."""
    output = next(output for output in cell_of(notebook, name).outputs if "data" in output)
    return output, next(kind for kind in output.data if kind.startswith("image/"))


def redraw(notebook: NotebookNode, name: str, change: Callable[[Image.Image], Image.Image], *, kind: str = "", **how):
    output, mime = picture(notebook, name)
    image, file = Image.open(io.BytesIO(base64.b64decode(output.data[mime]))).convert("RGB"), io.BytesIO()
    change(image).save(file, kind or mime.removeprefix("image/"), **how)
    output.data[mime] = base64.b64encode(file.getvalue()).decode()


def edit_digest(notebook: NotebookNode, change: Callable[[dict], None]):
    output, mime = picture(notebook, CURVE)
    digest = json.loads(output.metadata[mime]["digest"])
    change(digest["axes"][0])
    output.metadata[mime]["digest"] = json.dumps(digest)


@named(NUMBERS, r"stdout: stored '43 objects\n', now '42 objects\n'")
def another_value(notebook):
    cell_of(notebook, NUMBERS).outputs[0].text = "43 objects\n"


@named(TABLE, "text/html: stored")
def another_number_in_a_table(notebook):
    output = cell_of(notebook, TABLE).outputs[0]
    output.data["text/html"] = output.data["text/html"].replace(".45", ".46")


@named(CURVE, "the figure: line 'copy', y, value 2: stored 0.75, now 0.7")
def another_point_of_a_curve(notebook):
    edit_digest(notebook, lambda axes: axes["lines"][0]["y"].__setitem__(1, 0.75))


@named(CURVE, "the figure: lines: stored 1, now 2")
def a_curve_less(notebook):
    edit_digest(notebook, lambda axes: axes["lines"].pop())


@named(CURVE, "the figure: y axis, label: stored F (0 to 1), now J (0 to 1)")
def another_word_at_an_axis(notebook):
    edit_digest(notebook, lambda axes: axes["y"].update(label="F (0 to 1)"))


@named(CURVE, "the figure: legend, value 2: stored mine, now flow warp")
def another_name_in_a_legend(notebook):
    edit_digest(notebook, lambda axes: axes["legend"].__setitem__(1, "mine"))


@named(CURVE, "only one of the two runs kept what lies on its axes")
def a_figure_that_kept_no_data(notebook):
    output, mime = picture(notebook, CURVE)
    del output.metadata[mime]["digest"]


@named(CURVE, "a figure's digest cannot be read")
def a_figure_whose_data_are_no_json(notebook):
    output, mime = picture(notebook, CURVE)
    output.metadata[mime]["digest"] = "{"


@named(CURVE, "the figure: other pixels")
def another_drawing_of_the_same_data(notebook):
    redraw(notebook, CURVE, lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


@named(PHOTOGRAPH, "the picture: other pixels, furthest in block")
def a_part_of_a_photograph_painted_over(notebook):
    redraw(notebook, PHOTOGRAPH, lambda image: image.paste((255, 0, 0), (40, 30, 60, 50)) or image)


@named(PHOTOGRAPH, "the picture: stored 80 x 45 pixels, now 160 x 90")
def a_photograph_of_another_size(notebook):
    redraw(notebook, PHOTOGRAPH, lambda image: image.resize((80, 45)))


@named(PHOTOGRAPH, "a picture is none: its image/png cannot be decoded")
def a_picture_that_is_not_even_an_image(notebook):
    output, mime = picture(notebook, PHOTOGRAPH)
    output.data[mime] = base64.b64encode(b"not a picture at all").decode()


@named(PHOTOGRAPH, "a picture is none: its image/png cannot be decoded")
def a_picture_that_ends_in_the_middle(notebook):
    output, mime = picture(notebook, PHOTOGRAPH)
    data = base64.b64decode(output.data[mime])
    output.data[mime] = base64.b64encode(data[: len(data) // 2]).decode()


@named(PHOTOGRAPH, "a picture is none: it is called image/png and is JPEG")
def a_picture_under_another_name(notebook):
    redraw(notebook, PHOTOGRAPH, lambda image: image, kind="jpeg")


@named(PHOTOGRAPH, "stored 0 pictures, now 1 picture")
def a_picture_taken_away(notebook):
    output, mime = picture(notebook, PHOTOGRAPH)
    del output.data[mime]


@named(PHOTOGRAPH, "a picture has no alt text")
def a_picture_without_alt_text(notebook):
    output, mime = picture(notebook, PHOTOGRAPH)
    output.metadata[mime]["alt"] = " "


@named(PHOTOGRAPH, "alt text: stored 'A meadow.', now 'A field of colours.'")
def another_alt_text(notebook):
    output, mime = picture(notebook, PHOTOGRAPH)
    output.metadata[mime]["alt"] = "A meadow."


@named("cell-001", "an image has no alt text: write what is seen")
def an_image_in_the_prose_without_alt_text(notebook):
    cell_of(notebook, "cell-001").source += "\n\n![](clip.png)"


@named("cell-001", 'an image has no alt text: <img src="clip.png">')
def an_image_tag_in_the_prose_without_alt_text(notebook):
    cell_of(notebook, "cell-001").source += '\n\n<img src="clip.png">'


@named(TABLE, 'an image has no alt text: <img src="clip.png" alt="">')
def an_image_in_an_output_without_alt_text(notebook):
    cell_of(notebook, TABLE).outputs[0].data["text/html"] += '<img src="clip.png" alt="">'


@named(TABLE, "a drawing has neither <title> nor aria-label")
def a_drawing_in_an_output_that_says_nothing(notebook):
    cell_of(notebook, TABLE).outputs[0].data["text/html"] += '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>'


@named(NUMBERS, "it was never run")
def stripped_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


@named(NUMBERS, "Unexpected output fields from running code: {'stdout'}")
def an_output_taken_away(notebook):
    cell_of(notebook, NUMBERS).outputs = []


@named(NUMBERS, "it was never run, yet it has outputs")
def an_execution_count_taken_away(notebook):
    cell_of(notebook, NUMBERS).execution_count = None


@named(NUMBERS, "it was run as number 9 and stands at 4")
def a_cell_run_out_of_order(notebook):
    cell_of(notebook, NUMBERS).execution_count = 9


@named(NUMBERS, "it holds an error: ValueError: boom")
def an_error_among_the_outputs(notebook):
    cell_of(notebook, NUMBERS).outputs.append(new_output("error", ename="ValueError", evalue="boom", traceback=[]))


@named("notebook metadata", "it holds an error: ValueError: boom")
def an_error_in_the_state_of_a_widget(notebook):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "boom", "traceback": []}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {"outputs": [error]}}}}


@named(NUMBERS, "it shows a traceback: ValueError: boom")
def a_traceback_that_was_printed(notebook):
    cell_of(notebook, NUMBERS).outputs[0].text += "Traceback (most recent call last):\n  ...\nValueError: boom\n"


@named(TABLE, "it shows a traceback: ValueError: boom")
def a_traceback_in_the_metadata_of_a_cell(notebook):
    cell_of(notebook, TABLE).metadata["note"] = ["Traceback (most recent call last):\n", "ValueError: boom"]


@named(NUMBERS, "raises-exception would let an error pass")
def a_tag_that_allows_errors(notebook):
    cell_of(notebook, NUMBERS).metadata["tags"] = ["raises-exception"]


@named(NUMBERS, "NBVAL_SKIP would let an error pass")
def a_comment_that_skips_a_cell(notebook):
    cell_of(notebook, NUMBERS).source = "# NBVAL_SKIP\nprint('42 objects')"


@named(NUMBERS, "name RuntimeWarning in the prose beside it: a.py:1: RuntimeWarning: mean of empty slice")
def a_warning_that_nobody_discusses(notebook):
    warned = new_output("stream", name="stderr", text="a.py:1: RuntimeWarning: mean of empty slice\n")
    cell_of(notebook, NUMBERS).outputs.append(warned)


@named(NUMBERS, "name stderr in the prose beside it: something is odd")
def a_word_on_stderr_that_nobody_discusses(notebook):
    cell_of(notebook, NUMBERS).outputs.append(new_output("stream", name="stderr", text="something is odd\n"))


@named(LAST, 'the last cell does not print "lesson 02 ran to its end"')
def a_missing_sentinel(notebook):
    cell_of(notebook, LAST).outputs[0].text = "lesson 01 ran to its end\n"


@named("notebook", '0 cells are tagged "parameters", one has to be')
def a_missing_parameters_cell(notebook):
    cell_of(notebook, "cell-002").metadata.pop("tags")


@named("cell-005", 'no output is compared in section "2 · A photograph"')
def a_section_with_nothing_to_look_at(notebook):
    cell_of(notebook, PHOTOGRAPH).outputs = []


@named("cell-005", 'no output is compared in section "2 · A photograph"')
def a_section_whose_only_output_is_not_compared(notebook):
    cell_of(notebook, PHOTOGRAPH).metadata["tags"] = ["nbval-ignore-output"]


@named("cell-001", 'no output is compared in section "0 · Words"')
def a_section_of_words_alone(notebook):
    cell_of(notebook, "cell-001").source += "\n\n## 0 · Words"


@named(NUMBERS, "its stored outputs are those of another source")
def a_cell_that_was_changed_since(notebook):
    cell_of(notebook, NUMBERS).source = "print('41 objects')"


@named(LAST, "it is not among the stored cells")
def a_cell_taken_away(notebook):
    notebook.cells.remove(cell_of(notebook, LAST))


@named(CURVE, "<Figure size 600x260 with 1 Axes>, which shows nothing")
def a_figure_that_nobody_shows(notebook):
    picture(notebook, CURVE)[0].data = NotebookNode({"text/plain": "<Figure size 600x260 with 1 Axes>"})


@named(TABLE, "which shows nothing: a figure is shown by Picture")
def an_object_that_shows_nothing_but_its_address(notebook):
    cell_of(notebook, TABLE).outputs = [
        new_output("execute_result", {"text/plain": "<vostutor.viz.Thing object at 0x7f3a5c0d1e10>"}, execution_count=1)
    ]


@named(TABLE, "an image has no alt text: write what is seen")
def an_image_in_words_without_alt_text(notebook):
    cell_of(notebook, TABLE).outputs = [
        new_output("display_data", {"text/markdown": "![](clip.png)", "text/plain": "clip"})
    ]

from copy import deepcopy

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from vostutor.course import clean_outputs, machine_paths
from vostutor.course.clean import with_outputs

VIEW = "application/vnd.jupyter.widget-view+json"


def shown(**data):
    return new_output("display_data", data=data, metadata={"image/png": {"alt": "a dot"}})


def test_the_view_of_a_widget_goes_and_its_picture_stays_with_its_alt_text():
    (output,) = clean_outputs([shown(**{VIEW: {"model_id": "1f"}, "image/png": "iVBO", "text/plain": "a dot"})])
    assert output.data == {"image/png": "iVBO", "text/plain": "a dot"}
    assert output.metadata == {"image/png": {"alt": "a dot"}}


def test_what_was_said_about_a_view_goes_with_it():
    output = new_output(
        "display_data", data={VIEW: {"model_id": "1f"}, "text/plain": "a"}, metadata={VIEW: {"height": 3}}
    )
    assert clean_outputs([output])[0].metadata == {}


def test_a_widget_without_a_picture_leaves_no_empty_output():
    assert clean_outputs([new_output("display_data", data={VIEW: {"model_id": "1f"}})]) == []


def test_which_stream_the_kernel_sent_first_does_not_matter():
    out, err = new_output("stream", text="a"), new_output("stream", name="stderr", text="b")
    picture = shown(**{"text/plain": "p"})
    assert clean_outputs([err, out, picture, out]) == clean_outputs([out, err, picture, out])
    assert [output.get("name") for output in clean_outputs([err, out, picture, out])] == [
        "stdout",
        "stderr",
        None,
        "stdout",
    ]


def test_what_the_kernel_sent_in_pieces_is_one_stream():
    pieces = [
        new_output("stream", text="a\n"),
        new_output("stream", text="b\n"),
        new_output("stream", name="stderr", text="c"),
    ]
    assert [(output.name, output.text) for output in clean_outputs(pieces)] == [("stdout", "a\nb\n"), ("stderr", "c")]


@pytest.mark.parametrize(("text", "clean"), [
    ("\r 0%|    | 0/20 [00:00<?, ?it/s]\r100%|████| 20/20 [00:00<00:00, 49.31it/s]\n", "100%|████| 20/20\n"),
    ("train: 50%|██  | 1/2 [00:01<00:01,  1.0s/it, loss=0.3]", "train: 50%|██  | 1/2"),
    ("<Probe object at 0x7f12ab34cd56>", "<Probe object at 0x0>"),
    ("a\r\nb", "a\r\nb"),
    ("[12:00] 3/4 of the frames [list]", "[12:00] 3/4 of the frames [list]"),
    ("Matplotlib is building the font cache; this may take a moment.\nx", "x"),
])  # fmt: skip
def test_what_changes_from_run_to_run_is_taken_out_of_text(text, clean):
    assert clean_outputs([new_output("stream", text=text)])[0].text == clean


def test_pictures_are_left_as_they_are():
    base64 = "AAAA/0xdeadbeef/BBBB"
    assert clean_outputs([shown(**{"image/png": base64})])[0].data["image/png"] == base64


def test_cleaning_twice_changes_nothing_more_and_never_its_input():
    outputs = [
        new_output("stream", text="a\rb 0x7f12ab34"),
        new_output("stream", text="c"),
        shown(**{"text/plain": "0xabcdef0"}),
    ]
    before = deepcopy(outputs)
    once = clean_outputs(outputs)
    assert outputs == before and clean_outputs(once) == once


def notebook(*sources, outputs=None):
    cells = [new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)]
    for cell in cells if outputs else ():
        cell.execution_count, cell.outputs = (
            9,
            [new_output("execute_result", data={"text/plain": outputs + cell.source}, execution_count=9)],
        )
    return new_notebook(cells=cells)


def results(cells):
    return [cell.outputs[0].data["text/plain"] if cell.outputs else None for cell in cells]


def test_outputs_follow_their_cell_when_another_is_put_before_it():
    kept = with_outputs(notebook("new", "a", "b"), notebook("a", "b", outputs="of "))
    assert results(kept.cells) == [None, "of a", "of b"]


def test_a_changed_cell_loses_its_outputs():
    assert results(with_outputs(notebook("a", "b2"), notebook("a", "b", outputs="of ")).cells) == ["of a", None]


def test_among_equal_cells_order_decides():
    ran = notebook("a", "a", outputs="of ")
    ran.cells[1].outputs[0].data["text/plain"] = "second"
    assert results(with_outputs(notebook("a", "x", "a"), ran).cells) == ["of a", None, "second"]


def test_counts_are_those_of_a_run_from_top_to_bottom():
    kept = with_outputs(notebook("x", "a"), notebook("a", outputs="of "))
    assert [cell.execution_count for cell in kept.cells] == [None, 2]
    assert kept.cells[1].outputs[0].execution_count == 2


@pytest.mark.parametrize("text", [
    "/home/ada/course/data", "'/opt/x.png'", "see /home/ada/course/solutions", "(/tmp/ipykernel_12/345.py:3)", "/Users/ada/x",
    "C:\\Users\\ada", "C:\\\\Users\\\\ada", "file:///etc/x", "/usr/lib/python3/dist-packages/a.py:1: UserWarning",
])  # fmt: skip
def test_a_path_of_the_machine_is_found_in_an_output(text):
    (cell,) = notebook("a", outputs=text).cells
    assert machine_paths(new_notebook(cells=[cell]))


@pytest.mark.parametrize("text", [
    "data/minivos/JPEGImages", "24 frames/s", "https://example.org/home/ada", r"$f:\mathbb{R} \to \mathbb{R}$",
    "~/home/ada", "and/or", "J/F/T",
])  # fmt: skip
def test_what_is_no_path_of_a_machine_is_let_through(text):
    (cell,) = notebook("a", outputs=text).cells
    assert machine_paths(new_notebook(cells=[cell])) == []


def test_paths_are_found_in_metadata_and_source_too():
    found = new_notebook(
        cells=[new_code_cell("open('/tmp/x')", id="cell-1")], metadata={"papermill": {"input_path": "/srv/a.ipynb"}}
    )
    assert machine_paths(found) == ["metadata: /srv/a.ipynb", "cell-1: /tmp/x"]

"""Ways in which an answer could get to the students, each of its own kind: what the leak gate is tried with.

A plant takes a student notebook and an answer's text, and gives the name and bytes of a file that holds both, and the cell (empty:
none) in which the answer lies.
"""

import ast
import base64
import gzip
import html
import io
import json
import pickle
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from vostutor.course import write_notebook

Plant = Callable[[NotebookNode, str], tuple[str, bytes, str]]
PLANTS: dict[str, Plant] = {}
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def picture(kind: bytes, body: bytes) -> bytes:
    """A picture of one pixel with one more chunk before its end."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return PIXEL[:-12] + chunk + PIXEL[-12:]


def renamed(code: str) -> str:
    """The code with another name for each that it gives a value itself."""
    tree = ast.parse("def f():\n" + "\n".join(f"    {line}" for line in code.splitlines()))
    bound = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    bound += [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
    for k, name in enumerate(dict.fromkeys(bound)):
        code = re.sub(rf"(?<![\w.]){name}\b", f"thing_{k}", code)
    return code


def plant(function: Callable) -> Callable:
    PLANTS[function.__name__] = function
    return function


def in_a_cell(make: Callable[[str], NotebookNode]) -> Plant:
    """A plant that puts one more cell into the notebook, made from the answer."""

    def planted(notebook: NotebookNode, answer: str) -> tuple[str, bytes, str]:
        cell = make(answer)
        cell.id = "cell-planted"
        notebook.cells.insert(len(notebook.cells) // 2, cell)
        return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), "cell-planted"

    PLANTS[make.__name__] = planted
    return planted


def with_output(kind: str = "display_data", **values) -> NotebookNode:
    return new_code_cell("1", execution_count=1, outputs=[new_output(kind, **values)])


def with_metadata(**values) -> NotebookNode:
    return new_markdown_cell("Look.", metadata=values)


@in_a_cell
def verbatim_in_a_code_cell(answer):
    return new_code_cell(answer)


@in_a_cell
def fenced_in_prose(answer):
    return new_markdown_cell(f"One way to do it:\n```python\n{answer}\n```")


@in_a_cell
def in_a_raw_cell(answer):
    return new_raw_cell(answer)


@in_a_cell
def under_other_names(answer):
    return new_code_cell(renamed(answer))


@in_a_cell
def as_comments(answer):
    return new_code_cell("\n".join(f"# {line}" for line in answer.splitlines()))


@in_a_cell
def with_a_comment_behind_every_line(answer):
    return new_code_cell("\n".join(f"{line}  # and then" for line in answer.splitlines()))


@in_a_cell
def with_other_white_space(answer):
    return new_code_cell(re.sub(r"\s+", "\n\t", re.sub(r"\s*([-+*/%()=<>&|,:.])\s*", r"\1", answer)))


@in_a_cell
def with_spaces_around_every_sign(answer):
    return new_code_cell(re.sub(r"(?<![-+*/=<>!.\w])([()\[\],])(?![-+*/=<>!.])", r"  \1  ", answer))


@in_a_cell
def in_a_docstring(answer):
    return new_code_cell(f'def helper():\n    """Does this:\n{answer}\n    """')


@in_a_cell
def as_a_list_of_strings(answer):
    return new_code_cell(f"lines = {answer.splitlines()!r}")


@in_a_cell
def as_a_quotation(answer):
    return new_markdown_cell("\n".join(f"> {word}" for line in answer.splitlines() for word in line.split(" ")))


@in_a_cell
def in_capitals(answer):
    return new_markdown_cell(answer.upper())


@in_a_cell
def with_invisible_and_wide_characters(answer):
    return new_markdown_cell(
        re.sub(r"([(=,])", "\u200b\\1\u00ad", answer).replace("(", "\uff08").replace(" ", "\u00a0")
    )


@in_a_cell
def eight_tokens_from_the_middle(answer):
    lines = answer.splitlines()
    longest = max(lines, key=len)
    found = re.findall(r"\w+|[^\w\s]", longest)
    return new_markdown_cell("Think of `" + " ".join(found[2:14]) + "`.")


@in_a_cell
def percent_encoded_in_a_link(answer):
    return new_markdown_cell(f"[help](https://example.org/?q={quote(answer)})")


@in_a_cell
def in_a_web_comment(answer):
    return new_markdown_cell(f"Look.\n<!-- {html.escape(answer)} -->")


@in_a_cell
def printed(answer):
    return with_output("stream", text=answer)


@in_a_cell
def in_a_traceback_with_colours_and_line_numbers(answer):
    lines = [
        f"\x1b[1;32m---->{k}\x1b[0m " + re.sub(r"(\w+)", "\x1b[38;5;28m\\1\x1b[39m", line)
        for k, line in enumerate(answer.splitlines())
    ]
    return with_output("error", ename="ValueError", evalue="", traceback=lines)


@in_a_cell
def in_an_outputs_html_with_colours(answer):
    spans = "".join(f'<span class="n">{html.escape(word)}</span>' for word in re.findall(r"\w+|\W", answer))
    return with_output(data={"text/html": f"<div><pre>{spans}</pre></div>"})


@in_a_cell
def as_base64_in_an_outputs_html(answer):
    return with_output(data={"text/html": f'<a href="data:text/plain;base64,{b64(answer)}">look</a>'})


@in_a_cell
def in_the_json_of_an_output(answer):
    return with_output(data={"application/json": {"code": answer.splitlines(True)}})


@in_a_cell
def in_what_is_said_about_an_output(answer):
    return with_output(data={"image/png": b64(PIXEL)}, metadata={"image/png": {"alt": answer}})


@in_a_cell
def as_base64_in_an_attachment(answer):
    return new_markdown_cell("![](a.txt)", attachments={"a.txt": {"text/plain": b64(answer)}})


@in_a_cell
def in_lines_of_base64_in_an_attachment(answer):
    return new_markdown_cell(
        "![](a.txt)", attachments={"a.txt": {"text/plain": base64.encodebytes(answer.encode()).decode()}}
    )


@in_a_cell
def in_a_comment_of_an_attached_picture(answer):
    data = picture(b"tEXt", b"Comment\0" + answer.encode())
    return new_markdown_cell("![](a.png)", attachments={"a.png": {"image/png": b64(data)}})


@in_a_cell
def in_a_compressed_comment_of_a_picture(answer):
    data = picture(b"zTXt", b"Comment\0\0" + zlib.compress(answer.encode()))
    return with_output(data={"image/png": b64(data)})


@in_a_cell
def in_an_archive_behind_a_picture(answer):
    return with_output(data={"image/png": b64(PIXEL + packed(a=answer.encode()))})


@in_a_cell
def in_a_cells_metadata(answer):
    return with_metadata(answer=answer)


@in_a_cell
def as_lines_in_a_cells_metadata(answer):
    return with_metadata(nbgrader={"solution": [{"line": line} for line in answer.splitlines()]})


@in_a_cell
def as_keys_in_a_cells_metadata(answer):
    return with_metadata(hints={answer: True})


@in_a_cell
def as_json_within_json(answer):
    return with_metadata(state=json.dumps({"code": json.dumps({"code": answer}).replace("a", "\\u0061")}))


@in_a_cell
def in_hexadecimal_digits(answer):
    return with_metadata(code=answer.encode().hex())


@in_a_cell
def compressed_and_in_base64(answer):
    return with_metadata(code=b64(zlib.compress(answer.encode())))


@in_a_cell
def in_base64_of_base64(answer):
    return with_metadata(code=b64(b64(gzip.compress(answer.encode()))))


@plant
def left_in_the_exercise(notebook, answer):
    cell = next(cell for cell in notebook.cells if cell.metadata.get("exercise"))
    cell.source = cell.source.replace("    ...", answer)
    return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), cell.id


@plant
def split_over_two_code_cells_with_prose_between(notebook, answer):
    half = answer.index(" ", len(answer) // 2)  # and no piece of half a line is a run of its own
    parts = re.findall(r"\S+\s*", answer[:half]), re.findall(r"\S+\s*", answer[half:])
    first, second = "".join(parts[0][-3:]), "".join(parts[1][:3])
    cells = [
        new_code_cell(first, id="cell-one"),
        new_markdown_cell("Now", id="cell-x"),
        new_code_cell(second, id="cell-two"),
    ]
    notebook.cells[:0] = cells
    return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), "cell-one to cell-two"


@plant
def word_by_word_in_as_many_cells(notebook, answer):
    for k, word in enumerate(answer.split()):
        notebook.cells.append(new_markdown_cell(word, id=f"word-{k}"))
    return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), f"word-0 to word-{k}"


@plant
def word_by_word_in_the_metadata_of_cells(notebook, answer):
    for k, word in enumerate(answer.split()):
        notebook.cells.append(new_markdown_cell("a", id=f"word-{k}", metadata={"": word}))
    return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), f"to word-{k}"


@plant
def in_the_notebooks_metadata(notebook, answer):
    notebook.metadata["widgets"] = {"state": {"ab12": {"state": {"value": answer}}}}
    return "notebooks/00_the_task.ipynb", write_notebook(notebook).encode(), ""


@plant
def in_a_checkpoint_folder_of_an_archive(notebook, answer):
    clean = write_notebook(notebook).encode()
    notebook.cells[3].source = answer
    folder = {
        "notebooks/a.ipynb": clean,
        "notebooks/.ipynb_checkpoints/a-checkpoint.ipynb": write_notebook(notebook).encode(),
    }
    return "00_the_task.zip", packed(**folder), notebook.cells[3].id


@plant
def in_an_archive_of_an_archive(notebook, answer):
    buffer = io.BytesIO()
    inner = packed(**{"work/helper.py": answer.encode()})
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("release/more.zip")
        member.size = len(inner)
        archive.addfile(member, io.BytesIO(inner))
    return "00_the_task.tar.gz", buffer.getvalue(), ""


@plant
def in_the_comment_of_an_archive(notebook, answer):
    buffer = io.BytesIO(packed(a=b"nothing"))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = answer.encode()
    return "00_the_task.zip", buffer.getvalue(), ""


@plant
def in_letters_of_two_bytes(notebook, answer):
    return "00_the_task.zip", packed(**{"notes.txt": answer.encode("utf-16-le")}), ""


@plant
def in_a_pickle_of_an_archive(notebook, answer):
    return "00_the_task.tar.zip", packed(**{"cache.pkl": pickle.dumps({"answer": answer, "n": 7.5})}), ""


@plant
def in_a_web_page_by_hand(notebook, answer):
    page = f"<html><body><p>hello</p>\n<pre>{html.escape(answer)}</pre></body></html>"
    return "pages/00_the_task.html", page.encode(), ""


@plant
def in_a_cell_of_an_exported_page(notebook, answer):
    from nbconvert import HTMLExporter

    notebook.cells.insert(7, new_code_cell(answer, id="cell-planted"))
    return "pages/00_the_task.html", HTMLExporter().from_notebook_node(notebook)[0].encode(), "cell-planted"

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
from functools import partial
from urllib.parse import quote

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from vostutor.course import write_notebook

Plant = Callable[[NotebookNode, str], tuple[str, bytes, str]]
NAME = "notebooks/00_the_task.ipynb"
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


def coloured(code: str) -> list[str]:
    """The code as a traceback shows it: colours around words, an arrow and a number before each line."""
    words = [re.sub(r"(\w+)", "\x1b[38;5;28m\\1\x1b[39m", line) for line in code.splitlines()]
    return [f"\x1b[1;32m---->{k}\x1b[0m {line}" for k, line in enumerate(words)]


def spans(code: str) -> str:
    return "".join(f'<span class="n">{html.escape(word)}</span>' for word in re.findall(r"\w+|\W", code))


def tokens_of_the_longest_line(code: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s]", max(code.splitlines(), key=len))[2:14])


def shown(kind: str = "display_data", **values) -> NotebookNode:
    return new_code_cell("1", execution_count=1, outputs=[new_output(kind, **values)])


def noted(**values) -> NotebookNode:
    return new_markdown_cell("Look.", metadata=values)


def attached(data: str, kind: str = "text/plain") -> NotebookNode:
    return new_markdown_cell("![](a)", attachments={"a": {kind: data}})


# One more cell, made of the answer.
CELLS: dict[str, Callable[[str], NotebookNode]] = {
    "verbatim in a code cell": new_code_cell,
    "fenced in prose": lambda code: new_markdown_cell(f"One way to do it:\n```python\n{code}\n```"),
    "in a raw cell": new_raw_cell,
    "under other names": lambda code: new_code_cell(renamed(code)),
    "as comments": lambda code: new_code_cell(re.sub("(?m)^", "# ", code)),
    "with a comment behind every line": lambda code: new_code_cell(re.sub("(?m)$", "  # and then", code)),
    "without spaces, each word on a line": lambda code: new_code_cell(
        re.sub(r"\s+", "\n\t", re.sub(r"\s*([-+*/%()=<>&|,:.])\s*", r"\1", code))
    ),
    "with spaces around brackets": lambda code: new_code_cell(re.sub(r"([()\[\],])", r"  \1  ", code)),
    "in a docstring": lambda code: new_code_cell(f'def helper():\n    """Does this:\n{code}\n    """'),
    "as a list of strings": lambda code: new_code_cell(f"lines = {code.splitlines()!r}"),
    "as a quotation, word by word": lambda code: new_markdown_cell(re.sub("(?m)^| +", "\n> ", code)),
    "in capitals": lambda code: new_markdown_cell(code.upper()),
    "with invisible and wide characters": lambda code: new_markdown_cell(
        re.sub("([(=,])", "\u200b\\1\u00ad", code).replace("(", "\uff08").replace(" ", "\u00a0")
    ),
    "a dozen tokens from the middle": lambda code: new_markdown_cell(f"Try `{tokens_of_the_longest_line(code)}`."),
    "percent-encoded in a link": lambda code: new_markdown_cell(f"[help](https://example.org/?q={quote(code)})"),
    "in a comment of a page": lambda code: new_markdown_cell(f"Look.\n<!-- {html.escape(code)} -->"),
    "printed": lambda code: shown("stream", text=code),
    "in a traceback": lambda code: shown("error", ename="E", evalue="", traceback=coloured(code)),
    "in an output's html, coloured": lambda code: shown(data={"text/html": f"<div><pre>{spans(code)}</pre></div>"}),
    "as base64 in an output's html": lambda code: shown(
        data={"text/html": f'<a href="data:text/plain;base64,{b64(code)}">look</a>'}
    ),
    "in an output's json": lambda code: shown(data={"application/json": {"code": code.splitlines(True)}}),
    "in the alt text of an output": lambda code: shown(
        data={"image/png": b64(PIXEL)}, metadata={"image/png": {"alt": code}}
    ),
    "in a compressed comment of a shown picture": lambda code: shown(
        data={"image/png": b64(picture(b"zTXt", b"Comment\0\0" + zlib.compress(code.encode())))}
    ),
    "in an archive behind a shown picture": lambda code: shown(
        data={"image/png": b64(PIXEL + packed(a=code.encode()))}
    ),
    "as base64 in an attachment": lambda code: attached(b64(code)),
    "as lines of base64 in an attachment": lambda code: attached(base64.encodebytes(code.encode()).decode()),
    "in a comment of an attached picture": lambda code: attached(
        b64(picture(b"tEXt", b"Comment\0" + code.encode())), "image/png"
    ),
    "in metadata": lambda code: noted(answer=code),
    "as lines in metadata": lambda code: noted(nbgrader={"solution": [{"line": line} for line in code.splitlines()]}),
    "as a key of metadata": lambda code: noted(hints={code: True}),
    "as json within json in metadata": lambda code: noted(
        state=json.dumps({"code": json.dumps({"code": code}).replace("a", "\\u0061")})
    ),
    "in hexadecimal digits": lambda code: noted(code=code.encode().hex()),
    "compressed and in base64": lambda code: noted(code=b64(zlib.compress(code.encode()))),
    "in base64 of base64": lambda code: noted(code=b64(b64(gzip.compress(code.encode())))),
}


def in_a_cell(make: Callable[[str], NotebookNode], notebook: NotebookNode, answer: str) -> tuple[str, bytes, str]:
    cell = make(answer)
    cell.id = "cell-planted"
    notebook.cells.insert(len(notebook.cells) // 2, cell)
    return NAME, write_notebook(notebook).encode(), "cell-planted"


PLANTS: dict[str, Plant] = {way: partial(in_a_cell, make) for way, make in CELLS.items()}


def plant(function: Plant) -> Plant:
    PLANTS[function.__name__.replace("_", " ")] = function
    return function


@plant
def left_in_the_exercise(notebook, answer):
    cell = next(cell for cell in notebook.cells if cell.metadata.get("exercise"))
    cell.source = cell.source.replace("    ...", answer)
    return NAME, write_notebook(notebook).encode(), cell.id


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
    return NAME, write_notebook(notebook).encode(), "cell-one to cell-two"


@plant
def word_by_word_in_as_many_cells(notebook, answer):
    for k, word in enumerate(answer.split()):
        notebook.cells.append(new_markdown_cell(word, id=f"word-{k}"))
    return NAME, write_notebook(notebook).encode(), f"word-0 to word-{k}"


@plant
def word_by_word_in_the_metadata_of_cells(notebook, answer):
    for k, word in enumerate(answer.split()):
        notebook.cells.append(new_markdown_cell("a", id=f"word-{k}", metadata={"": word}))
    return NAME, write_notebook(notebook).encode(), f"to word-{k}"


@plant
def in_the_notebooks_metadata(notebook, answer):
    notebook.metadata["widgets"] = {"state": {"ab12": {"state": {"value": answer}}}}
    return NAME, write_notebook(notebook).encode(), ""


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

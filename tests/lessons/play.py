"""A master played cell by cell in this process, so that a test can change an answer and see what becomes of the pictures after it."""

import ast
import contextlib
import hashlib
import io
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import torch

from vostutor.course.lesson import Cell
from vostutor.course.master import read_master


class Play:
    """The cells of a master in order, with the digest of what each showed and the names as they were before each exercise."""

    def __init__(self, path: Path, **parameters):
        self.cells = [cell for cell in read_master(path).cells if cell.kind == "code"]
        self.parameters = parameters
        self.before: dict[str, dict] = {}
        names: dict = {}
        self.shown = []
        for cell in self.cells:
            if cell.exercise:
                self.before[cell.exercise] = _as_they_are(names)
            self.shown.append(self.run(cell, names))

    def run(self, cell: Cell, names: dict) -> str:
        """A digest of the cell's output: what it printed and the value it ends in, as text, pixels and all."""
        tree, printed = ast.parse(cell.source), io.StringIO()
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        digest = hashlib.sha256()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(tree, f"cell in line {cell.line}", "exec"), names)
            if "parameters" in cell.tags:
                names.update(self.parameters)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), f"cell in line {cell.line}", "eval"), names)
                digest.update(_seen(value))
        digest.update(printed.getvalue().encode())
        return digest.hexdigest()

    def changes_after(self, exercise: str, answer: str) -> Iterator[tuple[int, bool]]:
        """(line, whether its output changed) of each later cell but the sentinel, which counts points, when the exercise is answered
        by `answer` without fallback."""
        start = next(k for k, cell in enumerate(self.cells) if cell.exercise == exercise)
        names = _as_they_are(self.before[exercise])
        exec(answer, names)
        for k, cell in enumerate(self.cells[start + 1 : -1], start + 1):
            if k == start + 1:
                source = re.sub(r"\)\s*$", ", fallback=False)", cell.source)
                self.run(Cell(cell.kind, source, cell.line), names)  # the check's own words do not count
            else:
                yield cell.line, self.run(cell, names) != self.shown[k]


def functions_of(path: Path, *wanted: str, **names) -> dict:
    """The functions that a master defines under these names, with its imports; nothing else of it runs.

    `names` stand for what earlier cells would have made.
    """
    trees = [ast.parse(cell.source) for cell in read_master(path).cells if cell.kind == "code"]
    kept = [
        node
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.FunctionDef) and node.name in wanted)
    ]
    found = dict(names)
    exec(compile(ast.Module(kept, type_ignores=[]), str(path), "exec"), found)
    return {name: found[name] for name in wanted}


def _as_they_are(names: dict) -> dict:
    """The names, with networks and generators of their own: whoever trains or draws again changes nothing for the next one."""
    copied = {torch.nn.Module: deepcopy, torch.Generator: torch.Generator.clone_state}
    copy_of = lambda value: next((copy(value) for kind, copy in copied.items() if isinstance(value, kind)), value)  # noqa: E731
    return {name: copy_of(value) for name, value in names.items()}


def _seen(value) -> bytes:
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        kept = {kind: data for kind, data in bundle.items() if "widget" not in kind}  # model ids are random
        return repr(sorted(kept.items())).encode()
    return repr(value).encode() if value is not None else b""

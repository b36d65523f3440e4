"""The leak gate: nothing that a student gets may hold a run of 8 tokens of an answer that the lesson does not show anyway.

An answer is what stands between the markers of an exercise, what is hidden, or the model answer to a written question. It is looked
for in all that a file holds (unpack.py): source, outputs, metadata, attachments, pages, archives. It is recognised (wording.py)
as it stands, between comments and tags, split over cells, and under other names; prose by its words. What the lesson's open cells
hold, stubs included, is no secret. Nobody recognises a picture of an answer, a cipher, or the same idea in other words.

Reading order: Leak, Secrets, find_leaks.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vostutor.course.lesson import Cell, Master
from vostutor.course.markers import HIDDEN, SOLUTION
from vostutor.course.unpack import Piece, Place, pieces
from vostutor.course.wording import readings, renamed, shape, tokens, windows, without_comments, words

RUN = 8  # tokens or words; an answer of fewer is looked for as a whole
SHORTEST = 4  # an answer of fewer, `return x`, could be anywhere
# Without names to tell them by, runs have to be longer: in 150 files of scikit-image 41 agree with an answer over 8 tokens, 3 over 12.
RENAMED_RUN = 12
_AS_IT_STANDS, _RENAMED, _PROSE = "", ", under other names", ", in words"
_SOURCES = ("code", "markdown", "raw")


class Leak(NamedTuple):
    """Something that must not be handed out: where it lies, which answer it gives away (none: it cannot be opened), and the evidence.

    >>> print(Leak(Place("notebooks/00_the_task.ipynb", "cell-012", "outputs"), "task.jaccard", "9 tokens of task.jaccard: union = ..."))
    notebooks/00_the_task.ipynb, cell-012 (outputs): 9 tokens of task.jaccard: union = ...
    """

    place: Place
    answer: str
    told: str

    def __str__(self) -> str:
        return f"{self.place}: {self.told}"


class Secret(NamedTuple):
    """One answer: its lesson, its name, its text."""

    lesson: str
    name: str
    text: str
    is_prose: bool = False


class _Evidence(NamedTuple):
    """A leak, its whole run, and all places that the run goes through."""

    leak: Leak
    run: str
    places: frozenset[Place]


class Secrets:
    """The runs of every answer of these lessons, less those that the answer's own lesson shows to everybody.

    `leaks(name, data)` are the leaks in one file. What another lesson shows is a leak only in a file whose name says that it belongs
    to the answer's lesson.
    """

    def __init__(self, masters: Sequence[Master]):
        secrets = [secret for master in masters for secret in _secrets(master)]
        self._fixed = _fixed_names(masters, secrets)
        # way and length of a run -> what equal runs have in common -> whose run it is
        self._known: dict[tuple[str, int], dict[tuple, set[Secret]]] = defaultdict(lambda: defaultdict(set))
        self._shapes: set[tuple] = set()
        for secret in secrets:
            self._learn(secret)
        self._shown: set[tuple[tuple, Secret]] = set()
        for master in masters:
            self._show(master)

    def leaks(self, name: str, data: bytes) -> list[Leak]:
        """What must not be handed out in a file, the longest run for each place and answer."""
        found = [*pieces(Place(name), data)]
        longest: dict[tuple[Place, str], _Evidence] = {}
        for stream in _streams(found):
            for evidence in self._leaks_in(stream):
                key = evidence.leak.place, evidence.leak.answer
                longest[key] = max(longest.get(key, evidence), evidence, key=lambda one: len(one.run))
        closed = [Leak(piece.place, "", f"cannot be looked into: {piece.closed}") for piece in found if piece.closed]
        return closed + _without_covered(longest.values())

    def _learn(self, secret: Secret) -> None:
        for text in dict.fromkeys([secret.text, without_comments(secret.text)]):
            found = words(text) if secret.is_prose else tokens(text)
            if len(found) < SHORTEST:
                continue
            way, length = (_PROSE if secret.is_prose else _AS_IT_STANDS), min(RUN, len(found))
            for run in windows(found, length):
                self._known[way, length][run].add(secret)
            if way == _AS_IT_STANDS and len(found) >= RENAMED_RUN:
                shapes = [*windows(shape(found, self._fixed), RENAMED_RUN)]
                self._shapes |= {*shapes}
                for run, shaped in zip(windows(found, RENAMED_RUN), shapes, strict=True):
                    self._known[_RENAMED, RENAMED_RUN][renamed(run, shaped)].add(secret)

    def _show(self, master: Master) -> None:
        """What a lesson's students see anyway is forgotten, or noted where it is another lesson's answer."""
        cells = [Piece(Place(master.name, str(cell.line), cell.kind), _open_source(cell)) for cell in master.cells]
        seen = [
            (way, key)
            for stream in _streams([Piece(Place(master.name), master.title), *cells])
            for texts in _passes(stream)
            for way, key, _ in self._shared([text for _, text in texts])
        ]
        for way, key in seen:
            known = self._known[way, len(key)]
            for secret in [*known.get(key, ())]:
                if secret.lesson == master.name:
                    known[key].discard(secret)
                else:
                    self._shown.add((key, secret))

    def _shared(self, texts: Sequence[str]) -> Iterator[tuple[str, tuple, int]]:
        """(way, key, first token) of each known run in texts that follow each other."""
        code = [token for text in texts for token in tokens(text)]
        prose = [word for text in texts for word in words(text)] if any(w == _PROSE for w, _ in self._known) else []
        for (way, length), known in self._known.items():
            if way == _RENAMED:
                shapes = enumerate(windows(shape(code, self._fixed), length))
                near = ((k, renamed(code[k : k + length], key)) for k, key in shapes if key in self._shapes)
            else:
                near = enumerate(windows(prose if way == _PROSE else code, length))
            yield from ((way, key, k) for k, key in near if key in known)

    def _leaks_in(self, stream: Sequence[Piece]) -> Iterator["_Evidence"]:
        for texts in _passes(stream):
            spans: dict[tuple[Secret, str], list[list[int]]] = defaultdict(list)
            for way, key, first in self._shared([text for _, text in texts]):
                for secret in self._known[way, len(key)][key]:
                    if (key, secret) not in self._shown or secret.lesson in stream[0].place.file:
                        _extend(spans[secret, way], first, first + len(key))
            for (secret, way), found in spans.items():
                split = [words(text) if way == _PROSE else tokens(text) for _, text in texts]
                for first, end in found:
                    yield _evidence(secret, way, stream, texts, split, first, end)


def find_leaks(paths: Iterable[Path], secrets: Secrets, root: Path | None = None) -> list[Leak]:
    """The leaks in these files, and in all files of these folders, hidden ones too; names are told relative to `root`.

    >>> find_leaks([Path(__file__)], Secrets([]))          # no lessons, no secrets
    []
    """
    files = [
        file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))) if file.is_file()
    ]
    names = [file.relative_to(root) if root and file.is_relative_to(root) else file for file in files]
    return [
        leak
        for file, name in zip(files, names, strict=True)
        for leak in secrets.leaks(name.as_posix(), file.read_bytes())
    ]


def _secrets(master: Master) -> Iterator[Secret]:
    for cell in master.cells:
        if cell.answer:
            yield Secret(master.name, cell.answer, cell.source, is_prose=True)
        for region in cell.regions:
            line = cell.line + 1 + region.first
            name = cell.exercise or f"the hidden lines at {master.name}.py:{line}"
            if region.kind in (SOLUTION, HIDDEN):
                yield Secret(master.name, name, cell.inside(region))


def _open_source(cell: Cell) -> str:
    """What a student may see of a cell; not by way of student.py, whose mistakes the gate is there to find."""
    return "" if cell.answer else cell.outside(SOLUTION, HIDDEN)


def _fixed_names(masters: Sequence[Master], secrets: Sequence[Secret]) -> frozenset[str]:
    """Names in answers that cannot be chosen freely: of modules, functions and classes from outside."""
    used = {token for secret in secrets if not secret.is_prose for token in tokens(secret.text) if token.isidentifier()}
    free: set[str] = set()
    for cell in (cell for master in masters for cell in master.cells if cell.regions):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.arg):
                free.add(node.arg.lower())
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                free.add(node.id.lower())
            elif isinstance(node, ast.FunctionDef) and node.col_offset:
                free.add(node.name.lower())
    return frozenset(used - free)


def _streams(found: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces that somebody can read one after the other: all cells of a file, its code cells, and each other part of them."""
    streams: dict[tuple[str, str], list[Piece]] = defaultdict(list)
    for piece in found:
        part = piece.place.part
        streams[piece.place.file, "cells" if part in _SOURCES else part].append(piece)
        if part == "code":
            streams[piece.place.file, "code cells"].append(piece)
    return iter(streams.values())


def _passes(stream: Sequence[Piece]) -> Iterator[list[tuple[int, str]]]:
    """The texts of a stream with their numbers: all as they stand, all freed of everything, and each in its other readings."""
    read = [readings(piece.text) for piece in stream]
    yield [(k, one[0]) for k, one in enumerate(read)]
    if any(len(one) > 1 for one in read):
        yield [(k, one[-1]) for k, one in enumerate(read)]
    for k, one in enumerate(read):
        yield from ([(k, text)] for text in one[1:-1])


def _extend(spans: list[list[int]], first: int, end: int) -> None:
    if spans and first <= spans[-1][1]:
        spans[-1][1] = end
    else:
        spans.append([first, end])


def _evidence(secret: Secret, way: str, stream, texts, split, first: int, end: int) -> _Evidence:
    owners = [(k, at) for k, found in enumerate(split) for at in range(len(found))]
    run = [token for found in split for token in found][first:end]
    (one, at), (last, _) = owners[first], owners[end - 1]
    places = [stream[texts[k][0]].place for k in range(one, last + 1)]
    place = places[0]
    if one != last:
        place = place._replace(cell=f"{place.cell} to {places[-1].cell}")
    kind, line = ("words" if way == _PROSE else "tokens"), _line(texts[one][1], at, words if way == _PROSE else tokens)
    shown = " ".join(run[:RENAMED_RUN]) + (" ..." if len(run) > RENAMED_RUN else "")
    told = f"{len(run)} {kind} of the answer to {secret.name}{way if way == _RENAMED else ''}, from line {line} on: {shown}"
    return _Evidence(Leak(place, secret.name, told), " ".join(run), frozenset(places))


def _line(text: str, at: int, split: Callable[[str], list[str]]) -> int:
    """The line, counted from 1, that holds a text's token of that number, counted from 0."""
    for number, line in enumerate(text.splitlines(), 1):
        at -= len(split(line))
        if at < 0:
            return number
    return 1


def _without_covered(found: Iterable[_Evidence]) -> list[Leak]:
    """The leaks, longest first, less those that are a part of a longer one: another reading of it, or a phrase that answers share."""
    kept: list[_Evidence] = []
    for one in sorted(found, key=lambda evidence: -len(evidence.run)):
        around = [other for other in kept if one.places <= other.places]
        if not any(one.leak.answer == other.leak.answer or one.run in other.run for other in around):
            kept.append(one)
    return [evidence.leak for evidence in kept]

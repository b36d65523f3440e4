"""What an evaluation found, as numbers, as JSON, as CSV and as a table.

    per_sequence   SEQ: means over its objects, and per_object inside
    global         means over all objects of all sequences, so that a sequence of three objects counts three times; null without any
    not_evaluated  SEQ: expected, got, try
    without_masks  folders of results that the root knows nothing about
    annotations    the folder of masks that was taken

Files name folders, never where they lie on this machine.
"""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vostutor.core.errors import SettingsError, VosError
from vostutor.core.files import write_atomically
from vostutor.metrics.summary import Statistics

if TYPE_CHECKING:
    from rich.table import Table

KEYS = ("J-Mean", "J-Recall", "J-Decay", "F-Mean", "F-Recall", "F-Decay")


class ObjectScores(NamedTuple):
    """One object's curves over time and what they are summed up by. Shapes: J and F float64 (T,)."""

    J: np.ndarray
    F: np.ndarray
    j: Statistics
    f: Statistics

    def keyed(self) -> dict[str, float]:
        return dict(zip(KEYS, (*self.j, *self.f), strict=True))


@dataclass
class Report:
    """The scores of all sequences that could be evaluated, and why the others could not."""

    task: str
    merge_objects: bool
    results: str
    root: str
    sequences: dict[str, dict[int, ObjectScores]] = field(default_factory=dict)
    refused: dict[str, VosError] = field(default_factory=dict)
    without_masks: tuple[str, ...] = ()  # folders of results that the root knows nothing about
    annotations: str = ""  # the folder of masks, as seen from the root

    def per_sequence(self) -> dict[str, dict]:
        """Means over each sequence's objects, with the objects inside."""
        table = {}
        for name, objects in self.sequences.items():
            keyed = {str(k): scores.keyed() for k, scores in objects.items()}
            table[name] = {**_mean(keyed.values()), "per_object": keyed}
        return table

    def overall(self) -> dict[str, float]:
        """Means over all objects of all sequences; nothing where no sequence could be evaluated."""
        mean = _mean(scores.keyed() for objects in self.sequences.values() for scores in objects.values())
        return {"J&F-Mean": (mean["J-Mean"] + mean["F-Mean"]) / 2, **mean} if mean else {}

    def as_json(self) -> dict:
        """Everything but the curves."""
        return {
            "task": self.task,
            "merge_objects": self.merge_objects,
            "results": self.results,
            "data": self.root,
            "annotations": self.annotations,
            "global": self.overall() or dict.fromkeys(("J&F-Mean", *KEYS)),
            "per_sequence": self.per_sequence(),
            "not_evaluated": {
                name: {"expected": error.expected, "got": error.got, "try": error.try_this}
                for name, error in self.refused.items()
            },
            "without_masks": list(self.without_masks),
        }

    def as_csv(self) -> str:
        """A line for the mean of all objects, one per sequence, one per object."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["sequence", "object", "J&F-Mean", *KEYS])
        for sequence, label, scores in self._rows():
            both = (scores["J-Mean"] + scores["F-Mean"]) / 2
            writer.writerow([sequence, label, both, *(scores[key] for key in KEYS)])
        return text.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the report to a .json or .csv file, whole or not at all.

        Raises: SettingsError for another suffix or a place that cannot be written to.
        """
        path = checked_destination(path)
        text = self.as_csv() if path.suffix == ".csv" else json.dumps(self.as_json(), indent=1) + "\n"
        try:
            return write_atomically(path, text)
        except OSError as error:  # a full disk, a name that is too long, a folder that has been closed meanwhile
            raise _unwritable(path, error) from None

    def tell(self) -> None:
        """Print the table, and to the error stream what was left out and why."""
        from rich.console import Console

        if self.sequences:
            Console().print(self.table())
        problems = Console(stderr=True, highlight=False, soft_wrap=True)
        if self.task == "unsupervised" and self.annotations.split("/")[0] == "Annotations":
            problems.print(
                f"{self.root} has no Annotations_unsupervised: masks are those of {self.annotations}", markup=False
            )
        for name in self.without_masks:
            problems.print(f"{name}: no masks in {self.root}, passed over", markup=False)
        for name, error in self.refused.items():
            problems.print(f"{name}: not evaluated\n{error}", markup=False, style="red")

    def table(self) -> "Table":
        """The same as a table for the terminal, objects left out."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            collapse_padding=True,
            title=Text(f"{self.results} on {self.root}, {self.task}{self._merged()}"),
        )
        table.add_column("sequence", no_wrap=True)
        for heading in ("objects", "J&F", "J", "recall", "decay", "F", "recall", "decay"):
            table.add_column(heading, justify="right", no_wrap=True, min_width=len("-0.123"))
        for sequence, label, scores in self._rows():
            if label == "mean":
                both = (scores["J-Mean"] + scores["F-Mean"]) / 2
                count = self._objects(sequence)
                table.add_row(Text(sequence), str(count), *(f"{v:.3f}" for v in (both, *(scores[k] for k in KEYS))))
                if sequence == "all":
                    table.add_section()
        return table

    def _rows(self) -> Iterable[tuple[str, str, dict]]:
        if self.sequences:
            yield "all", "mean", self.overall()
        for name, scores in self.per_sequence().items():
            yield name, "mean", scores
            for label, own in scores["per_object"].items():
                yield name, label, own

    def _objects(self, sequence: str) -> int:
        chosen = self.sequences.values() if sequence == "all" else [self.sequences[sequence]]
        return sum(len(objects) for objects in chosen)

    def _merged(self) -> str:
        return ", objects merged" if self.merge_objects else ""


def checked_destination(path: str | Path) -> Path:
    """The path, if a report can be written there; asked before the work starts.

    Raises: SettingsError for a suffix other than .json and .csv, for a folder, and for a place that cannot be written to.
    >>> checked_destination("scores.json").name
    'scores.json'
    """
    path = Path(path)
    if path.suffix not in (".json", ".csv") or os.path.isdir(path):
        raise SettingsError(
            expected="a file that ends in .json or .csv",
            got=f"{path.name}{', a folder' * os.path.isdir(path)}",
            try_this=f"--out {path.stem or 'scores'}.json",
        )
    above = next(place for place in path.absolute().parents if os.path.exists(place))
    if not above.is_dir():
        raise SettingsError(
            expected=f"a folder for {path.name}", got=f"the file {above.name}", try_this="another --out"
        )
    try:
        with tempfile.TemporaryFile(dir=above):  # rights alone do not tell: the disk may be read-only
            return path
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        expected=f"a place where {path.name} can be written",
        got=(error.strerror or str(error)).lower(),
        try_this="another --out",
    )


def _mean(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    rows = list(rows)
    return {key: float(np.mean([row[key] for row in rows])) for key in KEYS} if rows else {}

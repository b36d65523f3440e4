"""The tables of the README, written between their markers from what was measured: `python -m vostutor.course.readme`.

It writes the claims tables from data/claims/ and the table of shipped weights from their cards. The table of costs is in costs.py, whose
figures a run measures.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from vostutor.core.errors import DataError
from vostutor.core.files import write_atomically
from vostutor.course.claims import Claims, stored_claims


def with_block(text: str, name: str, content: str) -> str:
    """The text with new content between `<!-- BEGIN name -->` and `<!-- END name -->`.

    Raises: DataError for a text without these markers.
    >>> with_block("a <!-- BEGIN x -->old<!-- END x --> b", "x", "new")
    'a <!-- BEGIN x -->\\nnew\\n<!-- END x --> b'
    """
    begin, end = f"<!-- BEGIN {name} -->", f"<!-- END {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    if not pattern.search(text):
        raise DataError(expected=f"{begin} and {end}", got="a text without them", try_this="put the markers back")
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text)


def markdown_table(rows: Sequence[Sequence]) -> str:
    """Rows as a Markdown table, the first one its head.

    >>> print(markdown_table([["system", "J"], ["copy", 0.31]]))
    | system | J |
    |---|---|
    | copy | .31 |
    """
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def baselines_table(claims: Claims) -> str:
    """J and F of the baselines for each label and each real sequence, and the command that measured them."""
    systems = list(dict.fromkeys(row["system"] for row in claims.rows))
    rows = [["", *(f"{measure} {system}" for measure in "JF" for system in systems)]]
    for data in dict.fromkeys(
        row["set"] for row in claims.rows if "F" in row
    ):  # what a switch costs stands in the lesson
        names = list(dict.fromkeys(row["name"] for row in claims.where(set=data)))
        found = {(row["name"], row["system"]): row for row in claims.where(set=data)}
        figures = [[found[name, system][m] for m in "JF" for system in systems] for name in names]
        rows += [[f"{data}: {name}", *values] for name, values in zip(names, figures, strict=True)]
        rows.append([f"**{data}: mean**", *(sum(column) / len(names) for column in zip(*figures, strict=True))])
    return f"{markdown_table(rows)}\n\n{_note(claims)}"


def flow_table(claims: Claims) -> str:
    """Endpoint errors of the shipped flow networks and of what learned nothing, J on real video, and what became of each claim."""
    from vostutor.course.claims_01 import verdicts

    rows = [["", "minivos flow, px", "Sintel pair, px", "from 224 rows, px", "DAVIS J"]]
    cards = {f"shipped {card.system}": card.metrics[0]["mean"] for card in _cards()}
    for name in dict.fromkeys(row["system"] for row in claims.where(set="Sintel pair") if row["seed"] is None):
        seen = {row["rows"]: row["epe"] for row in claims.where(set="Sintel pair", system=name)}
        split = cards.get(name) or claims.mean("epe", set="minivos flow", system=name)
        film = [row["J"] for row in claims.where(set="DAVIS", system=name.removesuffix(" medium"))]
        rows.append([name, split, seen[max(seen)], seen.get(224, ""), sum(film) / len(film) if film else ""])
    return "\n\n".join([markdown_table(rows), verdicts_table(verdicts(claims), "seeds"), _note(claims)])


def one_shot_tables(claims: Claims) -> str:
    """J of what learns from one frame: by kind of clip, on real video by the size that it is seen in; and what became of each claim."""
    from vostutor.course.claims_04 import verdicts
    from vostutor.course.one_shot_clips import SETS

    systems = ["copy", "DIS warp", "parent", "OSVOS", "OSVOS-S", "OnAVOS"]
    rows = [["minivos, J", *systems]]
    for kind in SETS:
        rows.append([kind, *(_mean(claims.where(set=kind, system=name), "J") for name in systems)])
    told = verdicts_table(verdicts(claims), "clips")
    return "\n\n".join([markdown_table(rows), markdown_table(_on_film(claims)), told, _note(claims)])


def retrieval_tables(claims: Claims) -> str:
    """J of what looks its labels up: the shipped networks by kind of clip and on real video; networks that were trained with a part
    missing; and what became of each claim."""
    from vostutor.course.claims_07 import verdicts
    from vostutor.course.retrieval_rows import LABELS, SETS

    systems = list(dict.fromkeys(row["system"] for row in claims.rows if row["set"].endswith(", baselines")))
    shipped = [["minivos, J", *systems]]
    for label in LABELS:
        of_label = f"{label}, baselines"
        shipped.append([label, *(_mean(claims.where(set=of_label, system=name), "J") for name in systems)])
    trained = [["from nothing, J", *SETS]]
    for name in dict.fromkeys(row["system"] for row in claims.rows if row["set"] in SETS):
        trained.append([name, *(_mean(claims.where(set=kind, system=name), "J") for kind in SETS)])
    tables = (shipped, _on_film(claims), trained)
    return "\n\n".join([*map(markdown_table, tables), verdicts_table(verdicts(claims), "seeds"), _note(claims)])


def _on_film(claims: Claims) -> list[list]:
    """The rows of a table of all systems on real video, each in the sizes that it was tried in."""
    from vostutor.course.one_shot_real import PUBLISHED, REAL

    table, found = [["DAVIS", "seen in", "J", "F", "CPU-seconds a frame"]], claims.where(set=REAL)
    tried = dict.fromkeys((row["system"], row["rows"], row.get("scored")) for row in found)
    for system, seen, scored in sorted(tried, key=lambda row: row[0] == PUBLISHED):
        here = claims.where(set=REAL, system=system, rows=seen, scored=scored)
        size = "480 rows" if seen is None else f"{seen} rows" + (f", scored at {scored}" if scored else "")
        seconds = "" if system == PUBLISHED else _mean(here, "seconds")
        table.append([system, size, _mean(here, "J"), _mean(here, "F"), seconds])
    return table


def verdicts_table(verdicts: Sequence[dict], paired: str) -> str:
    """What became of each claim. paired: over what the differences are paired, seeds or clips."""
    told = [["claim", "difference", paired, "verdict"]]
    for row in verdicts:
        spread = "" if row["se"] is None else f" ± {row['se']:.3f}"
        said = f"{row['claim']}: {row['says']}"
        told.append([said, f"{row['difference']:.3f}{spread}", f"{row[paired]}", row["verdict"]])
    return markdown_table(told)


def _mean(rows: Sequence[dict], measure: str) -> float | str:
    return sum(row[measure] for row in rows) / len(rows) if rows else ""


def weights_table() -> str:
    """What trained weights are shipped, what they cost, and the figure on their card."""
    rows = [["weights", "parameters", "trained on", "steps", "CPU-minutes", "figure on the card"]]
    for card in _cards():
        first = card.metrics[0]
        figure = f"{first['what']}: {first['mean']:.2f} {first['unit']}"
        rows.append(
            [
                f"{card.system} {card.profile}",
                f"{card.parameters:,}",
                card.data,
                f"{card.steps:,}",
                f"{card.cpu_seconds / 60:.0f}",
                figure,
            ]
        )
    return markdown_table(rows)


def _cards() -> list:
    from vostutor.zoo import cards

    return cards()


def _note(claims: Claims) -> str:
    told = claims.provenance
    return f"`{told['command']}`, minivos {told['minivos']}, {told['hardware']}."


def budgets_table(rows: Sequence[dict]) -> str:
    """Declared and measured minutes and memory of every lesson of one run; a lesson that declares nothing for the profile is left out."""
    head = ["lesson", "profile", "minutes (declared)", "CPU-seconds", "memory GB (declared)"]
    body = [
        [
            f"{row['lesson']} {row['title']}",
            row["profile"],
            f"{row['wall_seconds'] / 60:.1f} ({row['declared']['minutes']:g})",
            f"{row['cpu_seconds']:.0f}",
            f"{row['memory_gb']:.1f} ({row['declared']['memory_gb']:g})",
        ]
        for row in rows
        if row["declared"]
    ]
    return markdown_table([head, *body])


def blocks() -> dict[str, str]:
    """The blocks of the README that follow from stored figures, by their names."""
    return {
        "claims-00": baselines_table(stored_claims("00")),
        "claims-01": flow_table(stored_claims("01")),
        "claims-04": one_shot_tables(stored_claims("04")),
        "claims-07": retrieval_tables(stored_claims("07")),
        "weights": weights_table(),
    }


def _cell(value) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if isinstance(value, float) else str(value)


if __name__ == "__main__":
    readme = Path(__file__).parents[2] / "README.md"
    told = readme.read_text()
    for name, content in blocks().items():
        told = with_block(told, name, content)
    write_atomically(readme, told)

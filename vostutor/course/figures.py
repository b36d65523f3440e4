"""Two runs of one figure, compared by what lies on its axes; `vostutor.viz.digest` says what is kept of a figure.

Words, numbers of points and sizes have to be equal. Places may differ by what no eye sees: a share of the span of their own axis. Another
processor adds up in another order, so the last digits of what a network computes are not the same everywhere.
"""

from collections.abc import Iterator, Mapping

TOLERATED = 2e-3  # of the span of an axis: a pixel of a figure that is 500 wide


def figure_differences(stored: Mapping, fresh: Mapping) -> list[str]:
    """What differs between two digests of a figure, in words; none where they show the same.

    >>> then = {"axes": [{"y": {"limits": [0, 1]}, "lines": [{"label": "copy", "n": 2, "x": [0, 1], "y": [0.9, 0.4]}]}]}
    >>> now = {"axes": [{"y": {"limits": [0, 1]}, "lines": [{"label": "copy", "n": 2, "x": [0, 1], "y": [0.9, 0.5]}]}]}
    >>> figure_differences(then, now)
    ["line 'copy', y, value 2: stored 0.4, now 0.5"]
    """
    found = [*_differences(stored.get("texts", []), fresh.get("texts", []), "texts", 0)]
    then, now = stored.get("axes", []), fresh.get("axes", [])
    if len(then) != len(now):
        return [*found, f"stored {len(then)} axes, now {len(now)}"]
    for k, (a, b) in enumerate(zip(then, now, strict=True), 1):
        found += [f"axes {k}, {told}" if len(then) > 1 else told for told in _axes_differences(a, b)]
    return found


def _axes_differences(stored: Mapping, fresh: Mapping) -> Iterator[str]:
    spans = {name: _span(stored.get(name, {})) for name in "xy"}
    for part in dict.fromkeys([*stored, *fresh]):
        if part in spans:
            yield from _differences(stored.get(part, {}), fresh.get(part, {}), f"{part} axis", spans[part])
        elif part in ("lines", "points", "shapes"):
            yield from _series_differences(stored.get(part, []), fresh.get(part, []), part, spans)
        elif part == "bars":
            yield from _one_series(stored.get(part, {}), fresh.get(part, {}), part, spans)
        else:  # an image's grid holds shares of its colours, from 0 to 1; everything else is words
            yield from _differences(stored.get(part, []), fresh.get(part, []), part, 5)


def _series_differences(stored: list, fresh: list, part: str, spans: Mapping) -> Iterator[str]:
    if len(stored) != len(fresh):
        yield f"{part}: stored {len(stored)}, now {len(fresh)}"
        return
    for k, (a, b) in enumerate(zip(stored, fresh, strict=True), 1):
        name = repr(a["label"]) if "label" in a else str(k)
        yield from _one_series(a, b, f"{part.removesuffix('s')} {name}", spans)


def _one_series(stored: Mapping, fresh: Mapping, where: str, spans: Mapping) -> Iterator[str]:
    """Places are held against the span of their axis, and colours and arrows against their own."""
    for key in dict.fromkeys([*stored, *fresh]):
        a, b = stored.get(key), fresh.get(key)
        span = spans[key[0]] if key[0] in spans else 0 if key in ("n", "label") else _extent(a)
        yield from _differences(a, b, f"{where}, {key}", span)


def _differences(stored, fresh, where: str, span: float) -> Iterator[str]:
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping) and stored.keys() == fresh.keys():
        for key in stored:
            exact = key in ("known", "size")
            yield from _differences(stored[key], fresh[key], f"{where}, {key}", 0 if exact else span)
    elif isinstance(stored, list) and isinstance(fresh, list) and len(stored) == len(fresh):
        for k, (a, b) in enumerate(zip(stored, fresh, strict=True), 1):
            yield from _differences(a, b, f"{where}, value {k}", span)
    elif not _equal(stored, fresh, span):
        yield f"{where}: stored {stored}, now {fresh}"


def _equal(stored, fresh, span: float) -> bool:
    both_numbers = all(isinstance(value, int | float) for value in (stored, fresh))
    return abs(stored - fresh) <= TOLERATED * span if both_numbers else stored == fresh


def _span(axis: Mapping) -> float:
    low, high = axis.get("limits", (0, 0))
    return abs(high - low)


def _extent(row) -> float:
    values = [v for v in (row if isinstance(row, list) else _ends(row)) if v is not None]
    return max(values) - min(values) if values else 0


def _ends(row) -> list:
    return row.get("even") or row.get("sums", [])[:2] if isinstance(row, Mapping) else []

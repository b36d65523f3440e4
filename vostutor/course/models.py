"""What `vostutor models` prints: the systems, the weights that are there, and what a card says."""

from pathlib import Path

from vostutor.core.errors import DataError
from vostutor.engine.cards import Card
from vostutor.zoo import SYSTEMS, cards, system_named


def tell_models(folder: Path | None = None) -> None:
    """A line for each system and profile that has weights, and one for each system that has none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("lesson", "system", "profile", "parameters", "CPU-s", "measured"):
        table.add_column(
            heading, justify="right" if heading in ("parameters", "CPU-s") else "left", no_wrap=heading != "measured"
        )
    there = cards(folder)
    for name in SYSTEMS:
        system, own = system_named(name), [card for card in there if card.system == name]
        for card in own:
            spent = f"{card.cpu_seconds:.0f}"
            table.add_row(
                system.lesson, name, card.profile, f"{card.parameters:,}", spent, "; ".join(map(told, card.metrics[:1]))
            )
        if not own:
            table.add_row(system.lesson, name, "", "", "", "no weights yet: vostutor train")
    Console().print(table)


def tell_card(name: str, folder: Path | None = None) -> None:
    """All that the cards of a system say.

    Raises: SettingsError for a system that does not exist, DataError when it has no weights.
    """
    from rich.console import Console

    system, own = system_named(name), [card for card in cards(folder) if card.system == name]
    if not own:
        raise DataError(expected=f"weights of {system.title}", got="none", try_this=f"vostutor train {name}")
    for card in own:
        Console(soft_wrap=True, highlight=False).print(as_text(card), markup=False)


def as_text(card: Card) -> str:
    """A card as lines of name and value."""
    lines = [f"{field:<12}{value}" for field, value in vars(card).items() if field != "metrics"]
    return "\n".join(lines + [f"{'measured':<12}{told(row)}" for row in card.metrics])


def told(row: dict) -> str:
    """A metric as a phrase.

    >>> told({"what": "EPE on the flow split", "mean": 1.234, "spread": 0.05, "unit": "px"})
    'EPE on the flow split 1.23 +- 0.05 px'
    """
    spread = "" if row.get("spread") is None else f" +- {row['spread']:.2g}"
    return f"{row['what']} {row['mean']:.3g}{spread} {row['unit']}".rstrip()

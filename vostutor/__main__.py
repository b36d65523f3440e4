"""Layer 7, the command line. Each command imports what it needs when it runs, so that `vostutor --help` answers at once."""

from typing import Annotated

import typer

from vostutor.core.errors import VosError

app = typer.Typer(
    name="vostutor",
    help="Learn deep video object segmentation by building it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def lab(lesson: Annotated[str, typer.Argument(help="number of the lesson, 00 when left out")] = "00"):
    """Open JupyterLab on a lesson."""
    from vostutor.course.lab import open_lesson

    open_lesson(lesson)


def main() -> None:
    """Run the command line; a user's mistake prints expected / got / try and exits with 2."""
    try:
        app()
    except VosError as error:
        typer.secho(str(error), err=True, fg="red")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()

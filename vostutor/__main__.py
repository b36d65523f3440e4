"""Layer 7, the command line. Each command imports what it needs when it runs, so that `vostutor --help` answers at once."""

from os.path import relpath
from pathlib import Path
from typing import Annotated

import typer

from vostutor import __version__
from vostutor.core.errors import SettingsError, VosError

app = typer.Typer(
    name="vostutor",
    help="Learn deep video object segmentation by building it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vostutor {__version__}")
        raise typer.Exit


@app.callback()
def vostutor(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="say the version and stop")
    ] = False,
):
    """Learn deep video object segmentation by building it."""


Lessons = Annotated[list[str] | None, typer.Argument(metavar="NN", help="numbers of lessons, all when left out")]


@app.command()
def lab(
    lesson: Annotated[str, typer.Argument(metavar="NN", help="number of the lesson")] = "00",
    browser: Annotated[bool, typer.Option(help="open a browser, or only print the address")] = True,
    port: Annotated[int | None, typer.Option(min=1, max=65535, metavar="PORT", help="a port of your choice")] = None,
):
    """Open JupyterLab on a lesson: on your own copy in work/, which no build overwrites."""
    from vostutor.course.lab import open_lesson

    open_lesson(lesson, browser=browser, port=port)


@app.command()
def run(
    lessons: Lessons = None,
    profile: Annotated[str, typer.Option(metavar="NAME", help="how much to do: smoke, cpu, gpu or paper")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="seed of everything random in the lessons")] = 0,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOT", help="a DAVIS root, or a video with its first mask beside it; minivos when left out"
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="cpu or cuda, the profile's own when left out")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="gets the executed notebooks and budgets.json")] = Path(
        "build/run"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="compare with what is stored in solutions/ (with --profile smoke)")
    ] = False,
):
    """Execute lessons from start to end; one line each says what was declared and what it took.

    Exits with 1 when a lesson fails, breaks a rule of the notebook gate or a limit of its profile; the others are run all the same.
    """
    from vostutor.course import Course, run_lessons

    outcomes = run_lessons(
        Course.here(),
        lessons or (),
        profile=profile,
        seed=seed,
        data_root=data,
        device=device,
        out=out,
        check=check,
        tell=typer.echo,
    )
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


@app.command()
def build(
    lessons: Lessons = None,
    execute: Annotated[bool, typer.Option("--execute", help="run the solutions (smoke) and store new outputs")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="only look: write nothing, exit with 1 on a difference or a fault")
    ] = False,
):
    """Make the student and solution notebooks from the masters in solutions/.

    Stored outputs are kept where a cell is unchanged.
    """
    from vostutor.course import Course, build_notebooks, differences, renew, stored_faults

    if check and execute:
        raise SettingsError(
            expected="--check or --execute", got="both", try_this="--execute first, then --check, which writes nothing"
        )
    course = Course.here()
    if check:
        found = differences(course, lessons or ()) + stored_faults(course, lessons or ())
        typer.echo("\n".join(found) or "every notebook is what its master makes, and passes the gate")
        raise typer.Exit(1 if found else 0)
    if execute:
        outcomes = renew(course, lessons or (), tell=typer.echo)
        raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)
    changed = build_notebooks(course, lessons or ())
    typer.echo(
        "\n".join(f"wrote {relpath(path)}" for path in changed)
        or "nothing to do: every notebook is what its master makes"
    )


@app.command()
def claims(
    lesson: Annotated[str, typer.Argument(metavar="NN", help="number of the lesson")],
    data: Annotated[
        Path | None, typer.Option(metavar="ROOT", help="root of a DAVIS data set; without it nothing real is measured")
    ] = None,
    clips: Annotated[int, typer.Option(min=2, metavar="N", help="minivos clips for each label")] = 24,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="trainings of each variant")] = 5,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="trainings side by side; two if there are cores for them")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="another place than data/claims/NN.json")] = None,
):
    """Measure the table that a lesson quotes and store it, with the command and the hash of what decides it.

    Where networks are trained, an interrupted command goes on from what build/claims keeps.
    """
    from vostutor.course.claims import measure_claims
    from vostutor.course.trials import one_thread

    one_thread()
    measured = measure_claims(lesson, data_root=data, clips=clips, seeds=seeds, workers=workers, out=out)
    rows = len(measured.rows)
    typer.echo(f"{rows} row{'s' * (rows != 1)} measured for lesson {lesson}")


@app.command()
def train(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="a name that `vostutor models` lists")],
    profile: Annotated[str, typer.Option(metavar="NAME", help="how large and how long: smoke, cpu or gpu")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="seed of the first weights and of every batch")] = 0,
    steps: Annotated[int | None, typer.Option(min=1, metavar="N", help="another number than the profile's")] = None,
    scenes: Annotated[int | None, typer.Option(min=1, metavar="N", help="training scenes to draw, likewise")] = None,
    precision: Annotated[
        str | None, typer.Option(metavar="NAME", help="float32 or bfloat16, likewise; not every CPU has the latter")
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu or cuda")] = "cpu",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="gets the weights and their card")] = Path(
        "build/weights"
    ),
):
    """Train a system and measure it: weights and a card in FOLDER.

    Interrupted, the same command goes on from the last checkpoint in build/train.
    """
    from vostutor.core.memory import keep_freed_memory
    from vostutor.course.claims import commit
    from vostutor.course.train import train_system
    from vostutor.engine import Bar

    keep_freed_memory()
    checkpoint = Path(f"build/train/{system}-{profile}-{seed}.pt")
    path = train_system(
        system,
        profile,
        seed=seed,
        steps=steps,
        scenes=scenes,
        precision=precision,
        device=device,
        out=out,
        checkpoint=checkpoint,
        commit=commit(),
        watchers=(Bar(),),
        tell=typer.echo,
    )
    typer.echo(f"wrote {path} and its card")


@app.command()
def models(
    system: Annotated[str | None, typer.Argument(metavar="SYSTEM", help="tell all that its cards say")] = None,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="another place than data/weights")] = None,
):
    """List the systems that can be trained, and the trained weights that are there."""
    from vostutor.course.models import tell_card, tell_models

    if system is None:
        tell_models(folder)
    else:
        tell_card(system, folder)


@app.command()
def evaluate(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="a folder of palette PNGs for each sequence")],
    data: Annotated[Path, typer.Option(metavar="ROOT", help="root of the data set, which holds Annotations")],
    task: Annotated[str, typer.Option(metavar="NAME", help="semi-supervised or unsupervised")] = "semi-supervised",
    merge_objects: Annotated[
        bool, typer.Option("--merge-objects", help="all objects as one, as in DAVIS 2016")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="saves the scores, to FILE.json or FILE.csv")] = None,
):
    """Score masks as DAVIS does: J and F with mean, recall and decay.

    Exits with 1 when a sequence could not be evaluated; it is named, and the others are scored all the same.
    """
    from rich.console import Console
    from rich.progress import Progress

    from vostutor.core.memory import keep_freed_memory
    from vostutor.engine.evaluate import evaluate_results
    from vostutor.engine.report import checked_destination

    if out:
        checked_destination(out)
    keep_freed_memory()
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("", total=None)
        report = evaluate_results(
            results,
            data,
            task=task,
            merge_objects=merge_objects,
            progress=lambda name, done, total: bar.update(line, description=name, completed=done, total=total),
        )
    report.tell()
    if out:
        typer.echo(f"wrote {report.save(out)}")
    raise typer.Exit(1 if report.refused else 0)


@app.command()
def segment(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="a video file, or a folder of pictures")],
    mask: Annotated[
        list[Path], typer.Option(metavar="PNG", help="the first frame's; several are named like their frames")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="gets a palette PNG a frame, overlay.mp4, segment.json")],
    system: Annotated[str, typer.Option(metavar="NAME", help="copy, warp, ...: a wrong name lists them all")] = "warp",
    profile: Annotated[str, typer.Option(metavar="NAME", help="of the system's weights")] = "cpu",
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu or cuda")] = "cpu",
    rows: Annotated[
        int | None,
        typer.Option(min=16, metavar="N", help="let the system see N rows; the masks stay as large as the frames"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace an earlier run in FOLDER")] = False,
):
    """Follow the objects of a mask through your own video, however long it is.

    The mask is a PNG with a palette: 0 background, 1, 2, ... objects; or black and white for one object. FOLDER holds all results in
    the end, or is as it was when the run fails or is interrupted.
    """
    from vostutor.core.memory import keep_freed_memory
    from vostutor.course.segment import segment_files

    keep_freed_memory()
    done = segment_files(
        video, mask, out, system=system, profile=profile, device=device, rows=rows, overwrite=overwrite, tell=typer.echo
    )
    raise typer.Exit(0 if done else 130)  # 130 is what shells say of Ctrl-C


def main() -> None:
    """Run the command line; a user's mistake prints expected / got / try and exits with 2."""
    try:
        app()
    except VosError as error:
        typer.secho(str(error), err=True, fg="red")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()

"""What `vostutor segment` does: files in, a system by its name, results in a folder, a bar while it goes on."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import length_hint
from pathlib import Path

from vostutor import __version__
from vostutor.core.clip import FrameSource
from vostutor.core.errors import VosError
from vostutor.data.video import open_source
from vostutor.engine.scaled import Scaled
from vostutor.engine.segment import OVERLAY, Segmented, checked_output, segment_video
from vostutor.zoo import segmenter


def segment_files(
    video: Path,
    masks: Sequence[Path],
    out: Path,
    *,
    system: str,
    profile: str = "cpu",
    device: str = "cpu",
    rows: int | None = None,
    overwrite: bool = False,
    tell: Callable[[str], None] = print,
) -> bool:
    """Whether the run came to its end: False when it was interrupted. It ends with a line of how many frames and how long each took.

    Raises: SettingsError for a name, profile or device that does not exist; DataError for files that cannot be used or an output folder
        that is taken. The folder is then as it was.
    """
    checked_output(out, overwrite)  # the cheapest look comes first
    alone = segmenter(system, profile, device)
    follower = alone if rows is None else Scaled(alone, rows)
    source = open_source(video, masks)
    asked = {"system": system, "profile": profile, "device": device, "rows": rows, "vostutor": __version__}
    record = {"video": video.name, "masks": [mask.name for mask in masks], **asked}
    done = 0
    try:
        with _terminated_like_interrupted(), _bar(source, system) as advance:

            def progress(frames: int) -> None:
                nonlocal done
                done = frames
                advance(frames)

            run = segment_video(
                follower, source, out, device=device, overwrite=overwrite, record=record, progress=progress
            )
    except KeyboardInterrupt:
        tell(f"interrupted after {done} frames; {_as_it_was(out)}")
        return False
    except VosError:
        if done:
            tell(f"failed after {done} frames; {_as_it_was(out)}")
        raise
    tell(_summary(run, system, out))
    return True


def _summary(run: Segmented, system: str, out: Path) -> str:
    each, own = run.seconds / run.frames, run.system_seconds / run.frames
    return f"{run.frames} frames, {each:.3g} s a frame, of which {system} took {own:.3g}: masks and {OVERLAY} in {out}"


def _as_it_was(out: Path) -> str:
    """What a run that did not end says. A system's memory of the video is gone with it, so there is no going on from the middle."""
    return f"{out} is as it was before. The same command begins again from the first frame."


@contextmanager
def _bar(source: FrameSource, system: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere. A file may say wrongly, or not at all, how long it is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task(f"{source.name}: {system}", total=length_hint(source) or None)
        yield lambda frames: bar.update(line, completed=frames)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, which batch systems send, tidies up as Ctrl-C does."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

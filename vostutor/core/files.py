"""Files appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished"  # where whole_folder keeps what is being written


def write_atomically(path: Path | str, content: str | bytes) -> Path:
    """Write a file so that nobody ever sees half of it: to a temporary neighbour first, then renamed. Makes the folder.

    >>> import tempfile
    >>> write_atomically(tempfile.mkdtemp() + "/new/scores.json", "{}").read_text()
    '{}'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


@contextmanager
def whole_folder(folder: Path | str, replacing: Iterable[Path] = ()) -> Iterator[Path]:
    """A place to write to, whose files appear in `folder` all at once when the block ends well, and never when it does not.

    The place lies inside the folder, which may so be one that cannot be renamed, such as the current one or a mount. What a killed
    process left there is removed first. `replacing` are old files that make room at the end.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> with whole_folder(folder) as place:
    ...     _ = (place / "a.txt").write_text("a")
    ...     print([path.name for path in folder.iterdir()])
    ['.unfinished']
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    folder = Path(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    place = folder / UNFINISHED
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        yield place
        for path in replacing:
            path.unlink(missing_ok=True)
        for path in sorted(place.iterdir()):
            os.replace(path, folder / path.name)
        place.rmdir()
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        for empty in made:  # innermost first
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

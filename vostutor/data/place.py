"""Where the course's own data lies."""

from pathlib import Path

from vostutor.core.errors import DataError


def home() -> Path:
    """The checkout's data/, or in a wheel the copy inside the package.

    Raises: DataError when neither is there.
    >>> (home() / "README.md").exists()
    True
    """
    package = Path(__file__).parents[1]
    for place in (package.parent / "data", package / "course_data"):
        if (place / "README.md").exists():
            return place
    raise DataError(
        expected=f"the course's data in {package.parent / 'data'} or {package / 'course_data'}",
        got="neither folder",
        try_this="pip install --force-reinstall vostutor, or work from a checkout",
    )

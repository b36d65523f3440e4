"""The pictures in a cell's outputs: whether each is one, says what it shows, and is the picture that another run gave.

Pixels are compared coarsely, as the means of blocks: encoders differ from machine to machine, what is seen does not.
"""

import base64
import binascii
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode

from vostutor.course.figures import figure_differences

_BLOCKS = (24, 16)  # columns and rows in which a picture is compared
_GREYS = 3  # levels of 255 that a block's mean may differ by: what another JPEG encoder does to an edge
_SVG = "image/svg+xml"


@dataclass(frozen=True)
class Shown:
    """A picture as an output holds it: its kind, its bytes as text, and what the metadata say about it."""

    kind: str
    data: str
    about: dict

    @property
    def alt(self) -> str:
        """The sentence that says what is seen; empty where there is none."""
        if self.kind == _SVG:
            found = re.search(r"<title[^>]*>([^<]*)</title>|aria-label=\"([^\"]*)\"", self.data)
            return " ".join(filter(None, found.groups())).strip() if found else ""
        return str(self.about.get("alt") or "").strip()

    @property
    def digest(self) -> dict | None:
        """What lies on a figure's axes; None for a picture that is no figure, and for a record that cannot be read."""
        try:
            return json.loads(self.about["digest"])
        except (KeyError, TypeError, ValueError):
            return None

    @cached_property
    def image(self):
        """The decoded picture.

        Raises: ValueError for bytes that are no picture of this kind, in words.
        """
        from PIL import Image

        try:
            data = base64.b64decode(self.data, validate=False)
            image = Image.open(io.BytesIO(data))
            image.load()
        except (OSError, SyntaxError, ValueError, TypeError, binascii.Error) as error:
            raise ValueError(f"its {self.kind} cannot be decoded: {str(error).split('<')[0].strip()}") from None
        if f"image/{image.format.lower()}" != self.kind:
            raise ValueError(f"it is called {self.kind} and is {image.format}")
        return image

    def mistakes(self) -> Iterator[str]:
        """What is wrong with the picture by itself."""
        if not self.alt:
            yield "a picture has no alt text: end the cell with Picture(figure, alt=...)"
        if self.kind == _SVG:
            return
        try:
            if min(self.image.size) < 1:
                yield "a picture has no pixels"
        except ValueError as error:
            yield f"a picture is none: {error}"
        if "digest" in self.about and self.digest is None:
            yield "a figure's digest cannot be read"


def pictures_in(outputs: Sequence[NotebookNode]) -> list[Shown]:
    """The pictures in the outputs, in order.

    >>> from nbformat.v4 import new_output
    >>> about = {"image/png": {"alt": "A dot."}}
    >>> [shown.alt for shown in pictures_in([new_output("display_data", {"image/png": "iVBO"}, metadata=about)])]
    ['A dot.']
    """
    found = []
    for output in outputs:
        for kind, data in output.get("data", {}).items():
            if kind.startswith("image/"):
                about = output.get("metadata", {}).get(kind, {})
                found.append(Shown(kind, _joined(data), dict(about) if isinstance(about, dict) else {}))
    return found


def picture_differences(stored: Sequence[Shown], fresh: Sequence[Shown]) -> list[str]:
    """What differs between the pictures of a cell and those of another run of it, in words."""
    if len(stored) != len(fresh):
        return [f"stored {_count(stored)}, now {_count(fresh)}"]
    pairs = enumerate(zip(stored, fresh, strict=True), 1)
    return [f"{_name(k, a, len(stored))}: {told}" for k, (a, b) in pairs for told in _pair_differences(a, b)]


def _pair_differences(stored: Shown, fresh: Shown) -> Iterator[str]:
    if (stored.digest is None) != (fresh.digest is None):
        yield "only one of the two runs kept what lies on its axes"
    elif stored.digest is not None:
        yield from figure_differences(stored.digest, fresh.digest)
    if stored.data.strip() == fresh.data.strip():
        return
    try:
        yield from _pixel_differences(stored, fresh)
    except ValueError as error:
        yield str(error)


def _pixel_differences(stored: Shown, fresh: Shown) -> Iterator[str]:
    if _SVG in (stored.kind, fresh.kind):
        if stored.kind != fresh.kind or stored.data != fresh.data:
            yield "another drawing"
        return
    if stored.image.size != fresh.image.size:
        yield "stored {} x {} pixels, now {} x {}".format(*stored.image.size, *fresh.image.size)
        return
    furthest, place = max((abs(a - b), k) for k, (a, b) in enumerate(zip(_means(stored), _means(fresh), strict=True)))
    if furthest > _GREYS:
        row, column = divmod(place // 3, _BLOCKS[0])
        yield f"other pixels, furthest in block {column + 1} of {_BLOCKS[0]} across, {row + 1} of {_BLOCKS[1]} down"


def _means(shown: Shown) -> bytes:
    from PIL import Image

    return shown.image.convert("RGB").resize(_BLOCKS, Image.Resampling.BOX).tobytes()


def _name(k: int, shown: Shown, of: int) -> str:
    kind = "the picture" if shown.digest is None else "the figure"
    return kind if of == 1 else f"{kind.removeprefix('the ')} {k}"


def _count(pictures: Sequence[Shown]) -> str:
    return f"{len(pictures)} picture{'s' * (len(pictures) != 1)}"


def _joined(data) -> str:
    return "".join(data) if isinstance(data, list) else str(data)

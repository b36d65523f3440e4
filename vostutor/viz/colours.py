"""Which colour and which line an id or a curve gets, so that nobody needs to see colour to follow it.

The seven hues are those of Okabe and Ito (Color Universal Design, 2008), chosen to stay apart under the common kinds of colour
blindness. Seven hues and three outlines have no common factor, so 21 ids pass before a combination returns.
"""

from dataclasses import dataclass

VOID_COLOUR = (128, 128, 128)
INK = (34, 34, 34)

ORANGE, SKY, GREEN = (230, 159, 0), (86, 180, 233), (0, 158, 115)
YELLOW, BLUE, VERMILLION, PURPLE = (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)

_OBJECTS = (ORANGE, SKY, GREEN, PURPLE, YELLOW, VERMILLION, BLUE)
_OUTLINES = ("solid", "dashed", "dotted")
_SERIES = (BLUE, VERMILLION, INK, GREEN, PURPLE)
_LINES = ("solid", "dashed", "dotted")
_MARKERS = ("o", "s", "^", "D", "v")

# Drawn and blank length of an outline, in line widths; every renderer (pixels, figures, browser) reads this one table.
DASHES = {"solid": (1.0, 0.0), "dashed": (4.0, 2.5), "dotted": (0.1, 3.2)}


@dataclass(frozen=True)
class Look:
    """A colour (R,G,B from 0 to 255), a line (solid, dashed, dotted) and a marker.

    >>> Look((230, 159, 0), "solid").hex
    '#e69f00'
    """

    colour: tuple[int, int, int]
    dash: str
    marker: str = ""

    @property
    def hex(self) -> str:
        """The colour as CSS and matplotlib write it."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)


def look_of(object_id: int) -> Look:
    """The look of an object: it hangs on the id alone, so an id keeps it through a clip and from picture to picture.

    Units: id 1 to 254; 255 (void) is grey.
    >>> look_of(1).dash, look_of(2).dash, look_of(1) == look_of(22)
    ('solid', 'dashed', True)
    """
    if int(object_id) == 255:
        return Look(VOID_COLOUR, "solid")
    turn = int(object_id) - 1
    return Look(_OBJECTS[turn % len(_OBJECTS)], _OUTLINES[turn % len(_OUTLINES)])


def series_look(index: int) -> Look:
    """The look of the index-th curve or group of bars; its line and marker differ too.

    >>> series_look(0).marker, series_look(1).dash
    ('o', 'dashed')
    """
    return Look(_SERIES[index % len(_SERIES)], _LINES[index % len(_LINES)], _MARKERS[index % len(_MARKERS)])

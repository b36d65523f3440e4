"""The error family: what was expected, what came, one thing to try."""


class VosError(Exception):
    """A user's mistake, told in three parts.

    >>> print(DataError(expected="82 PNG", got="81 PNG (00041 missing)", try_this="copy the sequence again"))
    expected  82 PNG
    got       81 PNG (00041 missing)
    try       copy the sequence again
    """

    def __init__(self, *, expected: str, got: str, try_this: str):
        self.expected, self.got, self.try_this = expected, got, try_this
        super().__init__(f"expected  {expected}\ngot       {got}\ntry       {try_this}")

    def __reduce__(self):
        return _rebuild, (type(self), self.expected, self.got, self.try_this)


def _rebuild(kind: type[VosError], expected: str, got: str, try_this: str) -> VosError:
    return kind(expected=expected, got=got, try_this=try_this)


class ShapeError(VosError, ValueError):
    """An array with the wrong axes, type or range."""


class DataError(VosError, ValueError):
    """A file, folder, clip or mask that cannot be used."""


class SettingsError(VosError, ValueError):
    """An option, name or profile that does not exist or does not fit."""


class LessonError(VosError):
    """A master, notebook or exercise that is not in order."""

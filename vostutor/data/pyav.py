"""PyAV, the FFmpeg libraries: imported when the first video file is opened, since an installation can do without."""

from types import ModuleType

from vostutor.core.errors import SettingsError


def pyav() -> ModuleType:
    """The module `av`.

    Raises: SettingsError where it is not installed.
    >>> hasattr(pyav(), "open")
    True
    """
    try:
        import av
        import av.video.reformatter
    except ImportError:
        raise SettingsError(
            expected="PyAV, which reads and writes video files",
            got="an installation without it",
            try_this="pip install 'vostutor[video]'",
        ) from None
    return av

"""Layer 0: errors, shapes, clips, profiles. Names load on first use, so that importing this folder costs nothing."""

_HOME = {
    "VosError": "errors", "ShapeError": "errors", "DataError": "errors", "SettingsError": "errors", "LessonError": "errors",
    "expect": "shapes",
    "Clip": "clip", "FrameSource": "clip", "Segmenter": "clip", "ClipSegmenter": "clip",
    "VOID": "ids", "BACKGROUND": "ids",
    "Profile": "profiles", "PROFILES": "profiles", "profile_named": "profiles",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

"""Layer 0: errors, shapes, clips, profiles. Names load on first use, so that importing this folder costs nothing."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "VosError": "errors", "ShapeError": "errors", "DataError": "errors", "SettingsError": "errors", "LessonError": "errors",
    "expect": "shapes",
    "Clip": "clip", "FrameSource": "clip", "Segmenter": "clip", "ClipSegmenter": "clip",
    "VOID": "ids", "BACKGROUND": "ids",
    "Profile": "profiles", "PROFILES": "profiles", "profile_named": "profiles",
})  # fmt: skip

"""Layer 2: where the course's data lies, how it is read, and how minivos is drawn. Names load on first use."""

_HOME = {
    "home": "place",
    "DavisRoot": "davis", "DavisSequence": "davis",
    "VideoSource": "video", "FolderSource": "video", "open_source": "video", "read_frame": "frames",
    "read_ids": "palette", "write_ids": "palette",
    "draw_clip": "minivos", "LABELS": "minivos", "VERSION": "minivos", "validation_split": "minivos",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

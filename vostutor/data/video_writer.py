"""Pictures as a video that every browser plays: H.264 in an MP4.

Three things make it playable where it otherwise would not be: the pixel format yuv420p, in which four pixels share one colour, so that
both sides are even; the index at the file's beginning; and a note that says which matrix turned red, green and blue into it.
"""

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.shapes import expect
from vostutor.data.pyav import pyav

# A short look ahead keeps few frames in memory; 18 to 23 is what one hardly tells from the original.
_ENCODING = {"crf": "20", "preset": "veryfast", "rc-lookahead": "10"}
_BT709 = {
    "colorspace": 1,
    "color_primaries": 1,
    "color_trc": 1,
    "color_range": 1,
}  # FFmpeg's numbers; range 1 is 16 to 235


class VideoWriter:
    """A context that writes pictures one by one, holding a few of them; the file is there when it ends well, and not when it does not.

    A picture with an odd side gets its last row or column twice.

    Shapes: write takes uint8 (H,W,3), RGB, all of one size.
    Units: fps in pictures a second.
    Raises: SettingsError where PyAV is not installed, ShapeError for pictures of another kind or size, DataError when none came.
    Source: PyAV, i.e. the FFmpeg libraries with x264.
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "grey.mp4"
    >>> with VideoWriter(path, fps=24) as video:
    ...     video.write(np.full((49, 65, 3), 128, np.uint8))
    >>> from vostutor.data import open_source
    >>> open_source(path)
    VideoSource('grey', 50x66, 24 frames a second)
    """

    def __init__(self, path: str | Path, *, fps: float = 24.0):
        self.path, self.fps = Path(path), fps
        self._half = self.path.with_name(f".{self.path.name}.half")
        self._size: tuple[int, int] | None = None  # of the first picture

    def __enter__(self) -> "VideoWriter":
        av = pyav()
        self._container = av.open(str(self._half), "w", format="mp4", options={"movflags": "+faststart"})
        self._to_yuv = av.video.reformatter.VideoReformatter()
        return self

    def write(self, pixels: np.ndarray) -> None:
        """Append a picture. Shapes: uint8 (H,W,3)."""
        self._check(pixels)
        height, width = self._size
        even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = pyav().VideoFrame.from_ndarray(even, format="rgb24")
        picture = self._to_yuv.reformat(frame, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        self._container.mux(self._stream.encode(picture))

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                self._finish()
                os.replace(self._half, self.path)
        finally:
            with suppress(pyav().error.FFmpegError):  # a file that failed may fail once more; the first reason is told
                self._container.close()
            self._half.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self._size is None:
            raise DataError(expected="at least one picture", got="none", try_this="video.write(pixels)")
        self._container.mux(self._stream.encode())
        self._container.close()

    def _check(self, pixels: np.ndarray) -> None:
        expect("pixels: H W 3", pixels=pixels, hint="one RGB picture (H,W,3) at a time")
        if self._size is None:
            self._size = pixels.shape[:2]
            self._stream = self._begin(*self._size)
        if pixels.dtype != np.uint8 or pixels.shape[:2] != self._size:
            raise ShapeError(
                expected=f"pictures of uint8 {self._size}, like the first",
                got=f"{pixels.dtype} {pixels.shape[:2]}",
                try_this="one VideoWriter for each size",
            )

    def _begin(self, height: int, width: int):
        stream = self._container.add_stream("libx264", rate=Fraction(self.fps).limit_denominator(1001))
        stream.height, stream.width, stream.pix_fmt = height + height % 2, width + width % 2, "yuv420p"
        stream.options = _ENCODING
        for name, value in _BT709.items():
            setattr(stream.codec_context, name, value)
        return stream

"""Frames drawn by a rule, and the videos and folders that tests write of them."""

import cv2
import numpy as np


def drawn_frames(count, height=48, width=64, seed=0):
    """A smooth texture that moves two pixels a frame to the left; uint8 (H,W,3) RGB each."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, (width + 2 * count) // 8, 3), dtype=np.uint8)
    wide = cv2.resize(noise, (width + 2 * count, height), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wide[:, 2 * t : 2 * t + width]) for t in range(count)]


def write_video(path, frames, codec="libx264", pix_fmt="yuv420p", rate=24, times=None, movflags="", container=None):
    """Encode frames; `times` are their moments in milliseconds, where they do not come evenly."""
    from fractions import Fraction

    options = {"movflags": movflags} if movflags else {}
    import av

    with av.open(str(path), "w", format=container, options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pix_fmt
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for t, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times:
                picture.pts, picture.time_base = times[t], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def arrays(source):
    return [frame.permute(1, 2, 0).numpy() for frame, _ in source]


def folder_of(path, frames, names=None, ext="png"):
    path.mkdir(parents=True, exist_ok=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(str(path / f"{names[t] if names else f'{t:05d}'}.{ext}"), frame[:, :, ::-1])
    return path

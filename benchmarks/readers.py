"""What reading costs beside OpenCV, on files drawn and encoded here: `python benchmarks/readers.py`.

Milliseconds are CPU time of the whole process, so that a busy machine and threads do not flatter anyone. Each reader takes its turn in
each round, in one process; a ratio is the median over the rounds.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np

from vostutor.data import DavisRoot, VideoSource, read_frame, read_ids, write_ids

HEIGHT, WIDTH, FRAMES, ROUNDS = 480, 854, 48, 9
TARGETS = {  # what is measured, beside what, the ratio of their times at most
    "frame from JPEG": ("cv2.imread", 1.1),
    "frame from H.264": ("cv2.VideoCapture", 1 / 0.9),
}


def drawn_frames() -> list[np.ndarray]:
    """A camera that travels over a textured, slightly noisy ground, uint8 (H,W,3) RGB."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (HEIGHT // 8 + 8, WIDTH // 8 + 16, 3), dtype=np.uint8)
    ground = cv2.resize(coarse, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    ground = np.clip(ground + random.normal(0, 4, ground.shape), 0, 255).astype(np.uint8)
    return [np.ascontiguousarray(ground[t : t + HEIGHT, 2 * t : 2 * t + WIDTH]) for t in range(FRAMES)]


def write_files(folder: Path) -> None:
    """The same clip as a DAVIS sequence with one mask per frame, and as H.264."""
    frames = drawn_frames()
    pictures = folder / "JPEGImages/480p/ground"
    pictures.mkdir(parents=True)
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(ids, (300, 240), (140, 90), 20, 0, 360, 1, -1)
    cv2.ellipse(ids, (600, 200), (70, 120), 0, 0, 360, 2, -1)
    with av.open(str(folder / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for t, frame in enumerate(frames):
            cv2.imwrite(str(pictures / f"{t:05d}.jpg"), frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
            write_ids(folder / f"Annotations/480p/ground/{t:05d}.png", np.roll(ids, t, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def readers(folder: Path) -> dict[str, Callable[[], int]]:
    """Each reads the whole clip once and returns how many frames there were."""
    jpegs = sorted(map(str, (folder / "JPEGImages/480p/ground").iterdir()))
    masks = sorted((folder / "Annotations/480p/ground").iterdir())
    sequence = DavisRoot(folder).sequence("ground")
    video = VideoSource(folder / "clip.mp4")
    return {
        "cv2.imread": lambda: len([cv2.imread(path, cv2.IMREAD_COLOR_RGB).shape for path in jpegs]),
        "frame from JPEG": lambda: len([read_frame(path).shape for path in jpegs]),
        "frame from DavisSequence": lambda: sum(1 for _ in sequence),
        "cv2.VideoCapture": lambda: count_capture(folder / "clip.mp4"),
        "frame from H.264": lambda: sum(1 for _ in video),
        "mask from PNG": lambda: len([read_ids(path).shape for path in masks]),
        "mask from DavisSequence": lambda: sum(1 for _ in sequence.truth()),
    }


def count_capture(path: Path) -> int:
    """Frames that OpenCV reads from a video file."""
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def measure() -> dict[str, list[float]]:
    """CPU milliseconds per frame of each reader, one number a round."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder))
        turns = readers(Path(folder))
        spent: dict[str, list[float]] = {name: [] for name in turns}
        for _ in range(ROUNDS):
            for name, read in turns.items():
                start = time.process_time()
                assert read() == FRAMES, f"{name} lost frames"
                spent[name].append(1e3 * (time.process_time() - start) / FRAMES)
    return spent


def main() -> int:
    """Print the table and JSON of it; 1 when a target is missed."""
    cv2.setNumThreads(1)
    spent = measure()
    rows = {name: {"cpu_ms": round(median(times), 3)} for name, times in spent.items()}
    for name, (beside, at_most) in TARGETS.items():
        ratio = median(mine / its for mine, its in zip(spent[name], spent[beside], strict=True))
        rows[name] |= {"beside": beside, "ratio": round(ratio, 3), "at_most": round(at_most, 3)}
    for name, row in rows.items():
        told = f"   {row['ratio']:.2f} x {row['beside']}, at most {row['at_most']:.2f}" if "ratio" in row else ""
        print(f"{name:26}{row['cpu_ms']:7.2f} ms{told}")
    print(json.dumps({"readers": rows, "frames": FRAMES, "size": f"{WIDTH}x{HEIGHT}", "rounds": ROUNDS}))
    return int(any(row.get("ratio", 0) > row.get("at_most", 0) for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())

"""Whether drawn clips give their objects away by a shortcut: `python -m benchmarks.probes [--data DAVIS]`.

Small nets learn object against background on drawn pictures and are tried on others, drawn and filmed. A shortcut is a cue that works
better on drawn pictures than on film, so the alarm is a drawn AUC more than MARGIN above the filmed one of the same net. Without
`--data` the filmed column holds recorded figures.

    ladder N      a net that sees N x N pixels: colour alone, then local texture
    high-pass     5 x 5 pixels of the picture minus its 5 x 5 mean: resampling, edges, noise, JPEG
    border        5 x 5 pixels in a 5-pixel band along true outlines, against the same band moved elsewhere
    shuffle       a U-Net that sees everything, on pictures cut into 8 x 8 patches and shuffled: it must fall to ladder 9
    decoys        share of the pixels of unlabelled things that the U-Net calls object, where a clip tells them; printed, no alarm

Source: the receptive-field ladder after the local cues of Geirhos et al., "Shortcut learning in deep neural networks", Nature Machine
Intelligence 2, 2020; own design otherwise.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch
from torch import Tensor

from benchmarks.clip_statistics import Clips, default_clips
from benchmarks.measures import davis
from benchmarks.measures.observed import Observed, grown, shrunk, thinned
from benchmarks.measures.probe_nets import Keyhole, SmallUNet, mean_auc, scores, train
from vostutor.core import Clip
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import scene_of
from vostutor.data.studio.labels import layers_of

MARGIN, CHANCE = 0.1, 0.5  # a cue that misleads on film is worth no less than none
STEPS = {"ladder 1": 400, "ladder 5": 300, "ladder 9": 200, "high-pass": 300, "border": 300, "U-Net": 200}
TRAIN, HELD_OUT, FRAMES = 90, 30, 8  # clips and their length; the first and the last frame but one are looked at
PATCH = 8
# AUC on DAVIS of nets trained on the first prototype's pictures. One pixel told nothing.
RECORDED = {"ladder 1": CHANCE, "ladder 5": 0.71, "ladder 9": 0.72, "high-pass": 0.72}
MEASURED = davis.MEASURED.with_name("davis_probes.json")  # of our own nets, written with --data


def recorded(name: str) -> float | None:
    """What stands for film where there is none: the last figure that this script measured, or the recorded one."""
    own = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    return own.get(name, RECORDED.get(name))


@dataclass(frozen=True)
class Pictures:
    """Single frames with the mask of all their objects, and of unlabelled things where they are known.

    Shapes: frames uint8 (N,H,W,3), masks bool (N,H,W), decoys bool (N,H,W) or None.
    """

    frames: np.ndarray
    masks: np.ndarray
    decoys: np.ndarray | None = None

    def __getitem__(self, some) -> "Pictures":
        return Pictures(self.frames[some], self.masks[some], None if self.decoys is None else self.decoys[some])


def from_clips(clips: Iterable[Clip], decoys: Callable[[Clip], np.ndarray] | None = None) -> Pictures:
    """Two frames of each clip. `decoys` tells the pixels of a clip's unlabelled things, bool (T,H,W)."""
    frames, masks, others = [], [], []
    for clip in clips:
        two = [0, len(clip.frames) - 2]
        frames.append(clip.frames[two].permute(0, 2, 3, 1).numpy())
        masks.append(clip.ids[two].numpy() > 0)
        others.append(decoys(clip)[two] if decoys else masks[-1])
    return Pictures(np.concatenate(frames), np.concatenate(masks), np.concatenate(others) if decoys else None)


def from_davis(root: str | Path, every: int = 4) -> Pictures:
    """Every fourth frame of the six sequences, shrunk to 96x160."""
    frames, masks = [], []
    for _, film, mask in davis.read(root):
        frames.append(Observed(film[::every]).small.frames)
        masks.append(np.stack([shrunk(one) for one in mask[::every]]))
    return Pictures(np.concatenate(frames), np.concatenate(masks))


def plain(frames: np.ndarray) -> Tensor:
    """The pictures as a net takes them: uint8 (N,H,W,3) -> float (N,3,H,W) around 0."""
    return torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))).float() / 64 - 2


def high_pass(frames: np.ndarray) -> Tensor:
    """The same minus its 5 x 5 mean, so that neither colour nor shading is left."""
    detail = np.stack([frame - cv2.blur(frame, (5, 5)) for frame in frames.astype(np.float32)])
    return torch.from_numpy(np.ascontiguousarray(detail.transpose(0, 3, 1, 2))) / 16


def band(mask: np.ndarray) -> np.ndarray:
    """Five pixels along the outline: three outside, two inside."""
    return grown(mask, 3) & ~thinned(mask, 2)


def false_outline(mask: np.ndarray, rng: np.random.Generator, attempts: int = 40) -> np.ndarray:
    """The mask moved elsewhere: of some random places that keep half of it in the picture, the one that overlaps it least."""
    best, least = np.zeros_like(mask), np.inf
    for _ in range(attempts):
        y, x = (rng.integers(-n // 2, n // 2 + 1) for n in mask.shape)
        matrix = np.float32([[1, 0, x], [0, 1, y]])
        moved = cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST) > 0
        overlap = np.count_nonzero(band(moved) & band(mask))
        if overlap < least and 2 * np.count_nonzero(moved) >= np.count_nonzero(mask):
            best, least = moved, overlap
    return best


def borders(masks: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bands along true outlines, and the pixels that count: those of a true or a false band, not of both.

    Shapes: bool (N,H,W) -> bool (N,H,W) twice.
    """
    rng = np.random.default_rng(seed)
    true = np.stack([band(mask) for mask in masks])
    false = np.stack([band(false_outline(mask, rng)) for mask in masks])
    return true, true ^ false


def everywhere(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Object against background, every pixel counting."""
    return masks, np.ones_like(masks)


def shuffled(pictures: Pictures, seed: int = 0) -> Pictures:
    """Frames and masks cut into 8 x 8 patches, the same patch of both going to the same new place."""
    rng = np.random.default_rng(seed)
    number, height, width = pictures.masks.shape
    rows, columns = height // PATCH, width // PATCH
    frames, masks = [], []
    for frame, mask in zip(pictures.frames, pictures.masks, strict=True):
        order = rng.permutation(rows * columns)
        both = (
            np.dstack([frame, mask]).reshape(rows, PATCH, columns, PATCH, 4).swapaxes(1, 2).reshape(-1, PATCH, PATCH, 4)
        )
        both = both[order].reshape(rows, columns, PATCH, PATCH, 4).swapaxes(1, 2).reshape(height, width, 4)
        frames.append(both[..., :3])
        masks.append(both[..., 3] > 0)
    return Pictures(np.stack(frames), np.stack(masks))


@dataclass(frozen=True)
class Probe:
    """A net, what it is shown, and which pixels it has to tell apart."""

    make: Callable[[], torch.nn.Module]
    show: Callable[[np.ndarray], Tensor] = plain
    ask: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] = everywhere

    def learn(self, pictures: Pictures, steps: int) -> torch.nn.Module:
        truth, counted = (torch.from_numpy(array)[:, None] for array in self.ask(pictures.masks))
        return train(self.make, self.show(pictures.frames), truth, counted, steps=steps)

    def auc(self, net: torch.nn.Module, pictures: Pictures) -> float:
        return mean_auc(scores(net, self.show(pictures.frames)), *self.ask(pictures.masks))


PROBES = {
    "ladder 1": Probe(lambda: Keyhole(1)),
    "ladder 5": Probe(lambda: Keyhole(5)),
    "ladder 9": Probe(lambda: Keyhole(9)),
    "high-pass": Probe(lambda: Keyhole(5), show=high_pass),
    "border": Probe(lambda: Keyhole(5), ask=borders),
}


@dataclass(frozen=True)
class Finding:
    """One line of the table: AUC on drawn pictures, on film or what stands for it, and whether that is a leak.

    `watched` is False for lines that are only looked at."""

    name: str
    drawn: float
    filmed: float | None
    watched: bool = True

    @property
    def alarm(self) -> bool:
        if not self.watched or self.filmed is None:
            return False
        return bool(np.isnan(self.drawn) or self.drawn > max(self.filmed, CHANCE) + MARGIN)


def run_probe(
    name: str, learnt: Pictures, held_out: Pictures, film: Pictures | None, *, steps: int | None = None
) -> Finding:
    """Train one net on drawn pictures and try it on others, and on film or against its recorded figure."""
    probe = PROBES[name]
    net = probe.learn(learnt, steps or STEPS[name])
    filmed = probe.auc(net, film) if film else recorded(name)
    return Finding(name, probe.auc(net, held_out), filmed)


def decoy_recall(prob: np.ndarray, decoys: np.ndarray) -> float:
    """Share of the unlabelled things' pixels that are called object; NaN where there are none.

    Shapes: prob float (N,H,W) in [0,1], decoys bool (N,H,W).
    >>> decoy_recall(np.array([[[.9, .2, .8]]]), np.array([[[True, True, False]]]))
    0.5
    """
    return float((prob[decoys] > 0.5).mean()) if decoys.any() else float("nan")


def unet_probes(learnt: Pictures, held_out: Pictures, film: Pictures | None, ladder: float, steps: int | None = None):
    """A U-Net on whole pictures, on shuffled ones, which must be worth no more than the 9-pixel ladder, and on decoys.

    The findings in this order; without known decoys the last is NaN.
    """
    probe = Probe(SmallUNet)
    net = probe.learn(learnt, steps or STEPS["U-Net"])
    whole = Finding(
        "U-Net whole", probe.auc(net, held_out), None if film is None else probe.auc(net, film), watched=False
    )
    patches = Finding("U-Net shuffled", probe.auc(net, shuffled(held_out)), ladder)
    recall = np.nan
    if held_out.decoys is not None:
        odds = scores(net, plain(held_out.frames))
        recall = decoy_recall(1 / (1 + np.exp(-odds)), held_out.decoys)
    return [whole, patches, Finding("decoy recall", recall, None, watched=False)]


def report(learnt: Pictures, held_out: Pictures, film: Pictures | None) -> list[Finding]:
    """All probes in order."""
    found = [run_probe(name, learnt, held_out, film) for name in PROBES]
    ladder = next(finding.drawn for finding in found if finding.name == "ladder 9")
    return found + unet_probes(learnt, held_out, film, ladder)


def unlabelled(clip: Clip) -> np.ndarray:
    """Where a drawn clip shows things that move and that nobody annotated. Shapes: bool (T,H,W)."""
    scene = scene_of(clip)
    layers = [layers_of(scene, thing) for thing in scene.things if not thing.number]
    return np.isin(clip.depth_order.numpy(), [layer for some in layers for layer in some])


def main(arguments: list[str] | None = None, clips: Clips = default_clips, decoys=unlabelled) -> int:
    """Print the table; 1 when a probe raises the alarm."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probes")
    parser.add_argument("--data", metavar="DAVIS", help="the six DAVIS sequences, for the filmed column")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    pictures = from_clips(clips(TRAIN + HELD_OUT, FRAMES), decoys)
    learnt, held_out = pictures[: 2 * TRAIN], pictures[2 * TRAIN :]
    start = time.process_time()
    found = report(learnt, held_out, from_davis(options.data) if options.data else None)
    print(f"{'probe':16}{'drawn':>8}{'filmed':>8}" + ("" if options.data else "   (recorded)"))
    for finding in found:
        filmed = "-" if finding.filmed is None else f"{finding.filmed:.2f}"
        print(f"{finding.name:16}{finding.drawn:8.2f}{filmed:>8}  {'ALARM' if finding.alarm else ''}".rstrip())
    print(
        "the shuffled U-Net is held to ladder 9 on drawn pictures; " + f"{time.process_time() - start:.0f} CPU-seconds"
    )
    if options.data:
        filmed = {finding.name: round(finding.filmed, 3) for finding in found if finding.name in PROBES}
        MEASURED.write_text(json.dumps(filmed, indent=1) + "\n")
    if options.out:
        rows = {finding.name: [finding.drawn, finding.filmed, finding.alarm] for finding in found}
        options.out.write_text(json.dumps({"fingerprint": fingerprint(), "probes": rows}, indent=1) + "\n")
    return int(any(finding.alarm for finding in found))


if __name__ == "__main__":
    sys.exit(main())

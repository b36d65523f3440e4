"""What the correlation probe looks at: two frames, features of both, and the scores of all places, whoever computes them.

Reading order: Pair and pair_of (two frames and what is known about them), describe_patches (features that need no network), Volumes
(the student's functions, asked once for each radius). What the scores say: probe_scores.py.
Letters: H rows, W columns of a frame; h, w of the features; C channels; r radius of the window in cells, D = 2r + 1. A cell is one
place of the features, `stride` pixels wide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError
from vostutor.core.shapes import expect
from vostutor.viz.draw import as_pixels

_UNKNOWN = 1e9  # px; how flow files mark a pixel whose flow nobody knows
_PATCH = 7  # pixels across: enough to tell corners apart, too little to see an object
_CELLS = 4000  # places that frames are described at where no stride is given
_FAINT = 0.02  # contrast of a patch, grey values being 0 to 1, that is as good as none
_LONGEST_NOTE = 240  # letters of an error that are shown


@dataclass(frozen=True, eq=False)
class Pair:
    """Two frames, where each pixel of the first went, and which of them are hidden in the second.

    Shapes: frames uint8 (2,3,H,W); flow float32 (2,H,W), x then y, NaN where unknown; hidden bool (H,W).
    """

    frames: np.ndarray
    flow: np.ndarray
    hidden: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.frames.shape[-2:]


def pair_of(clip_or_pair, frame: int = 0) -> Pair:
    """The pair that starts at this frame of a clip, or the one given as (frame1, frame2), with flow, or with flow and hidden.

    Shapes: frames (3,H,W) or (H,W,3), uint8 or floats from 0 to 1; flow (2,H,W), NaN or beyond 1e9 where unknown; hidden (H,W) bool.
    Raises: DataError for what is no pair and a frame without a next one, ShapeError for other axes, types or sizes.
    >>> grey = np.zeros((3, 8, 8), np.uint8)
    >>> pair_of((grey, grey)).size
    (8, 8)
    """
    if isinstance(clip_or_pair, Clip):
        clip_or_pair = _cut(clip_or_pair, frame)
    if not isinstance(clip_or_pair, Sequence) or not 2 <= len(clip_or_pair) <= 4:
        raise DataError(
            expected="a Clip, or (frame1, frame2, flow)",
            got=f"a {type(clip_or_pair).__name__}",
            try_this="CorrelationProbe((frames[0], frames[1], flow[0]))",
        )
    first, second, flow, hidden = (*clip_or_pair, None, None)[:4]
    first, second = (_as_frame(image) for image in (first, second))
    size = first.shape[1:]
    flow = np.full((2, *size), np.nan) if flow is None else flow
    flow = np.asarray(flow).astype(np.float32)
    hidden = np.zeros(size, bool) if hidden is None else np.asarray(hidden) > 0
    expect(
        "frame1: 3 H W, frame2: 3 H W, flow: 2 H W, hidden: H W", frame1=first, frame2=second, flow=flow, hidden=hidden
    )
    flow[:, ~(np.abs(flow) < _UNKNOWN).all(axis=0)] = np.nan  # a NaN is not smaller either
    return Pair(np.stack([first, second]), flow, hidden)


def scale_of(pair: Pair) -> float:
    """What the rim of the colour wheel stands for: the longest motion, rounded up. Units: whole pixels, at least 1.

    >>> grey = np.zeros((3, 8, 8), np.uint8)
    >>> scale_of(pair_of((grey, grey, np.full((2, 8, 8), 3.0))))
    5.0
    """
    lengths = np.hypot(*pair.flow)
    return float(max(1, np.ceil(np.nanmax(lengths)))) if np.isfinite(lengths).any() else 1.0


def _cut(clip: Clip, frame: int) -> tuple:
    if not isinstance(frame, int | np.integer) or not 0 <= frame < len(clip) - 1:
        raise DataError(
            expected=f"a frame that has a next one, of {len(clip)} frames counted from 0",
            got=repr(frame),
            try_this="frame=0, and a clip of at least two frames",
        )
    known = (None if array is None else array[frame] for array in (clip.flow_fwd, clip.occluded))
    return clip.frames[frame], clip.frames[frame + 1], *known


def _as_frame(image) -> np.ndarray:
    image = np.asarray(image)
    if np.issubdtype(image.dtype, np.floating) and image.size and image.min() >= 0 and image.max() <= 1:
        image = np.rint(image * 255).astype(np.uint8)
    return as_pixels(image).transpose(2, 0, 1)


def describe_patches(frames, stride: int | None = None):
    """Features that nobody trained: grey values and gradients of the 7 x 7 pixels around each place, as a vector of length sqrt(C).

    The mean product of two of them is the cosine between the patches: 1 where they are equal, also in other light, about 0 where they
    have nothing in common. A patch with hardly any contrast stays short: blown up, its noise would look like something.

    Shapes: frames float (B,3,H,W) in [0,1] -> float32 (B,147,h,w), h = ceil(H / stride); 147 = 49 pixels x (grey, d/dx, d/dy).
    Units: stride in pixels; left out, the smallest from 2 on that gives at most some 4000 places.
    Source: own design, after the normalised patches of classical matching.
    >>> import torch
    >>> describe_patches(torch.rand(2, 3, 12, 17), stride=2).shape
    torch.Size([2, 147, 6, 9])
    """
    import torch
    from torch.nn.functional import pad

    sizes = expect("frames: B 3 H W", frames=frames)
    stride = stride or max(2, int(np.ceil(np.sqrt(sizes["H"] * sizes["W"] / _CELLS))))
    rim = _PATCH // 2 + 1
    grey = pad(frames.float().mean(dim=1, keepdim=True), [rim, rim + stride] * 2, mode="replicate")
    across, down = grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2], grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1]
    layers = torch.cat([grey[..., 1:-1, 1:-1], across, down], dim=1)[..., stride // 2 :, stride // 2 :]
    patches = layers.unfold(2, _PATCH, stride).unfold(3, _PATCH, stride).flatten(4)
    patches = patches[:, :, : -(-sizes["H"] // stride), : -(-sizes["W"] // stride)]
    patches = torch.cat([patches[:, :1] - patches[:, :1].mean(dim=-1, keepdim=True), patches[:, 1:]], dim=1)
    vectors = patches.permute(0, 1, 4, 2, 3).flatten(1, 2)
    squares = vectors.square().mean(dim=1, keepdim=True)
    return vectors / (squares + _FAINT**2).sqrt()


class Volumes:
    """The scores of every place of frame 1, by radius, from the package's functions or a student's; what fails is noted, not raised.

    features: frames float (2,3,H,W) in [0,1] -> (2,C,h,w), about H / h pixels a cell in both axes; describe_patches where left out.
    correlation: (f1, f2, radius) -> (1,D*D,h,w), channel (dy + r) * D + (dx + r); the package's where left out.
    >>> frames = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 12), dtype=np.uint8)
    >>> Volumes(pair_of(tuple(frames))).of(1).shape
    (3, 3, 4, 6)
    """

    def __init__(self, pair: Pair, features: Callable | None = None, correlation: Callable | None = None):
        self.pair, self._features, self._correlation = pair, features, correlation
        self._known: dict[int, tuple[np.ndarray, str]] = {}

    @cached_property
    def _described(self):
        """Features of both frames, and what went wrong with the student's."""
        import torch

        frames = torch.from_numpy(self.pair.frames.copy()).float() / 255
        if self._features is None:
            return describe_patches(frames), ""
        try:
            with torch.no_grad():
                found = torch.as_tensor(self._features(frames.clone())).detach().float().cpu()
            wrong = _what_is_wrong(found, self.pair.size)
        except Exception as error:  # anything can come out of a student's function
            wrong = f"features gave nothing: {told(error)}"
        if wrong:
            return describe_patches(frames), f"{wrong}. Patches stand in for them."
        return found, ""

    @property
    def cells(self) -> tuple[int, int]:
        """(h, w)."""
        return tuple(self._described[0].shape[-2:])

    @property
    def stride(self) -> int:
        """Units: pixels a cell."""
        return _stride(self.pair.size, self.cells)

    def of(self, radius: int) -> np.ndarray:
        """The scores at this radius, NaN where there are none. Shapes: -> float32 (D,D,h,w), dy outside."""
        return self._asked(radius)[0]

    def notes(self, radius: int) -> list[str]:
        """What went wrong on the way to the scores at this radius."""
        return [note for note in (self._described[1], self._asked(radius)[1]) if note]

    def _asked(self, radius: int) -> tuple[np.ndarray, str]:
        if radius not in self._known:
            self._known[radius] = self._ask(radius)
        return self._known[radius]

    def _ask(self, radius: int) -> tuple[np.ndarray, str]:
        import torch

        f1, f2 = (f[None].clone() for f in self._described[0])  # a function that writes into its input spoils nothing
        wanted, side = (1, (2 * radius + 1) ** 2, *self.cells), 2 * radius + 1
        try:
            with torch.no_grad():
                volume = torch.as_tensor((self._correlation or _own)(f1, f2, radius)).detach().float().cpu()
            if volume.shape == wanted:
                return volume[0].numpy().reshape(side, side, *self.cells), ""
            note = f"correlation gave shape {tuple(volume.shape)} instead of {wanted}"
        except Exception as error:
            note = f"correlation gave nothing: {told(error)}"
        return np.full((side, side, *self.cells), np.nan, np.float32), note


def _own(f1, f2, radius: int):
    from vostutor.ops.cost_volume import correlation

    return correlation(f1, f2, max_displacement=radius, stride2=1)


def told(error: Exception) -> str:
    """An error of a student's function in a line of the widget.

    >>> told(ValueError("no"))
    'ValueError: no'
    """
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_NOTE]


def _stride(size: tuple[int, int], cells: tuple[int, int]) -> int:
    return max(1, round(size[0] / cells[0]), round(size[1] / cells[1]))


def _what_is_wrong(found, size: tuple[int, int]) -> str:
    """Why these features cannot be used, or nothing. A last row or column may reach over the edge, or be missing."""
    got = f"features gave shape {tuple(found.shape)} for frames of {size[0]} x {size[1]}"
    if found.ndim != 4 or found.shape[0] != 2 or 0 in found.shape:
        return f"{got}; (2, C, h, w) is needed"
    stride = _stride(size, tuple(found.shape[-2:]))
    if any(abs(n * stride - pixels) >= 2 * stride for n, pixels in zip(found.shape[-2:], size, strict=True)):
        return f"{got}, which is not one stride in both axes"
    return "" if bool(found.isfinite().all()) else f"{got} with values that are no numbers"

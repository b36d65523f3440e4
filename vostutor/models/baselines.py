"""The trivial baselines: hold the last mask that was told, or let the optical flow carry it along.

[DAVIS] F. Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation. CVPR 2016.

Problem: a system that learned a lot has to beat what costs nothing. Copying shows how much of a score the objects' slowness gives
    away; warping shows how far motion alone leads before its small errors have added up.
Reading order: CopyFirstMask; FlowWarp, which differs in `step`; SoftFlowWarp, which carries fractions where FlowWarp rounds.
Letters: K objects, H rows, W columns.
Departures: none. [DAVIS] defines the task and the measures; the baselines have no paper of their own.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.shapes import expect
from vostutor.ops.masks import object_order, one_hot
from vostutor.ops.warp import backward_warp


class CopyFirstMask:
    """A Segmenter that answers with the last mask it was told, whatever the frame shows.

    >>> system = CopyFirstMask()
    >>> frame = torch.zeros(3, 1, 3, dtype=torch.uint8)
    >>> system.observe(frame, torch.tensor([[0, 5, 255]]))
    >>> system.step(frame)[1]                                     # channel 1 is object 5; void became background
    tensor([[0., 1., 0.]])
    """

    def __init__(self):
        self.objects: tuple[int, ...] = ()
        self.ids: Tensor | None = None  # the mask of the frame before, without void

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember a mask; it replaces what was remembered of the objects, whose channels stay in order of first annotation.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void.
        Raises: ShapeError for a frame or mask of another size, DataError for ids beyond 0..255.
        """
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="one mask of the size of its frame")
        self._check_size(frame)
        self.objects = object_order(self.objects, ids)
        self.ids = torch.where(ids == VOID, 0, ids.long()).to(frame.device)

    def step(self, frame: Tensor) -> Tensor:
        """The remembered mask.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), zeros and ones.
        Raises: DataError before any mask was told, ShapeError for a frame of another size.
        """
        self._check_ready(frame)
        return one_hot(self.ids, self.objects)

    def _check_ready(self, frame: Tensor) -> None:
        if self.ids is None:
            raise DataError(
                expected="a mask before the first step",
                got="none",
                try_this="system.observe(frame, ids) with the first frame and its mask",
            )
        self._check_size(frame)

    def _check_size(self, frame: Tensor) -> None:
        expect("frame: 3 H W", frame=frame, hint="one RGB frame (3,H,W) at a time")
        if self.ids is not None and frame.shape[-2:] != self.ids.shape:
            raise ShapeError(
                expected=f"frames of {tuple(self.ids.shape)}, like those before",
                got=f"{tuple(frame.shape[-2:])}",
                try_this=f"a new {type(self).__name__} for each video",
            )


class FlowWarp(CopyFirstMask):
    """A Segmenter that carries the mask of the frame before along the optical flow.

    Every pixel of the current frame asks where it was a frame ago: `flow(current, previous)` leads there, and the id of the nearest
    pixel is fetched. So no pixel is left without an answer. What was hidden a frame ago fetches the id of whatever hid it, and an
    object that has left the image, wholly or in part, does not come back.

    flow: (frame uint8 (3,H,W), frame uint8 (3,H,W)) -> float32 (2,H,W) in pixels, from the first to the second.
    warp: (ids int64 (H,W), flow (2,H,W)) -> ids int64 (H,W); `fetch_ids` where it is left out.

    >>> def to_the_left(current, previous):                       # everything was one pixel further left a frame ago
    ...     return torch.tensor([-1.0, 0.0])[:, None, None].expand(2, 1, 4)
    >>> system = FlowWarp(to_the_left)
    >>> frame = torch.zeros(3, 1, 4, dtype=torch.uint8)
    >>> system.observe(frame, torch.tensor([[5, 0, 0, 6]]))
    >>> system.step(frame)[1:]                                    # object 5 moves to the right, object 6 leaves
    tensor([[[0., 1., 0., 0.]],
    <BLANKLINE>
            [[0., 0., 0., 0.]]])
    """

    def __init__(
        self, flow: Callable[[Tensor, Tensor], Tensor], warp: Callable[[Tensor, Tensor], Tensor] | None = None
    ):
        super().__init__()
        self.flow, self.warp = flow, warp or fetch_ids
        self.frame: Tensor | None = None  # the frame before

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember a frame and its mask; the next step starts from them.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void.
        Raises: ShapeError for a frame or mask of another size, DataError for ids beyond 0..255.
        """
        super().observe(frame, ids)
        self.frame = frame

    def step(self, frame: Tensor) -> Tensor:
        """The mask of the frame before, carried to this one.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), zeros and ones.
        Raises: DataError before any mask was told or for ids that the warp made up; ShapeError for a frame of another size, or what
            the flow or the warp returned.
        """
        flow = self._flow_back(frame)
        ids = self.warp(self.ids, flow)
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="warp(ids, flow) returns ids (H,W)")
        prob_all = one_hot(ids, self.objects)
        self.ids, self.frame = ids.long(), frame
        return prob_all

    def _flow_back(self, frame: Tensor) -> Tensor:
        self._check_ready(frame)
        flow = self.flow(frame, self.frame)
        expect("frame: 3 H W, flow: 2 H W", frame=frame, flow=flow, hint="flow(a, b) returns one (2,H,W), x then y")
        return flow


class SoftFlowWarp(FlowWarp):
    """FlowWarp with fractions: it blends the four pixels around the place and lets nothing be rounded until the end.

    A flow of a third of a pixel moves an object after three frames; FlowWarp, which rounds at each frame, never moves it. The price is
    that borders blur.

    >>> def a_third_from_the_left(current, previous):
    ...     return torch.tensor([-1 / 3, 0.0])[:, None, None].expand(2, 1, 4)
    >>> frame = torch.zeros(3, 1, 4, dtype=torch.uint8)
    >>> for system in (FlowWarp(a_third_from_the_left), SoftFlowWarp(a_third_from_the_left)):
    ...     system.observe(frame, torch.tensor([[1, 1, 0, 0]]))
    ...     print([system.step(frame)[1].round().int().tolist()[0] for _ in range(3)])
    [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    [[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]
    """

    def __init__(self, flow: Callable[[Tensor, Tensor], Tensor]):
        super().__init__(flow)
        self.prob: Tensor | None = None  # (K,H,W), the objects of the frame before

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember a frame and its mask; the next step starts from them.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void.
        Raises: ShapeError for a frame or mask of another size, DataError for ids beyond 0..255.
        """
        super().observe(frame, ids)
        self.prob = one_hot(self.ids, self.objects)[1:]

    def step(self, frame: Tensor) -> Tensor:
        """The probabilities of the frame before, carried to this one; what comes from outside the image is background.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), sums to 1 over axis 0.
        Raises: DataError before any mask was told; ShapeError for a frame of another size, or what the flow returned.
        """
        flow = self._flow_back(frame)
        self.prob, self.frame = backward_warp(self.prob[None], flow[None])[0], frame
        background = (1 - self.prob.sum(dim=0, keepdim=True)).clamp(min=0)
        return torch.cat([background, self.prob])


def fetch_ids(ids: Tensor, flow: Tensor) -> Tensor:
    """The id of the nearest pixel that each flow vector points to, background outside the image.

    Shapes: ids int64 (H,W) of the frame before, flow float32 (2,H,W) from the current frame back to it -> int64 (H,W).
    Units: flow in pixels, x then y.
    Raises: ShapeError for other axes or types.
    Source: nearest sampling of ops/warp.py.
    >>> fetch_ids(torch.tensor([[5, 0, 6]]), torch.tensor([0.6, 0.0]).reshape(2, 1, 1).expand(2, 1, 3))
    tensor([[0, 6, 0]])
    """
    expect("ids: H W, flow: 2 H W", ids=ids, flow=flow)
    return backward_warp(ids[None, None], flow[None], mode="nearest")[0, 0]

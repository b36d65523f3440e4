"""Dense inverse search: a fast optical flow that learned nothing, from OpenCV.

[DIS] T. Kroeger, R. Timofte, D. Dai, L. Van Gool: Fast Optical Flow using Dense Inverse Search. ECCV 2016.
"""

from typing import Literal

import cv2
import torch
from torch import Tensor

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect

PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


def dis_flow(frame_a: Tensor, frame_b: Tensor, preset: Literal["ultrafast", "fast", "medium"] = "medium") -> Tensor:
    """The flow from frame a to frame b: where in b each pixel of a went. The same frames give the same flow on any number of threads.

    The method sees brightness only. It matches patches of 8 pixels from coarse to fine and smooths the result, so thin parts that
    move fast are lost first.

    Shapes: frame_a, frame_b uint8 RGB (3,H,W) -> float32 (2,H,W), x then y, on frame_a's device (computed on the CPU).
    Units: pixels of the frames as given.
    Raises: ShapeError for frames that are not such, differ in size or are smaller than 8 x 12 pixels; SettingsError for another preset.
    Source: [DIS] as OpenCV has it, with OpenCV's presets.
    >>> frame = torch.zeros(3, 16, 24, dtype=torch.uint8)
    >>> dis_flow(frame, frame, preset="fast").abs().max()
    tensor(0.)
    """
    sizes = expect(
        "frame_a: 3 H W, frame_b: 3 H W", frame_a=frame_a, frame_b=frame_b, hint="two RGB frames of one size"
    )
    _check_settings(frame_a, frame_b, preset, sizes)
    solver = cv2.DISOpticalFlow_create(PRESETS[preset])
    flow = solver.calc(_brightness(frame_a), _brightness(frame_b), None)  # (H,W,2)
    return torch.from_numpy(flow).permute(2, 0, 1).contiguous().to(frame_a.device)


def _brightness(frame: Tensor):
    return cv2.cvtColor(frame.permute(1, 2, 0).contiguous().cpu().numpy(), cv2.COLOR_RGB2GRAY)


def _check_settings(frame_a: Tensor, frame_b: Tensor, preset: str, sizes: dict[str, int]) -> None:
    if preset not in PRESETS:
        raise SettingsError(expected=f"a preset: {', '.join(PRESETS)}", got=repr(preset), try_this="preset='medium'")
    for name, frame in (("frame_a", frame_a), ("frame_b", frame_b)):
        if frame.dtype != torch.uint8:
            raise ShapeError(
                expected=f"{name} as uint8, 0 to 255",
                got=f"{frame.dtype}",
                try_this="(255 * frame).round().byte() for a frame in [0, 1]",
            )
    # OpenCV's coarsest level has to hold a patch of 8 pixels
    if min(sizes["H"], sizes["W"]) < 8 or max(sizes["H"], sizes["W"]) < 12:
        raise ShapeError(
            expected="frames of at least 8 x 12 pixels",
            got=f"{sizes['H']} x {sizes['W']}",
            try_this="enlarge the frames first",
        )

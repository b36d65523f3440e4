"""How far every pixel is from a mask, exactly, from OpenCV."""

import cv2
import numpy as np
import torch
from torch import Tensor

from vostutor.core.errors import ShapeError
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect


def distance_to(mask: Tensor) -> Tensor:
    """The Euclidean distance of every pixel to the nearest true pixel: 0 on the mask, infinite everywhere where there is none.

    Shapes: mask bool (H,W) -> float32 (H,W), on the mask's device (computed on the CPU).
    Units: pixels, between the centres of pixels.
    Raises: ShapeError for other axes or types.
    Source: exact distance transform of Felzenszwalb and Huttenlocher (2012), as OpenCV has it.
    >>> distance_to(torch.tensor([[1, 0, 0], [0, 0, 0]]).bool())
    tensor([[0.0000, 1.0000, 2.0000],
            [1.0000, 1.4142, 2.2361]])
    """
    expect("mask: H W", mask=mask, hint="one mask (H,W) at a time")
    expect_tensor(mask=mask)
    if mask.dtype != torch.bool:
        raise ShapeError(
            expected="a boolean mask", got=f"{mask.dtype}", try_this="mask > 0, or ids == 1 for one object"
        )
    if not mask.any():
        return torch.full(mask.shape, torch.inf, device=mask.device)
    outside = np.ascontiguousarray((~mask).cpu().numpy(), dtype=np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return torch.from_numpy(distance).to(mask.device)

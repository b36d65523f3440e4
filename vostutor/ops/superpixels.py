"""Superpixels: small regions of one colour, and masks that follow their borders.

[SLIC] R. Achanta et al.: SLIC Superpixels Compared to State-of-the-Art Superpixel Methods. PAMI 2012.
[OSVOS] S. Caelles, K.-K. Maninis et al.: One-Shot Video Object Segmentation. CVPR 2017.

Letters: H rows, W columns.
"""

import torch
from torch import Tensor

from vostutor.core.errors import ShapeError
from vostutor.core.ranges import expect_number, expect_tensor, expect_whole
from vostutor.core.shapes import expect


def slic(frame: Tensor, regions: int = 400, compactness: float = 10.0) -> Tensor:
    """About so many regions of a frame, numbered from 0.

    Shapes: frame uint8 (3,H,W) -> int64 (H,W), on the frame's device.
    Units: compactness weighs distance against colour: small follows borders, large gives squares.
    Raises: ShapeError for other axes or types, SettingsError for no region or no compactness.
    Source: [SLIC], in scikit-image's implementation.
    >>> halves = torch.zeros(3, 8, 12, dtype=torch.uint8)
    >>> halves[:, :, 5:] = 255
    >>> slic(halves, regions=2)[0]
    tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    """
    from skimage.segmentation import slic as skimage_slic

    expect_tensor(frame=frame)
    expect("frame: 3 H W", frame=frame, hint="one RGB frame (3,H,W) at a time")
    if frame.dtype != torch.uint8:
        raise ShapeError(expected="a frame of uint8", got=f"{frame.dtype}", try_this="(frame * 255).byte()")
    expect_whole(least=1, regions=regions, try_this="regions=400")
    expect_number(above=0, compactness=compactness, try_this="compactness=10")
    picture = frame.permute(1, 2, 0).cpu().numpy()
    labels = skimage_slic(picture, n_segments=regions, compactness=compactness, start_label=0)
    return torch.from_numpy(labels).long().to(frame.device)


def snap(superpixels: Tensor, mask: Tensor) -> Tensor:
    """A mask of whole superpixels: those of which it covers more than half.

    Shapes: superpixels integer (H,W), a number for each; mask bool (H,W) -> bool (H,W).
    Raises: ShapeError for other axes or types.
    Source: boundary snapping of [OSVOS], the majority of a superpixel.
    >>> snap(torch.tensor([[0, 0, 0, 1, 1]]), torch.tensor([[True, True, False, True, False]]))       # 2 of 3; 1 of 2
    tensor([[ True,  True,  True, False, False]])
    """
    expect_tensor(superpixels=superpixels, mask=mask)
    expect("superpixels: H W, mask: H W", superpixels=superpixels, mask=mask)
    if superpixels.is_floating_point() or superpixels.dtype == torch.bool or mask.dtype != torch.bool:
        raise ShapeError(
            expected="superpixels of integers and a mask of bool",
            got=f"{superpixels.dtype}, {mask.dtype}",
            try_this="mask > 0, or ids == 1 for one object",
        )
    _, labels, sizes = superpixels.unique(return_inverse=True, return_counts=True)
    covered = torch.bincount(labels.flatten(), weights=mask.flatten().double(), minlength=len(sizes))
    return (2 * covered > sizes)[labels]

"""Losses that several papers share.

[HED] S. Xie, Z. Tu: Holistically-Nested Edge Detection. ICCV 2015.
[OSVOS] S. Caelles, K.-K. Maninis et al.: One-Shot Video Object Segmentation. CVPR 2017.
[FlowNet] A. Dosovitskiy et al.: FlowNet: Learning Optical Flow with Convolutional Networks. ICCV 2015.
[OnAVOS] P. Voigtlaender, B. Leibe: Online Adaptation of Convolutional Neural Networks for Video Object Segmentation. BMVC 2017.

Letters: B batch, H rows, W columns; h, w rows and columns of a coarser level.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_mask, expect_number
from vostutor.core.shapes import expect

LEVEL_WEIGHTS = (0.005, 0.01, 0.02, 0.08, 0.32)  # flow2..flow6, from the authors' training prototxt; the paper has none


def multiscale_epe(
    predictions: Sequence[Tensor],
    flow: Tensor,
    weights: Sequence[float] = LEVEL_WEIGHTS,
    div_flow: float = 20.0,
    valid: Tensor | None = None,
) -> Tensor:
    """The end-point error of every level, summed over its pixels, weighted and added up; the mean over the batch.

    It is a sum and not a mean over pixels. A level has four times the pixels of the next coarser one, so the finest counts most
    although its weight is smallest: at 384x512 the weights times the pixels are 61, 31, 15, 15 and 15.
    The truth is divided by div_flow, so that a network predicts numbers of order one, and averaged over the area of each coarse
    pixel; its values stay those of full resolution. A coarse pixel counts by the share of valid pixels in it.
    A smaller network with fewer levels uses the first weights. Computed in float32 whatever the network computes in.

    Shapes: predictions (B,2,h,w) each, finest first; flow (B,2,H,W); valid bool (B,H,W) -> scalar.
    Units: flow in pixels, x then y; predictions in pixels / div_flow.
    Raises: ShapeError for other axes or types, for no prediction and for more predictions than weights; SettingsError for a div_flow
        that is not above 0 and for weights below 0.
    Source: multi-scale loss of [FlowNet], summed as in the authors' Caffe layer.
    >>> truth = torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1).expand(1, 2, 384, 512)
    >>> nothing_moves = [torch.zeros(1, 2, 384 // s, 512 // s) for s in (4, 8, 16, 32, 64)]
    >>> f"{multiscale_epe(nothing_moves, truth):.2f}"
    '34.56'
    """
    _check(predictions, flow, weights, valid)
    expect_number(above=0, div_flow=div_flow, try_this="div_flow=20")
    flow = flow.float()
    share = torch.ones_like(flow[:, :1]) if valid is None else valid[:, None].float()
    known = torch.where(share > 0, flow / div_flow, 0.0)  # where, since an unknown flow may be 1e10 or NaN
    total = flow.new_zeros(())
    for prediction, weight in zip(predictions, weights, strict=False):
        size = prediction.shape[-2:]
        counts = interpolate(share, size=size, mode="area")  # (B,1,h,w)
        target = interpolate(known, size=size, mode="area") / counts.clamp(min=1e-12)
        error = torch.linalg.vector_norm(prediction.float() - target, dim=1, keepdim=True)
        total = total + weight * (error * counts).sum()
    return total / len(flow)


def _check(predictions: Sequence[Tensor], flow: Tensor, weights: Sequence[float], valid: Tensor | None) -> None:
    expect("flow: B 2 H W", flow=flow, hint="one flow per sample, x then y; [None] adds the batch")
    expect_floating(flow=flow)
    if valid is not None:
        expect("flow: B 2 H W, valid: B H W", flow=flow, valid=valid)
        expect_mask(valid=valid)
    if not 1 <= len(predictions) <= len(weights):
        raise ShapeError(
            expected=f"1 to {len(weights)} predictions, one for each weight",
            got=f"{len(predictions)}",
            try_this="multiscale_epe(model(frame1, frame2), flow), with a list of levels",
        )
    for prediction in predictions:
        expect("flow: B 2 H W, prediction: B 2 h w", flow=flow, prediction=prediction)
        expect_floating(prediction=prediction)
    if not flow.numel():
        raise ShapeError(
            expected="at least one sample and pixel", got=f"{tuple(flow.shape)}", try_this="print(flow.shape)"
        )
    for weight in weights:
        expect_number(least=0, weight=weight, try_this="LEVEL_WEIGHTS")


def balanced_bce(
    logits: Tensor, mask: Tensor, *, void: Tensor | None = None, reduction: Literal["sum", "mean"] = "sum"
) -> Tensor:
    """The cross entropy of each picture's pixels, with object and background weighing the same however small the object; the mean
    over the batch.

    A positive weighs beta, the share of the negatives, and a negative 1 - beta, so at logits of zero both sides cost the same. It is
    a **sum** over pixels, hundreds are normal; "mean" divides by the pixels that are known. A picture without positives, or without
    negatives, costs nothing and teaches nothing. Computed in float32 whatever the network computes in.

    Shapes: logits (B,1,H,W), mask bool (B,H,W), void bool (B,H,W), pixels that do not count -> scalar.
    Raises: ShapeError for other axes or a mask that is not boolean, SettingsError for another reduction.
    Source: class-balanced cross entropy of [HED], as [OSVOS] uses it.
    >>> mask = torch.arange(100).reshape(1, 10, 10) < 20
    >>> balanced_bce(torch.zeros(1, 1, 10, 10), mask)                    # 2 * 20 * 80 / 100 * ln 2
    tensor(22.1807)
    """
    void = torch.zeros_like(mask) if void is None else void
    _check_masks(logits, mask, void, reduction)
    known = (~void).float()
    positive = mask.float() * known
    pixels = known.sum(dim=(1, 2), keepdim=True).clamp(min=1)
    beta = 1 - positive.sum(dim=(1, 2), keepdim=True) / pixels
    weight = torch.where(mask, beta, 1 - beta) * known
    losses = weight * binary_cross_entropy_with_logits(logits[:, 0].float(), mask.float(), reduction="none")
    return (losses / pixels if reduction == "mean" else losses).sum() / max(len(mask), 1)


def _check_masks(logits: Tensor, mask: Tensor, void: Tensor, reduction: str) -> None:
    hint = "one channel of logits, and masks without a channel axis"
    expect("logits: B 1 H W, mask: B H W, void: B H W", logits=logits, mask=mask, void=void, hint=hint)
    if mask.dtype != torch.bool or void.dtype != torch.bool:
        raise ShapeError(
            expected="masks of bool", got=f"mask {mask.dtype}, void {void.dtype}", try_this="ids == 1, ids == 255"
        )
    if reduction not in ("sum", "mean"):
        raise SettingsError(expected='reduction "sum" or "mean"', got=repr(reduction), try_this='reduction="sum"')


def bootstrapped_ce(logits: Tensor, target: Tensor, *, fraction: float = 0.25, void: int = VOID) -> Tensor:
    """The cross entropy of the worst pixels of each picture, averaged over them and over the batch.

    Most of a picture is easy background, whose many small losses would drown the few pixels that matter. k is a fraction of *all*
    pixels, as in the released code; a void pixel costs nothing. So a target that is mostly void has a small loss, and teaches little.

    Shapes: logits (B,1,H,W), target integer (B,H,W): 0, 1, or void -> scalar float32.
    Raises: ShapeError for other axes, a target of other values or types; SettingsError for a fraction outside 0..1.
    Source: bootstrapped cross entropy of [OnAVOS], k = floor(0.25 HW), but at least one pixel.
    >>> bootstrapped_ce(torch.tensor([[[[2.0, 0.0, -1.0, -3.0]]]]), torch.tensor([[[1, 1, 0, 0]]]))   # log 2: one pixel of four
    tensor(0.6931)
    """
    expect("logits: B 1 H W, target: B H W", logits=logits, target=target, hint="target has no channel axis")
    _check_target(target, fraction, void)
    known = target != void
    losses = binary_cross_entropy_with_logits(
        logits[:, 0].float(), torch.where(known, target, 0).float(), reduction="none"
    )
    losses = torch.where(known, losses, 0.0).flatten(1)  # (B,HW)
    k = max(1, int(fraction * losses.shape[1]))
    return losses.topk(k, dim=1, sorted=False).values.mean()


def _check_target(target: Tensor, fraction: float, void: int) -> None:
    if not 0 < fraction <= 1:
        raise SettingsError(expected="a fraction above 0, at most 1", got=f"{fraction}", try_this="fraction=0.25")
    if target.is_floating_point() or not ((target == 0) | (target == 1) | (target == void)).all():
        values = target.unique()[:4].tolist()
        raise ShapeError(
            expected=f"a target of 0, 1 and {void}", got=f"{target.dtype}, {values}", try_this="(ids == 1).long()"
        )

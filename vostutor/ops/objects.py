"""Objects that were sought one by one, put together into one answer.

Letters: K objects, H rows, W columns.
"""

from math import log

import torch
from torch import Tensor

from vostutor.core.errors import SettingsError
from vostutor.core.ranges import expect_prob
from vostutor.core.shapes import expect


def merge_objects(prob: Tensor) -> Tensor:
    """Probabilities of objects that know nothing of each other, with a background channel: a pixel goes to the likeliest object if
    that is likelier than not, and to the background otherwise.

    The background is what the likeliest object leaves over, 1 - max; then all channels are divided by their sum, which changes no
    winner. A single object keeps its probability, except for rounding.

    Shapes: prob (K,H,W) in [0,1] -> prob_all (K+1,H,W), sums to 1 over axis 0, channel 0 is background. K may be 0.
    Raises: ShapeError for other axes or types, and for what is no probability, such as NaN.
    Source: one run per object, as in the DAVIS-2017 entry of Voigtlaender and Leibe.
    >>> merge_objects(torch.tensor([0.6, 0.9]).reshape(2, 1, 1)).flatten()        # 0.1 : 0.6 : 0.9
    tensor([0.0625, 0.3750, 0.5625])
    """
    expect("prob: K H W", prob=prob, hint="one channel for each object, none for the background")
    expect_prob(prob=prob)
    strongest = prob.amax(dim=0, keepdim=True) if len(prob) else torch.zeros_like(prob.sum(dim=0, keepdim=True))
    prob_all = torch.cat([1 - strongest, prob])
    return prob_all / prob_all.sum(dim=0, keepdim=True)


def logit_of(threshold: float) -> float:
    """How far logits have to be lowered for a probability of `threshold` to become one half.

    Units: of logits. Shapes: a number -> a number.
    Raises: SettingsError for what is no probability strictly between 0 and 1.
    Source: the inverse of the logistic function.
    >>> round(logit_of(0.9), 3), logit_of(0.5)
    (2.197, 0.0)
    """
    if not 0 < threshold < 1:
        raise SettingsError(expected="a threshold between 0 and 1", got=f"{threshold}", try_this="threshold=0.9")
    return log(threshold / (1 - threshold))

"""Answers to oneshot.adaptation_targets. The docstring of a wrong one is what its diagnosis has to say."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage


def eroded(mask, side):
    return -F.max_pool2d(-mask[None].float(), side, 1, side // 2)[0] > 0


def distance_to(mask):
    return torch.from_numpy(ndimage.distance_transform_edt(~mask.numpy()))


def targets(posterior, core, far, alpha):
    result = torch.full(posterior.shape, 255)
    if core.any():
        result[posterior > alpha] = 1
        result[far] = 0
    return result


def right_scipy(posterior, last_mask, alpha, distance, erosion):
    core = eroded(last_mask, erosion)
    return targets(posterior, core, distance_to(core) > distance, alpha)


def right_every_pair(posterior, last_mask, alpha, distance, erosion):
    core = eroded(last_mask, erosion)
    if not core.any():
        return torch.full(posterior.shape, 255)
    near = torch.cdist(torch.ones_like(core).nonzero().double(), core.nonzero().double()).amin(1)
    sure = torch.where(posterior > alpha, 1, 255)
    return torch.where(near.reshape(core.shape) > distance, 0, sure)


def right_opencv(posterior, last_mask, alpha, distance, erosion):
    core = cv2.erode(last_mask.numpy().astype(np.uint8), np.ones((erosion, erosion), np.uint8))
    result = np.full(core.shape, 255, np.uint8)
    if core.any():
        far = cv2.distanceTransform(1 - core, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > distance
        result[posterior.numpy() > alpha] = 1
        result[far] = 0
    return torch.from_numpy(result)


def right_pixel_by_pixel(posterior, last_mask, alpha, distance, erosion):
    height, width = last_mask.shape
    mask, reach = last_mask.tolist(), erosion // 2
    steps = range(-reach, reach + 1)

    def stays(y, x):
        window = [(y + v, x + u) for v in steps for u in steps if 0 <= y + v < height and 0 <= x + u < width]
        return all(mask[v][u] for v, u in window)

    core = [(y, x) for y in range(height) for x in range(width) if stays(y, x)]
    result = torch.full((height, width), 255, dtype=torch.int32)
    for y in range(height):
        for x in range(width):
            if core and min((y - v) ** 2 + (x - u) ** 2 for v, u in core) > distance**2:
                result[y, x] = 0
            elif core and posterior[y, x] > alpha:
                result[y, x] = 1
    return result


def wrong_void_of_minus_one(posterior, last_mask, alpha, distance, erosion):
    """void is 255 in this package"""
    result = right_scipy(posterior, last_mask, alpha, distance, erosion)
    result[result == 255] = -1
    return result


def wrong_no_void(posterior, last_mask, alpha, distance, erosion):
    """there is no void"""
    result = right_scipy(posterior, last_mask, alpha, distance, erosion)
    return (result == 1).long()


def wrong_sure_beats_far(posterior, last_mask, alpha, distance, erosion):
    """sure pixels far away were kept"""
    core = eroded(last_mask, erosion)
    result = torch.full(posterior.shape, 255)
    if core.any():
        result[distance_to(core) > distance] = 0
        result[posterior > alpha] = 1
    return result


def wrong_sure_background(posterior, last_mask, alpha, distance, erosion):
    """the posterior made background"""
    core = eroded(last_mask, erosion)
    far = (distance_to(core) > distance) | (posterior < 1 - alpha)
    return targets(posterior, core, far, alpha)


def wrong_not_eroded(posterior, last_mask, alpha, distance, erosion):
    """the mask was not eroded"""
    return targets(posterior, last_mask, distance_to(last_mask) > distance, alpha)


def wrong_measured_to_the_mask(posterior, last_mask, alpha, distance, erosion):
    """measured to the whole mask"""
    return targets(posterior, eroded(last_mask, erosion), distance_to(last_mask) > distance, alpha)


def wrong_dilated(posterior, last_mask, alpha, distance, erosion):
    """the mask was dilated"""
    core = F.max_pool2d(last_mask[None].float(), erosion, 1, erosion // 2)[0] > 0
    return targets(posterior, core, distance_to(core) > distance, alpha)


def wrong_side_as_radius(posterior, last_mask, alpha, distance, erosion):
    """the side of the window, not its radius"""
    return right_scipy(posterior, last_mask, alpha, distance, 2 * erosion + 1)


def wrong_border_erodes(posterior, last_mask, alpha, distance, erosion):
    """the border of the image eroded the mask"""
    core = torch.from_numpy(ndimage.binary_erosion(last_mask.numpy(), np.ones((erosion, erosion))))
    return targets(posterior, core, distance_to(core) > distance, alpha)


def wrong_city_blocks(posterior, last_mask, alpha, distance, erosion):
    """rows and columns were added"""
    core = eroded(last_mask, erosion)
    far = torch.from_numpy(ndimage.distance_transform_cdt(~core.numpy(), "taxicab")) > distance
    return targets(posterior, core, far, alpha)


def wrong_chessboard(posterior, last_mask, alpha, distance, erosion):
    """the larger of rows and columns"""
    core = eroded(last_mask, erosion)
    far = torch.from_numpy(ndimage.distance_transform_cdt(~core.numpy(), "chessboard")) > distance
    return targets(posterior, core, far, alpha)


def wrong_near_is_background(posterior, last_mask, alpha, distance, erosion):
    """near and far are swapped"""
    core = eroded(last_mask, erosion)
    return targets(posterior, core, distance_to(core) <= distance, alpha)


def wrong_outside_is_background(posterior, last_mask, alpha, distance, erosion):
    """everything outside the eroded mask"""
    core = eroded(last_mask, erosion)
    return targets(posterior, core, ~core, alpha)


def wrong_distance_inside(posterior, last_mask, alpha, distance, erosion):
    """distance was measured inside the object"""
    core = eroded(last_mask, erosion)
    return targets(posterior, core, distance_to(~core) > distance, alpha)


def wrong_at_the_distance(posterior, last_mask, alpha, distance, erosion):
    """further than the distance"""
    core = eroded(last_mask, erosion)
    return targets(posterior, core, distance_to(core) >= distance, alpha)


def wrong_at_alpha(posterior, last_mask, alpha, distance, erosion):
    """above alpha"""
    core = eroded(last_mask, erosion)
    result = torch.full(posterior.shape, 255)
    if core.any():
        result[posterior >= alpha] = 1
        result[distance_to(core) > distance] = 0
    return result


def wrong_empty_mask_is_all_far(posterior, last_mask, alpha, distance, erosion):
    """nothing is left of the mask"""
    core = eroded(last_mask, erosion)
    far = distance_to(core) > distance if core.any() else torch.ones_like(core)
    result = torch.where(posterior > alpha, 1, 255)
    return torch.where(far, 0, result)


def wrong_floats(posterior, last_mask, alpha, distance, erosion):
    """end in .long()"""
    return right_scipy(posterior, last_mask, alpha, distance, erosion).float()


def wrong_float_255(posterior, last_mask, alpha, distance, erosion):
    """give them 255 and not 255.0"""
    result = torch.full_like(posterior, 255.0)
    return result.copy_(right_scipy(posterior, last_mask, alpha, distance, erosion))


def wrong_writes_into_its_input(posterior, last_mask, alpha, distance, erosion):
    """in place"""
    result = right_scipy(posterior, last_mask, alpha, distance, erosion)
    posterior[result == 0] = 0
    return result


def wrong_return_forgotten(posterior, last_mask, alpha, distance, erosion):
    """is the `return` missing"""
    right_scipy(posterior, last_mask, alpha, distance, erosion)

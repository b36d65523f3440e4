"""What a camera makes of light: exposure, colour, lens, noise and compression, on the finished frame.

The chain comes after compositing and treats every pixel alike, so that nothing about it tells an object from the ground. One draw
holds for a clip; only the noise is fresh in every frame, and light changes slowly.

Letters: H rows, W columns, T frames.
"""

from dataclasses import dataclass

import cv2
import numpy as np

GRAIN_MARGIN = 32  # texels to shift the grain by: a thousand windows, so that hardly two frames of a clip share one
MIDDLE = 118  # grey level about which contrast grows
# One camera at strength 1, chosen by hand: saturation, gradients and spectrum of the frames are held to DAVIS by the statistics gate.
CHROMA, GREY = (0.75, 1.5), 0.05  # and how often a film is grey
CONTRAST, BRIGHTNESS, BALANCE = (0.8, 1.25), 18, 0.06  # brightness in grey levels, balance of the channels
GAMMA, BLUR, NOISE = 0.15, 0.4, 1.0  # deviation of its logarithm; pixels at 96 rows; grey levels
SHARPEN, SHARPENED = 0.9, 0.6  # at most; how often
QUALITY = 55, 97  # of JPEG, the last excluded; DAVIS has 75
HAZY = 0.08  # how often
# Light, in logarithms per frame: exposure wanders and keeps .92 of where it was; some clips ramp, by up to .14, 18 grey levels of a
# middle grey (DAVIS: 10 to 25 where it happens at all); the white balance creeps.
WANDER, KEEPS, RAMP, RAMPED, CREEP = 0.001, 0.92, 0.14, 0.2, 0.0006


@dataclass(frozen=True)
class Sensor:
    """One camera on one day.

    Shapes: colour (3,4), an affine map of RGB; gains (T,3), of each channel in each frame; haze float32 (H,W) or None.
    Units: blur in pixels, noise in grey levels, quality as JPEG counts it (None: not compressed); gamma and sharpen are plain numbers.
    """

    colour: np.ndarray
    gains: np.ndarray
    gamma: float = 1.0
    blur: float = 0.0
    sharpen: float = 0.0
    noise: float = 0.0
    quality: int | None = None
    haze: np.ndarray | None = None


def draw_sensor(
    rng: np.random.Generator, size: tuple[int, int], frames: int, *, strength: float = 1.0, flicker: float = 1.0
) -> Sensor:
    """A camera drawn at random; strength 0 is one that changes nothing but its light, flicker 0 steady light.

    Departures: milder than cameras are, since film that was shrunk to this size has lost most of its noise, blur and compression.

    >>> ideal = draw_sensor(np.random.default_rng(0), (96, 160), 4, strength=0.0, flicker=0.0)
    >>> ideal.gamma, ideal.noise, ideal.quality, ideal.gains.shape
    (1.0, 0.0, None, (4, 3))
    """
    chroma = rng.uniform(*CHROMA) * (rng.random() >= GREY)
    contrast, brightness = rng.uniform(*CONTRAST), rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    balance = 1 + rng.uniform(-BALANCE, BALANCE, 3)
    gamma, unit = np.exp(rng.normal(0, GAMMA)), min(size[0], 0.6 * size[1]) / 96
    blur = rng.uniform(0, BLUR) * unit**0.5
    sharpen, noise = rng.uniform(0, SHARPEN) * (rng.random() < SHARPENED), np.abs(rng.normal(0, NOISE))
    quality, hazy = int(rng.integers(*QUALITY)), rng.random() < HAZY
    haze = _haze(rng, size) if hazy else None
    gains = _light(rng, frames, flicker)
    chroma, contrast, balance = (1 + strength * (value - 1) for value in (chroma, contrast, balance))
    chroma = max(chroma, 0.0)  # strength beyond 1 must not turn grey into the opposite colours
    mix = contrast * balance[:, None] * ((1 - chroma) / 3 + chroma * np.eye(3))
    colour = np.column_stack([mix, np.full(3, MIDDLE * (1 - contrast) + strength * brightness)]).astype(np.float32)
    blur, sharpen, noise = (float(strength * value) for value in (blur, sharpen, noise))
    quality = round(100 - strength * (100 - quality)) if strength else None
    haze = strength * haze if strength and haze is not None else None
    return Sensor(colour, gains, float(gamma**strength), blur, sharpen, noise, quality, haze)


def expose(sensor: Sensor, image: np.ndarray, t: int) -> np.ndarray:
    """The picture before noise: light, haze, colour, lens, gamma. Shapes: float32 (H,W,3) -> float32 (H,W,3), 0..255."""
    mix = sensor.colour.copy()
    mix[:, :3] *= sensor.gains[t]
    if sensor.haze is not None:
        image = image + sensor.haze[..., None] * (210 - image)
    image = cv2.transform(image, mix)
    if sensor.blur > 0.05:
        image = cv2.GaussianBlur(image, (5, 5), sensor.blur)
    if sensor.sharpen:
        image = cv2.addWeighted(image, 1 + sensor.sharpen, cv2.GaussianBlur(image, (5, 5), 1.0), -sensor.sharpen, 0)
    image = np.clip(image, 0, 255)
    return image if sensor.gamma == 1 else 255 * cv2.pow(image * np.float32(1 / 255), sensor.gamma)


def develop(sensor: Sensor, image: np.ndarray, t: int, grain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The frame as it comes out of the camera: exposed, noisy, in whole numbers, compressed.

    Shapes: image float32 (H,W,3), grain from `grain_for` -> uint8 (H,W,3).
    """
    y, x = rng.integers(GRAIN_MARGIN, size=2)
    noise = grain[y : y + image.shape[0], x : x + image.shape[1]]
    frame = cv2.addWeighted(expose(sensor, image, t), 1, noise, sensor.noise, 0, dtype=cv2.CV_8U)
    return frame if sensor.quality is None else compressed(frame, sensor.quality)


def compressed(frame: np.ndarray, quality: int) -> np.ndarray:
    """A frame through JPEG at full chroma: films are compressed large, before they are shrunk. Shapes: uint8 (H,W,3) -> (H,W,3)."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    coded = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), how)[1]
    return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def grain_for(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Noise larger than the frame; every frame takes another window of it. Shapes: float32 (H+32,W+32,3), deviation 1."""
    return rng.standard_normal((size[0] + GRAIN_MARGIN, size[1] + GRAIN_MARGIN, 3), dtype=np.float32)


def _light(rng: np.random.Generator, frames: int, flicker: float) -> np.ndarray:
    """Gain of each channel in each frame: a wandering exposure, sometimes a ramp, and a white balance that creeps. Shapes: (T,3)."""
    steps = WANDER * rng.standard_normal(frames)
    exposure = np.zeros(frames)
    for t in range(1, frames):
        exposure[t] = KEEPS * exposure[t - 1] + steps[t]
    ramp = rng.uniform(-RAMP, RAMP) * (rng.random() < RAMPED) * np.linspace(0, 1, frames)
    balance = np.cumsum(CREEP * rng.standard_normal((frames, 3)), 0)
    return np.exp(flicker * (exposure[:, None] + ramp[:, None] + balance - balance[0])).astype(np.float32)


def _haze(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Fog in six octaves, denser here and there. Shapes: float32 (H,W) from 0 to .4."""
    fog = np.zeros(size, np.float32)
    for octave in range(6):
        coarse = rng.random((2 + 2**octave, 3 + 2**octave), dtype=np.float32)
        fog += cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC) / 2**octave
    return rng.uniform(0.1, 0.4) * cv2.normalize(fog, None, 0, 1, cv2.NORM_MINMAX)

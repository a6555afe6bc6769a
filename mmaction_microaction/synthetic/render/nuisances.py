"""Variation that is independent of the label: breathing, sway, fidgeting, camera, light and sensor noise."""

from dataclasses import dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.curves import oscillation, pulse, wander
from mmaction_microaction.synthetic.person.skeleton import Controls

from .canvas import VirtualCamera
from .variety import get_variety

FIDGETS = (
    'head drifts',
    'head nods',
    'trunk leans',
    'fingers move',
    'foot turns',
    'heel lifts',
    'knees move',
    'shoulders',
)
# Height of a seated adult in the image, with the feet in front, in metres.
_SEATED = 1.42


@dataclass
class Nuisances:
    """Nuisances of one video, drawn independently of its label."""

    breathing: float
    """Breaths per second."""
    restlessness: float
    """Amplitude of the involuntary sway of the body, 1 on average."""
    fidgets: tuple[str, ...]
    """Small movements of other body parts, from :data:`FIDGETS`."""
    jitter: float
    """Camera shake in units of the image height."""
    noise: float
    """Standard deviation of the sensor noise in grey levels, out of 255."""
    gain: float
    """Brightness of the image, 1 if unchanged."""
    tint: tuple[float, float, float]
    """Gain of red, green and blue."""
    flicker: float
    """Relative variation of the brightness over the video."""
    light: tuple[float, float]
    """Direction of the light in the image plane, right and down."""
    crf: int
    """Constant rate factor of x264. Higher values compress more."""
    held: tuple[int, str] | None
    """Side of the hand that holds an object (0 right, 1 left), and the object. None if nothing is held."""
    glasses: bool
    """Whether the subject wears glasses."""
    contrast: float
    """Strength of the shading, 1 on average."""
    gamma: float
    """Exponent of the brightness, 1 if unchanged."""
    saturation: float
    """Strength of the colours, 0 for grey and 1 if unchanged."""
    sharpness: float
    """Share of the fine detail that is added: -1 is blurred, 0 is unchanged and 1 is sharpened."""
    vignette: float
    """Relative loss of brightness in the corners."""
    exposure: float
    """Share of the previous frame in a frame."""
    face_mask: tuple[tuple[int, int, int], ...]
    """RGB colours of the four blocks that hide the face. Empty if the face is visible."""


def draw_nuisances(rng: np.random.Generator, variety: str = 'normal') -> Nuisances:
    """Draw the nuisances of a video.

    Args:
        rng (np.random.Generator): Random number generator.
        variety (str): Key of :data:`.VARIETIES`. Defaults to ``'normal'``.

    Returns:
        Nuisances: Nuisances that are independent of the label.
    """
    ranges = get_variety(variety)
    masked = rng.random() < ranges.face_mask
    count = int(rng.choice(3, p=(0.35, 0.4, 0.25)))
    return Nuisances(
        breathing=float(rng.uniform(0.2, 0.36)),
        restlessness=float(rng.uniform(0.5, 1.5)),
        fidgets=tuple(rng.choice(FIDGETS, count, replace=False).tolist()),
        jitter=float(rng.uniform(0.0, 0.0025)),
        noise=float(rng.uniform(*ranges.noise)),
        gain=float(rng.uniform(*ranges.gain)),
        tint=tuple(rng.uniform(1.0 - ranges.tint, 1.0 + ranges.tint, 3).tolist()),
        flicker=float(rng.uniform(0.0, 0.015)),
        light=(float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.9, -0.4))),
        crf=int(rng.integers(*ranges.crf)),
        held=(int(rng.integers(2)), str(rng.choice(('phone', 'pen')))) if rng.random() < 0.3 else None,
        glasses=bool(rng.random() < 0.45),
        contrast=float(rng.uniform(*ranges.contrast)),
        gamma=float(rng.uniform(*ranges.gamma)),
        saturation=float(rng.uniform(*ranges.saturation)),
        sharpness=float(rng.uniform(*ranges.sharpness)),
        vignette=float(rng.uniform(0.0, ranges.vignette)),
        exposure=float(rng.uniform(0.0, ranges.exposure)),
        face_mask=tuple(map(tuple, rng.integers(20, 210, (4, 3)).tolist())) if masked else (),
    )


def draw_camera(rng: np.random.Generator, variety: str = 'normal') -> VirtualCamera:
    """Draw a camera, which films the whole person or, if the variety has close-ups, a part.

    Args:
        rng (np.random.Generator): Random number generator.
        variety (str): Key of :data:`.VARIETIES`. Defaults to ``'normal'``.

    Returns:
        VirtualCamera: Camera in front of the person.
    """
    ranges = get_variety(variety)
    distance, fill = rng.uniform(*ranges.distance), rng.uniform(*ranges.fill)
    aim = rng.uniform(0.575, 0.605)
    # A small person can be farther from the middle.
    free = ranges.off_center * (0.93 - fill)
    shift = rng.uniform(-1.0, 1.0, 2) * (free, 0.5 * free)
    if rng.random() < ranges.close_up:
        fill = 0.95 * np.exp(rng.uniform(0.0, 0.75))
        # The top of the head (1.33 m) is near the upper edge of the image, and is cut off in some videos.
        top = rng.uniform(-0.10, 0.22)
        aim = 1.33 - (0.5 - top) * _SEATED / fill
        shift = rng.uniform(-1.0, 1.0, 2) * (0.12, 0.0)
    return VirtualCamera(
        height=float(rng.uniform(*ranges.height)),
        distance=float(distance),
        sideways=float(rng.uniform(-ranges.sideways, ranges.sideways)),
        aim=float(aim),
        focal=float(fill * (distance - 0.25) / _SEATED),
        roll=float(rng.uniform(-ranges.roll, ranges.roll)),
        shift=tuple(shift.tolist()),
    )


def add_idle_motion(controls: Controls, nuisances: Nuisances, rng: np.random.Generator, fps: float = 30.0) -> None:
    """Add breathing, sway and fidgeting to the controls, in place.

    Args:
        controls (Controls): Controls over T frames.
        nuisances (Nuisances): Amount of each movement.
        rng (np.random.Generator): Random number generator that draws times and phases.
        fps (float): Frames per second. Defaults to 30.
    """
    times = np.arange(len(controls.slouch)) / fps
    breath = np.sin(2 * np.pi * nuisances.breathing * times + rng.uniform(0, 2 * np.pi))
    controls.slouch -= 0.012 * breath
    controls.shoulders[:, :, 0] += (0.003 * breath)[:, None]
    sway = nuisances.restlessness
    for axis, amount in enumerate((0.010, 0.010, 0.006)):
        controls.torso[:, axis] += amount * sway * wander(times, rng, 0.7)
    for axis, amount in enumerate((0.022, 0.018, 0.012)):
        controls.head[:, axis] += amount * sway * wander(times, rng, 0.9)
    for side in range(2):
        controls.knees[:, side] += 0.012 * sway * wander(times, rng, 0.7)
        controls.fingers[:, side] += (0.02 * sway * wander(times, rng, 0.9))[:, None]
    for fidget in nuisances.fidgets:
        _fidget(fidget, controls, times, rng)


def _fidget(fidget: str, controls: Controls, times: np.ndarray, rng: np.random.Generator) -> None:
    """Add one small movement, about a third as large as a micro-action."""
    duration = times[-1]
    start = rng.uniform(0.0, 0.5) * duration
    end = start + rng.uniform(0.3, 0.5) * duration
    edge = 0.35 * (end - start)
    once = pulse(times, start, start + edge, end - edge, end) * rng.choice((-1.0, 1.0))
    often = oscillation(times, start, end, rng.uniform(1.2, 2.4))
    side = int(rng.integers(2))
    if fidget == 'head drifts':
        controls.head[:, int(rng.choice((0, 2)))] += 0.10 * once
    elif fidget == 'head nods':
        controls.head[:, 1] += 0.045 * often
    elif fidget == 'trunk leans':
        controls.torso[:, int(rng.integers(3))] += 0.04 * once
    elif fidget == 'fingers move':
        controls.fingers[:, side, 1:3] += (0.25 * often)[:, None]
    elif fidget == 'foot turns':
        controls.feet[:, side, 0] += 0.18 * once
    elif fidget == 'heel lifts':
        controls.feet[:, side, 1] += 0.15 * abs(once)
    elif fidget == 'knees move':
        controls.knees[:, side] += 0.07 * once
    else:
        controls.shoulders[:, :, 0] += (0.012 * abs(once))[:, None]


def draw_shake(nuisances: Nuisances, num_frames: int, rng: np.random.Generator, fps: float = 30.0) -> np.ndarray:
    """Draw the camera shake of a video.

    Args:
        nuisances (Nuisances): Amount of the shake.
        num_frames (int): Number of frames T.
        rng (np.random.Generator): Random number generator.
        fps (float): Frames per second. Defaults to 30.

    Returns:
        np.ndarray: Displacement of every frame, right and down, in units of the image height, shape (T, 2).
    """
    times = np.arange(num_frames) / fps
    return nuisances.jitter * np.stack([wander(times, rng, 2.5) for _ in range(2)], -1)


class Sensor:
    """Camera sensor, which blurs or sharpens, and adds gain, tint, flicker and noise.

    Args:
        nuisances (Nuisances): Amount of each effect.
        size (tuple[int, int]): Width and height of the video in pixels.
        num_frames (int): Number of frames T.
        rng (np.random.Generator): Random number generator that draws flicker and noise.
        fps (float): Frames per second. Defaults to 30.
    """

    _SPARE = 48  # pixels by which the field of noise is larger than a frame
    _BLUR = 0.007  # standard deviation of the blur, in units of the image height

    def __init__(
        self, nuisances: Nuisances, size: tuple[int, int], num_frames: int, rng: np.random.Generator, fps: float = 30.0
    ) -> None:
        times = np.arange(num_frames) / fps
        flicker = 1 + nuisances.flicker * wander(times, rng, 2.0)
        gains = nuisances.gain * flicker[:, None] * np.array(nuisances.tint)
        # Processors differ in the last bits of a power.
        levels = np.round(255.0 * (np.arange(256) / 255.0) ** nuisances.gamma, 6)
        # Gain of every frame as an integer table, from the level of the image to the level of the video.
        self.tables = np.clip(np.round(gains[:, None, :] * levels[:, None]), 0, 255).astype(np.uint8)
        spare = (size[1] + self._SPARE, size[0] + self._SPARE, 3)
        grain = rng.standard_normal(spare) + 0.6 * rng.standard_normal((*spare[:2], 1))
        self.grain = np.round(nuisances.noise * grain).astype(np.int16)
        self.corners = rng.integers(0, self._SPARE, (num_frames, 2))
        # The weights are integers, so that every machine computes the same pixels.
        self.sharpness, self.saturation, self.exposure = (
            round(64 * amount) for amount in (nuisances.sharpness, nuisances.saturation, nuisances.exposure)
        )
        down, right = (np.linspace(-1.0, 1.0, side) ** 2 for side in size[::-1])
        radius = 0.5 * (down[:, None] + right)
        self.vignette = np.round(128 * (1 - nuisances.vignette * radius))[..., None].astype(np.int16)
        self.previous = None

    def record(self, image: np.ndarray, t: int) -> np.ndarray:
        """Return frame `t` of the video for a rendered image, shape (height, width, 3), uint8.

        Frames are recorded in order, since the exposure of a frame begins in the previous one.
        """
        height, width = image.shape[:2]
        blurred = cv2.GaussianBlur(image, (0, 0), self._BLUR * height)
        image = image.astype(np.int16)
        image += (self.sharpness * (image - blurred)) >> 6
        moving, self.previous = self.previous, image
        if moving is not None:
            image = image + ((self.exposure * (moving - image)) >> 6)
        grey = (image[..., :1] + 2 * image[..., 1:2] + image[..., 2:]) >> 2
        image = grey + ((self.saturation * (image - grey)) >> 6)
        image = (np.clip(image, 0, 255) * self.vignette >> 7).astype(np.uint8)
        top, left = self.corners[t]
        # Each frame uses another part of one large field of noise, which is faster than drawing new noise.
        grain = self.grain[top : top + height, left : left + width]
        return cv2.add(cv2.LUT(image, self.tables[t][:, None]), grain, dtype=cv2.CV_8U)

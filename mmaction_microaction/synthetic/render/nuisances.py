"""What changes a clip and says nothing about its class: breathing, sway, fidgeting, camera, light, sensor noise."""

from dataclasses import dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.curves import oscillation, pulse, wander

from .canvas import VirtualCamera

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


@dataclass
class Nuisances:
    """Drawn once per clip, independently of its class.

    Attributes:
        breathing (float): Breaths per second.
        restlessness (float): Size of the body's involuntary sway, 1 is average.
        fidgets (tuple[str]): Small movements of other body parts, of :data:`FIDGETS`.
        jitter (float): VirtualCamera shake, in units of the image height.
        noise (float): Standard deviation of the sensor noise, grey levels of 255.
        gain (float): Brightness of the picture.
        tint (tuple): Gain of red, green and blue.
        flicker (float): Change of the brightness over the clip.
        light (tuple): Direction the light comes from in the image: right and down.
        crf (int): x264's rate factor, the strength of the compression.
        held (tuple or None): Hand (0 right, 1 left) that holds something, and what.
        glasses (bool): Whether the subject wears glasses.
    """

    breathing: float
    restlessness: float
    fidgets: tuple
    jitter: float
    noise: float
    gain: float
    tint: tuple
    flicker: float
    light: tuple
    crf: int
    held: tuple
    glasses: bool


def draw_nuisances(rng):
    """Draw :class:`Nuisances`."""
    count = int(rng.choice(3, p=(0.35, 0.4, 0.25)))
    return Nuisances(
        breathing=float(rng.uniform(0.2, 0.36)),
        restlessness=float(rng.uniform(0.5, 1.5)),
        fidgets=tuple(rng.choice(FIDGETS, count, replace=False).tolist()),
        jitter=float(rng.uniform(0.0, 0.0025)),
        noise=float(rng.uniform(0.5, 3.5)),
        gain=float(rng.uniform(0.78, 1.12)),
        tint=tuple(rng.uniform(0.97, 1.03, 3).tolist()),
        flicker=float(rng.uniform(0.0, 0.015)),
        light=(float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.9, -0.4))),
        crf=int(rng.integers(19, 29)),
        held=(int(rng.integers(2)), str(rng.choice(('phone', 'pen')))) if rng.random() < 0.3 else None,
        glasses=bool(rng.random() < 0.45),
    )


def draw_camera(rng):
    """Draw a camera that sees the whole person."""
    distance = rng.uniform(2.7, 3.7)
    # A person who is 1.42 m high when seated, feet in front, takes up 0.74 to 0.83 of the image height.
    focal = rng.uniform(0.74, 0.83) * (distance - 0.25) / 1.42
    return VirtualCamera(
        height=float(rng.uniform(0.75, 1.35)),
        distance=float(distance),
        sideways=float(rng.uniform(-0.25, 0.25)),
        aim=float(rng.uniform(0.535, 0.565)),
        focal=float(focal),
        roll=float(rng.uniform(-0.02, 0.02)),
        shift=(float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.012, 0.012))),
    )


def enliven(controls, nuisances, rng, fps=30.0):
    """Add breathing, sway and fidgeting to a clip's controls, in place.

    Args:
        controls (Controls): What moves, over T frames.
        nuisances (Nuisances): How much.
        rng (np.random.Generator): Source of the phases.
        fps (float): Frames per second.
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


def _fidget(fidget, controls, times, rng):
    """Add one small movement, about a third the size of a micro-action's."""
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


class Sensor:
    """Turns pictures into what the camera records: shake, gain, tint, flicker and noise.

    Args:
        nuisances (Nuisances): How much of each.
        size (tuple[int, int]): Width and height of the video in pixels.
        num_frames (int): Number of frames.
        rng (np.random.Generator): Source of the noise.
        fps (float): Frames per second.

    Attributes:
        shake (np.ndarray): Shift of the picture in units of the image height, shape (T, 2).
    """

    _SPARE = 48

    def __init__(self, nuisances, size, num_frames, rng, fps=30.0):
        times = np.arange(num_frames) / fps
        self.shake = nuisances.jitter * np.stack([wander(times, rng, 2.5) for _ in range(2)], -1)
        flicker = 1 + nuisances.flicker * wander(times, rng, 2.0)
        gains = nuisances.gain * flicker[:, None] * np.array(nuisances.tint)
        # The gain, as tables of whole numbers: level of the picture -> level of the video.
        self.tables = np.clip(np.round(gains[:, None, :] * np.arange(256)[:, None]), 0, 255).astype(np.uint8)
        spare = (size[1] + self._SPARE, size[0] + self._SPARE, 3)
        grain = rng.standard_normal(spare) + 0.6 * rng.standard_normal((*spare[:2], 1))
        self.grain = np.round(nuisances.noise * grain).astype(np.int16)
        self.places = rng.integers(0, self._SPARE, (num_frames, 2))

    def record(self, picture, t):
        """Frame `t` of the video from a picture of shape (height, width, 3), uint8."""
        height, width = picture.shape[:2]
        top, left = self.places[t]
        # Another part of one large field of noise in every frame: cheaper than drawing it anew.
        grain = self.grain[top : top + height, left : left + width]
        return cv2.add(cv2.LUT(picture, self.tables[t][:, None]), grain, dtype=cv2.CV_8U)

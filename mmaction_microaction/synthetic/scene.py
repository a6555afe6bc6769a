"""A scene is everything that determines the frames of a rendered video; ``render_frames`` draws them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.posture import Posture
from mmaction_microaction.synthetic.person.skeleton import Controls, Skeleton, solve
from mmaction_microaction.synthetic.person.subject import Subject, draw_subject
from mmaction_microaction.synthetic.render.canvas import Painter, VirtualCamera
from mmaction_microaction.synthetic.render.face import Expression, face_points
from mmaction_microaction.synthetic.render.figure import draw_figure
from mmaction_microaction.synthetic.render.nuisances import Nuisances, Sensor, draw_shake
from mmaction_microaction.synthetic.render.room import Room, render_room

SPLITS = ('train', 'val', 'test')

# Streams of random numbers, an element of the key of a generator. clip.py uses 0 to 2, 4 and 5, pro_video.py 20 to 25,
# mma52_video.py 30 to 32, long_video.py 40 to 43, plan.py 96 and 99, pro_plan.py 98 and mma52_dataset.py 97. The
# appearance of a still frame and the motion never share a stream.
_SENSOR = 3
_SUBJECTS = 10

RENDERER = 2
"""Version of the rendering. Increment it when the same settings produce other frames."""
FIRST_SUBJECTS = {'MA-52': 0, 'MMA-52': 10_000, 'MA-52-Pro': 20_000, 'long video': 30_000}
"""Index of the first subject of each kind of video. Each kind has up to 9,999 subjects, so that no person is in two."""
WEARS_GLASSES, HOLDS_OBJECT = 0.75, 0.5
"""Probability of glasses and of an object in a hand, in videos of actions that need neither."""


def make_generator(*key: int) -> np.random.Generator:
    """Return an independent random number generator for a key of integers."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def make_subject(seed: int, subject_id: int) -> Subject:
    """Return the ``Subject`` with an index, which is the same in every video of a dataset with this seed."""
    return draw_subject(make_generator(seed, _SUBJECTS, subject_id))


@dataclass(kw_only=True)
class Scene:
    """A person who moves in front of a camera."""

    subject_id: int
    """Index of the subject."""
    num_frames: int
    """Number of frames T."""
    size: tuple[int, int]
    """Width and height of the video in pixels."""
    key: tuple[int, int, int]
    """Seed of the dataset, index of the split and index within the split, which seed all random numbers."""
    fps: int
    """Frames per second."""
    subject: Subject
    """Body proportions and appearance of the person."""
    posture: Posture
    """Posture in which the video begins."""
    camera: VirtualCamera
    """Camera that films the person."""
    room: Room
    """Room behind the person."""
    nuisances: Nuisances
    """Variation that is independent of the label."""
    controls: Controls
    """Everything that moves except the face, over T frames."""
    expression: Expression | None = None
    """Facial expression over T frames. None is a face at rest."""

    @cached_property
    def skeleton(self) -> Skeleton:
        """Skeleton: Joints over T frames. They are computed once, and later changes of the controls have no effect."""
        return solve(self.controls, self.subject.proportions)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return where points are in the frames.

        Args:
            points (np.ndarray): Points in metres, shape (T, n, 3).

        Returns:
            np.ndarray: Coordinates x and y in pixels, shape (T, n, 2). The centre of the first pixel is (0, 0). The
            camera shake is included.
        """
        recording = _make_recording(self)
        flat = self.camera.project(points, recording.canvas_size)[0] + recording.shake[:, None]
        return (flat + 0.5) / 2**recording.num_halvings - 0.5

    def _describe(self) -> dict[str, dict]:
        """Return the parameters of what a still frame shows, ready for JSON."""
        return {name: asdict(getattr(self, name)) for name in ('subject', 'posture', 'camera', 'room', 'nuisances')}


class _Recording(NamedTuple):
    """How a scene is recorded."""

    num_halvings: int
    """How many times the canvas is halved to the size of the video."""
    canvas_size: tuple[int, int]
    """Width and height of the canvas in pixels."""
    shake: np.ndarray
    """Camera shake in pixels of the canvas, right and down, shape (T, 2)."""
    rng: np.random.Generator
    """Random number generator of the sensor, which has drawn the shake."""


def _make_recording(scene: Scene) -> _Recording:
    # The canvas is halved once or twice: the mean of 2 x 2 pixels is exact in integers on every machine.
    num_halvings = 2 if scene.size[1] < 128 else 1
    canvas_size = tuple(side * 2**num_halvings for side in scene.size)
    rng = make_generator(*scene.key, _SENSOR)
    shake = draw_shake(scene.nuisances, scene.num_frames, rng, scene.fps)
    return _Recording(num_halvings, canvas_size, np.round(shake * canvas_size[1]).astype(int), rng)


def equip(
    nuisances: Nuisances,
    rng: np.random.Generator,
    motions: Iterable[dict[str, object]],
    busy_hands: Collection[int] = (),
    moved_hands: Collection[int] = (0, 1),
) -> None:
    """Settle in place whether the person of a video wears glasses and holds an object.

    Most people wear glasses, and half of them hold an object, whatever they do: nobody pushes glasses or plays with an
    object that is not there.

    Args:
        nuisances (Nuisances): Nuisances of the scene.
        rng (np.random.Generator): Random number generator. The number of its draws does not depend on the motions.
        motions (Iterable[dict[str, object]]): Parameters of the motions, some of which need glasses or an object.
        busy_hands (Collection[int]): Sides of the hands that keep a pose, 0 right, 1 left. If exactly one hand does, it
            holds the object. Defaults to no hand.
        moved_hands (Collection[int]): Sides of the hands that the motions move. If exactly one hand does, the other one
            holds the object. Defaults to both hands.
    """
    motions = list(motions)
    glasses, holds = rng.random(2) < (WEARS_GLASSES, HOLDS_OBJECT)
    side, item = int(rng.integers(2)), ('phone', 'pen')[int(rng.integers(2))]
    if len(busy_hands) == 1:
        (side,) = busy_hands
    elif len(moved_hands) == 1:
        (side,) = {0, 1} - set(moved_hands)
    nuisances.glasses = bool(glasses) or any(motion.get('glasses') for motion in motions)
    nuisances.held = (side, item) if holds or any(motion.get('object') for motion in motions) else None


def render_frames(scene: Scene) -> Iterator[np.ndarray]:
    """Render the frames of a scene.

    Args:
        scene (Scene): A :class:`RenderedClip`, a :class:`ProVideo` or a :class:`Mma52Video`.

    Yields:
        np.ndarray: RGB frame, shape (height, width, 3), uint8.
    """
    recording = _make_recording(scene)
    (width, height), shake = recording.canvas_size, recording.shake
    margin = int(abs(shake).max()) + 1
    painter = Painter(scene.camera, recording.canvas_size, scene.nuisances.light, shake, scene.nuisances.contrast)
    draw_figure(
        painter,
        scene.skeleton,
        scene.controls,
        scene.subject,
        scene.nuisances.glasses,
        scene.nuisances.held,
        scene.expression,
        scene.nuisances.face_mask,
    )
    light, scale = scene.nuisances.light, scene.subject.proportions.scale
    room = render_room(scene.room, scene.camera, recording.canvas_size, margin, scale, scene.skeleton, light)
    canvases = (room[top : top + height, left : left + width].copy() for left, top in margin - shake)
    sensor = Sensor(scene.nuisances, scene.size, scene.num_frames, recording.rng, scene.fps)
    for t, image in enumerate(painter.draw(canvases)):
        for _ in range(recording.num_halvings):
            image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
        yield sensor.record(image, t)


def face_boxes(scene: Scene) -> np.ndarray:
    """Return the box around the face, from the hair to the chin, in every frame.

    Args:
        scene (Scene): A :class:`RenderedClip` or a :class:`ProVideo`.

    Returns:
        np.ndarray: Left, top, right and bottom in pixels, clipped to the frame, shape (T, 4).
    """
    recording = _make_recording(scene)
    points = face_points(scene.skeleton, scene.subject.proportions)
    flat = scene.camera.project(points, recording.canvas_size)[0] + recording.shake[:, None]
    boxes = np.concatenate([flat.min(1), flat.max(1)], -1) / 2**recording.num_halvings
    return np.clip(boxes, 0, np.tile(scene.size, 2))

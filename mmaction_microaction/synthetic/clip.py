"""One clip: everything drawn from its seed, and its frames."""

import hashlib
import operator
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.motions import perform
from mmaction_microaction.synthetic.person.posture import Posture, draw_posture, sit
from mmaction_microaction.synthetic.person.skeleton import solve
from mmaction_microaction.synthetic.person.subject import Subject, draw_subject
from mmaction_microaction.synthetic.render.canvas import Painter, VirtualCamera
from mmaction_microaction.synthetic.render.face import face_points
from mmaction_microaction.synthetic.render.figure import draw_figure
from mmaction_microaction.synthetic.render.nuisances import Nuisances, Sensor, draw_camera, draw_nuisances, enliven
from mmaction_microaction.synthetic.render.room import Room, draw_room, render_room

FPS = 30
SECONDS = (1.0, 7.0)
"""Shortest and longest clip in seconds; the mean is near 1.9, as in MA-52."""
SPLITS = ('train', 'val', 'test')

# Streams of random numbers of a clip. What shows in a still picture never shares one with the motion.
_SCENE, _MOTION, _LIFE, _SENSOR = range(4)
_SUBJECTS = 10


def generator(*key):
    """Random numbers of their own for every key of whole numbers."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def subject_of(seed, subject_id):
    """The :class:`Subject` with a number, the same in every clip of a data set with this seed."""
    return draw_subject(generator(seed, _SUBJECTS, subject_id))


@dataclass
class RenderedClip:
    """Everything about one clip.

    Attributes:
        label (int): Fine label, 0 to 51.
        subject_id (int): Number of the subject.
        num_frames (int): Length.
        size (tuple[int, int]): Width and height in pixels.
        key (tuple[int, int, int]): Seed, split and index of the clip, from which all else is drawn.
        subject, posture, camera, room, nuisances: What the picture shows besides the motion.
        motion (dict): Parameters of the motion.
        controls (Controls): Everything that moves, over the frames.
        fps, expression: Of every clip: 30 frames per second, and a face at rest.
    """

    label: int
    subject_id: int
    num_frames: int
    size: tuple
    key: tuple
    subject: Subject
    posture: Posture
    camera: VirtualCamera
    room: Room
    nuisances: Nuisances
    motion: dict
    controls: object
    fps = FPS
    expression = None

    def parameters(self):
        """dict: Every parameter, ready for JSON."""
        named = ('subject', 'posture', 'camera', 'room', 'nuisances')
        plain = {name: getattr(self, name) for name in ('label', 'subject_id', 'num_frames', 'key', 'motion')}
        return {**plain, **{name: asdict(getattr(self, name)) for name in named}}


def make_clip(label, subject_id, size, seed, split=0, index=0, scene_of=None):
    """Draw a clip.

    Args:
        label (int): Fine label, 0 to 51.
        subject_id (int): Number of the subject.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the data set.
        split (int): 0 train, 1 val, 2 test.
        index (int): Number of the clip in its split.
        scene_of (int, optional): Number of the clip whose posture, camera and room it shows. Defaults to None: its own.

    Returns:
        RenderedClip: The clip. Its frames depend on the arguments alone.
    """
    key = (seed, split, index)
    scene = generator(*key, _SCENE)
    seconds = float(np.clip(np.exp(scene.normal(0.53, 0.40)), *SECONDS))
    num_frames = round(seconds * FPS)
    if scene_of is not None:
        scene = generator(seed, split, scene_of, _SCENE)
        scene.normal()  # that clip's length
    subject = subject_of(seed, subject_id)
    posture, camera = draw_posture(scene), draw_camera(scene)
    room, nuisances = draw_room(scene), draw_nuisances(scene)
    controls = sit(posture, subject.proportions, num_frames)
    before = [list(reaches) for reaches in controls.hands]  # kept alive, or new ones could be taken for them
    motion = perform(label, controls, subject.proportions, generator(*key, _MOTION), FPS)
    idle = [side for side in range(2) if _same_objects(controls.hands[side], before[side])]
    provide(nuisances, motion, idle)
    enliven(controls, nuisances, generator(*key, _LIFE), FPS)
    return RenderedClip(
        label, subject_id, num_frames, size, key, subject, posture, camera, room, nuisances, motion, controls
    )


def _same_objects(some, others):
    return len(some) == len(others) and all(map(operator.is_, some, others))


def provide(nuisances, motion, idle):
    """Settle what the motion needs of the picture: an object to play with, glasses to push, a hand free of both."""
    if motion.get('glasses'):
        nuisances.glasses = True
    if motion.get('object') and nuisances.held is None:
        nuisances.held = (0, 'phone')
    if nuisances.held is not None and len(idle) == 1:
        nuisances.held = (idle[0], nuisances.held[1])


def frames(clip):
    """Render a clip.

    Args:
        clip (RenderedClip | ProVideo): The clip.

    Yields:
        np.ndarray: RGB frames, shape (height, width, 3), uint8.
    """
    halvings, canvas_size, sensor, shake = _recording(clip)
    margin = int(abs(shake).max()) + 1
    skeleton = solve(clip.controls, clip.subject.proportions)
    painter = Painter(clip.camera, canvas_size, clip.nuisances.light, shake)
    looks = (clip.subject, clip.nuisances.glasses, clip.nuisances.held, clip.expression)
    draw_figure(painter, skeleton, clip.controls, *looks)
    room = render_room(clip.room, clip.camera, canvas_size, margin, clip.subject.proportions.scale)
    corners = margin - shake
    canvases = (room[top : top + canvas_size[1], left : left + canvas_size[0]].copy() for left, top in corners)
    for t, picture in enumerate(painter.draw(canvases)):
        for _ in range(halvings):
            picture = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
        yield sensor.record(picture, t)


def _recording(clip):
    """How often the canvas is halved, its size, the sensor, and the shake of the camera in pixels of the canvas."""
    # Drawn larger and halved once or twice: the mean of 2 x 2 pixels is exact in whole numbers on every machine.
    halvings = 2 if clip.size[1] < 128 else 1
    canvas_size = tuple(side * 2**halvings for side in clip.size)
    sensor = Sensor(clip.nuisances, clip.size, clip.num_frames, generator(*clip.key, _SENSOR), clip.fps)
    return halvings, canvas_size, sensor, np.round(sensor.shake * canvas_size[1]).astype(int)


def face_boxes(clip):
    """Where the face is, from the hair to the chin.

    Args:
        clip (RenderedClip | ProVideo): The clip.

    Returns:
        np.ndarray: Left, top, right and bottom in pixels, within the picture, shape (T, 4).
    """
    halvings, canvas_size, _, shake = _recording(clip)
    points = face_points(solve(clip.controls, clip.subject.proportions), clip.subject.proportions)
    flat = clip.camera.project(points, canvas_size)[0] + shake[:, None]
    boxes = np.concatenate([flat.min(1), flat.max(1)], -1) / 2**halvings
    return np.clip(boxes, 0, np.tile(clip.size, 2))


def frames_hash(clip):
    """SHA-256 of a clip's frames before compression, as hexadecimal digits."""
    digest = hashlib.sha256()
    for frame in frames(clip):
        digest.update(frame.tobytes())
    return digest.hexdigest()


def video_size(size):
    """Width and height in pixels of a video.

    Args:
        size (int | str): Width, for the 5:6 portrait of MA-52 (``112`` is 112 x 134, ``1080`` is 1080 x 1296), or
            ``'WxH'``.

    Returns:
        tuple[int, int]: Even numbers, as H.264 needs them.

    Raises:
        ValueError: If the size is not a number or WxH, is odd or lies outside 64 to 2160.
    """
    text = str(size).lower()
    try:
        width, height = (
            map(int, text.split('x')) if 'x' in text else (int(text), 2 * round(int(text) * 1296 / 1080 / 2))
        )
    except ValueError:
        raise ValueError(f'size {size!r} is neither a width in pixels, such as 112, nor WxH, such as 112x134') from None
    if width % 2 or height % 2 or not 64 <= width <= 2160 or not 64 <= height <= 2160:
        raise ValueError(f'size {width}x{height}: width and height must be even numbers from 64 to 2160')
    return width, height

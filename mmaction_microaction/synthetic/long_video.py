"""Long videos with known micro-actions: one person in one room performs one action after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.synthetic.person.posture import draw_posture, sit
from mmaction_microaction.synthetic.render.nuisances import add_idle_motion, draw_camera, draw_nuisances
from mmaction_microaction.synthetic.render.room import draw_room
from mmaction_microaction.video.writer import write_video

from .clip import FPS, draw_seconds
from .keypoints import make_true_poses, true_keypoints
from .mma52_motion import perform_from_rest
from .mma52_video import equip_for_all, sit_still
from .scene import FIRST_SUBJECTS, Scene, make_generator, make_subject, render_frames

# Streams of random numbers of a video.
_SCENE, _ACTIONS, _LIFE = range(40, 43)


@dataclass(kw_only=True)
class LongVideo(Scene):
    """A video with one micro-action after the other. The face is at rest."""

    actions: tuple[Interval, ...]
    """Micro-actions in the order of time. Each ends where the next one begins."""


def make_long_video(actions: int | Sequence[int], size: tuple[int, int], seed: int = 0) -> LongVideo:
    """Draw the parameters of a long video.

    The person returns to rest after each action. Glasses, a held object, breathing, sway, camera shake and sensor noise
    belong to the whole video, so that nothing but the body changes between two actions.

    Args:
        actions (int | Sequence[int]): Fine labels of the actions in their order, or the number of actions in random
            order. Then no action is repeated before all 52 were shown.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the person, the camera, the room and the order. Defaults to 0.

    Returns:
        LongVideo: Video whose frames depend on the arguments alone.

    Raises:
        ValueError: If there is no action.
    """
    if not actions or (isinstance(actions, int) and actions < 0):
        raise ValueError(f'{actions} actions: there must be at least one')
    key = (seed, 0, 0)
    scene, drawing = make_generator(*key, _SCENE), make_generator(*key, _ACTIONS)
    subject_id = FIRST_SUBJECTS['long video']
    subject = make_subject(seed, subject_id)
    posture, camera = sit_still(draw_posture(scene)), draw_camera(scene)
    room, nuisances = draw_room(scene), equip_for_all(draw_nuisances(scene), scene)
    if isinstance(actions, int):
        rounds = [drawing.permutation(len(MA52)) for _ in range(0, actions, len(MA52))]
        labels = np.concatenate(rounds)[:actions].tolist()
    else:
        labels = list(actions)
    lengths = [round(draw_seconds(drawing) * FPS) for _ in labels]
    edges = np.cumsum([0, *lengths]).tolist()
    controls = sit(posture, subject.proportions, edges[-1])
    for label, length, start in zip(labels, lengths, edges):
        perform_from_rest(label, length, posture, subject.proportions, drawing, FPS).add_to(controls, start)
    add_idle_motion(controls, nuisances, make_generator(*key, _LIFE), FPS)
    return LongVideo(
        actions=tuple(Interval(s / FPS, e / FPS, label) for s, e, label in zip(edges, edges[1:], labels)),
        subject_id=subject_id,
        num_frames=edges[-1],
        size=size,
        key=key,
        fps=FPS,
        subject=subject,
        posture=posture,
        camera=camera,
        room=room,
        nuisances=nuisances,
        controls=controls,
    )


def write_long_video(path: str | Path, num_actions: int, size: tuple[int, int], seed: int = 0) -> list[Interval]:
    """Render a long video, and write the true poses beside it.

    Args:
        path (str | Path): Path of the video, ``*.mp4``. The poses have the suffix ``.pkl``.
        num_actions (int): Number of actions, in random order. No action is repeated before all 52 were shown.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the person, the camera, the room and the order. Defaults to 0.

    Returns:
        list[Interval]: Start, end and label of every action.

    Raises:
        ValueError: If ``num_actions`` is less than 1.
    """
    video = make_long_video(num_actions, size, seed)
    write_video(path, render_frames(video), size, fps=FPS, crf=video.nuisances.crf)
    poses = make_true_poses(Path(path).stem, true_keypoints(video), size, FPS)
    write_poses([poses], Path(path).with_suffix('.pkl'))
    return list(video.actions)

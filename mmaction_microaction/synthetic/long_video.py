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
from .mma52_statistics import INSTANCES
from .mma52_video import COUNTS, equip_for_all, sit_still
from .scene import FIRST_SUBJECTS, Scene, make_generator, make_subject, render_frames

# Streams of random numbers of a video.
_SCENE, _ACTIONS, _LIFE, _RESTS = range(40, 44)


@dataclass(kw_only=True)
class LongVideo(Scene):
    """A video with one micro-action after the other. The face is at rest."""

    actions: tuple[Interval, ...]
    """Micro-actions in the order of time. Without rest, each ends where the next one begins."""


def make_long_video(
    actions: int | Sequence[int],
    size: tuple[int, int],
    seed: int = 0,
    *,
    seconds: float | None = None,
    counts: str = 'uniform',
    index: int = 0,
    fps: int = FPS,
) -> LongVideo:
    """Draw the parameters of a long video.

    The person returns to rest after each action. Glasses, a held object, breathing, sway, camera shake and sensor noise
    belong to the whole video, so that nothing but the body changes between two actions.

    Args:
        actions (int | Sequence[int]): Fine labels of the actions in their order, or the number of actions in random
            order.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the person, the camera, the room and the order. Defaults to 0.
        seconds (float, optional): Duration of the video. The person is at rest before, between and after the actions,
            for times drawn at random. Defaults to None: actions without rest.
        counts (str): Which actions a number stands for. ``'uniform'``: no action is repeated before all 52 were shown.
            ``'long-tailed'``: actions with the frequencies of MMA-52. Defaults to ``'uniform'``.
        index (int): Index of the video among those of the seed, which show different people. Defaults to 0.
        fps (int): Frames per second. Defaults to 30.

    Returns:
        LongVideo: Video whose frames depend on the arguments alone.

    Raises:
        ValueError: If there is no action, if the actions do not fit into ``seconds``, or if ``counts`` is not known.
    """
    if not actions or (isinstance(actions, int) and actions < 0):
        raise ValueError(f'{actions} actions: there must be at least one')
    key = (seed, 0, index)
    scene, drawing = make_generator(*key, _SCENE), make_generator(*key, _ACTIONS)
    subject_id = FIRST_SUBJECTS['long video'] + index
    subject = make_subject(seed, subject_id)
    posture, camera = sit_still(draw_posture(scene)), draw_camera(scene)
    room, nuisances = draw_room(scene), equip_for_all(draw_nuisances(scene), scene)
    labels = _draw_labels(actions, counts, drawing) if isinstance(actions, int) else list(actions)
    lengths = np.array([round(draw_seconds(drawing) * fps) for _ in labels])
    ends = np.cumsum(lengths)
    num_frames = int(ends[-1])
    if seconds is not None:
        num_frames = round(seconds * fps)
        rest = num_frames - int(ends[-1])
        if rest < 0:
            raise ValueError(f'{len(labels)} actions do not fit into {seconds:g} s: they last {ends[-1] / fps:.1f} s')
        ends += np.sort(make_generator(*key, _RESTS).integers(rest + 1, size=len(labels)))
    starts = (ends - lengths).tolist()
    controls = sit(posture, subject.proportions, num_frames)
    for label, length, start in zip(labels, lengths.tolist(), starts):
        perform_from_rest(label, length, posture, subject.proportions, drawing, fps).add_to(controls, start)
    add_idle_motion(controls, nuisances, make_generator(*key, _LIFE), fps)
    return LongVideo(
        actions=tuple(Interval(s / fps, e / fps, label) for s, e, label in zip(starts, ends.tolist(), labels)),
        subject_id=subject_id,
        num_frames=num_frames,
        size=size,
        key=key,
        fps=fps,
        subject=subject,
        posture=posture,
        camera=camera,
        room=room,
        nuisances=nuisances,
        controls=controls,
    )


def _draw_labels(num_actions: int, counts: str, rng: np.random.Generator) -> list[int]:
    """Return the labels of a number of actions."""
    if counts == 'uniform':
        rounds = [rng.permutation(len(MA52)) for _ in range(0, num_actions, len(MA52))]
        return np.concatenate(rounds)[:num_actions].tolist()
    if counts == 'long-tailed':
        return rng.choice(len(MA52), num_actions, p=INSTANCES / INSTANCES.sum()).tolist()
    raise ValueError(f'counts {counts!r}: must be one of {", ".join(COUNTS)}')


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

"""A video of MA-52-Pro: one person shows an emotion and performs several micro-actions, some at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.synthetic.person.curves import pulse
from mmaction_microaction.synthetic.person.motions import perform
from mmaction_microaction.synthetic.person.posture import Posture, draw_posture, rest_between_actions, sit
from mmaction_microaction.synthetic.person.skeleton import Controls, Proportions, Reach
from mmaction_microaction.synthetic.render.nuisances import add_idle_motion, draw_camera, draw_nuisances
from mmaction_microaction.synthetic.render.room import draw_room

from .emotions import EXPRESSION_SHARES, EXPRESSIONS, draw_actions, draw_expression
from .scene import Scene, equip, make_generator, make_subject

FPS = 15
SECONDS = (5.0, 20.0)
"""Duration of the shortest and the longest video in seconds. The mean is near 6.5."""
MAX_ACTIONS = 15

# Streams of random numbers of a video.
_SCENE, _ACTIONS, _FACE, _MOTION, _LIFE, _BELONGINGS = range(20, 26)
# Seconds that the body takes to the pose in which a motion begins, and back from the pose in which it ends.
_LEAD, _RELEASE = 0.3, 0.4
# What the actions of each body part (coarse label) move. Two simultaneous actions share nothing.
_MOVES = (
    {'trunk', 'head', 'hands', 'legs'},
    {'head'},
    {'hands'},
    {'legs'},
    {'hands', 'trunk'},
    {'hands', 'head'},
    {'hands', 'legs', 'trunk'},
)


@dataclass(kw_only=True)
class ProVideo(Scene):
    """A video with an emotion and several micro-actions."""

    emotion: int
    """Index of the emotion."""
    shown: int
    """Index of the facial expression."""
    actions: tuple[Interval, ...]
    """Micro-actions, ordered by their start."""
    motions: tuple[dict[str, object], ...]
    """Parameters of each action's motion, by name."""
    fps: int = FPS
    """Frames per second."""

    def annotation(self) -> dict[str, object]:
        """Return the line of the annotation file, without the names of the files."""
        actions = [
            {'start': round(i.start, 3), 'end': round(i.end, 3), 'label': i.label, 'code': i.action.code}
            for i in self.actions
        ]
        return {'emotion': EMOTIONS[self.emotion], 'actions': actions, 'subject': self.subject_id}

    def parameters(self) -> dict[str, object]:
        """Return every parameter, ready for JSON."""
        plain = {name: getattr(self, name) for name in ('num_frames', 'key', 'motions')}
        return {**self.annotation(), 'expression': EXPRESSIONS[self.shown], **plain, **self._describe()}


def make_pro_video(
    emotion: int, subject_id: int, size: tuple[int, int], seed: int, split: int = 0, index: int = 0
) -> ProVideo:
    """Draw the parameters of a video.

    Args:
        emotion (int): Index of the emotion.
        subject_id (int): Index of the subject.
        size (tuple[int, int]): Width and height of the video in pixels.
        seed (int): Seed of the dataset.
        split (int): Index of the split: 0 train, 1 val, 2 test. Defaults to 0.
        index (int): Index of the video in its split. Defaults to 0.

    Returns:
        ProVideo: Video whose frames depend on the arguments alone.
    """
    key = (seed, split, index)
    scene, drawing = make_generator(*key, _SCENE), make_generator(*key, _ACTIONS)
    seconds = min(SECONDS[0] + drawing.exponential(1.5), SECONDS[1])
    num_frames = round(seconds * FPS)
    num_actions = int(np.clip(1 + drawing.poisson(0.7 * seconds), 1, MAX_ACTIONS))
    plan = _schedule(draw_actions(emotion, num_actions, drawing), num_frames, drawing)
    subject = make_subject(seed, subject_id)
    posture, camera = _face_camera(draw_posture(scene)), draw_camera(scene)
    room, nuisances = draw_room(scene), draw_nuisances(scene)
    controls = sit(posture, subject.proportions, num_frames)
    motion = make_generator(*key, _MOTION)
    performed = [_add_action(controls, posture, subject.proportions, action, motion) for action in plan]
    motions, actions = zip(*performed)
    equip(nuisances, make_generator(*key, _BELONGINGS), motions)
    add_idle_motion(controls, nuisances, make_generator(*key, _LIFE), FPS)
    face = make_generator(*key, _FACE)
    shown = int(face.choice(len(EXPRESSIONS), p=EXPRESSION_SHARES[emotion]))
    return ProVideo(
        emotion=emotion,
        shown=shown,
        actions=actions,
        subject_id=subject_id,
        num_frames=num_frames,
        size=size,
        key=key,
        subject=subject,
        posture=posture,
        camera=camera,
        room=room,
        nuisances=nuisances,
        motions=motions,
        controls=controls,
        expression=draw_expression(shown, np.arange(num_frames) / FPS, face),
    )


def _face_camera(posture: Posture) -> Posture:
    """Return the posture from which any action is possible, with the head towards the camera, as in an interview."""
    posture = rest_between_actions(posture)
    yaw, pitch, roll = posture.head
    return replace(posture, head=(0.5 * yaw, 0.5 * pitch, roll))


class _ScheduledAction(NamedTuple):
    """A micro-action and its frames."""

    label: int
    start: int
    """Index of the first frame."""
    length: int
    """Number of frames that the motion takes."""
    until: int
    """Index of the frame at which the body begins to return to its posture."""


def _schedule(labels: Sequence[int], num_frames: int, rng: np.random.Generator) -> list[_ScheduledAction]:
    """Schedule actions one after the other, sometimes two at once, until the video is full.

    Returns:
        list[_ScheduledAction]: The actions that fit, ordered by their start.
    """
    lead, release = round(_LEAD * FPS), round(_RELEASE * FPS)
    plan, free, last = [], dict.fromkeys(set.union(*_MOVES), lead), lead
    for label in labels:
        length = round(rng.uniform(0.9, 2.1) * FPS)
        together = rng.random() < 0.7
        pause = round(rng.uniform(0.0, 0.4) * FPS)
        moves = _MOVES[MA52.fine_to_coarse[label]]
        # An action does not start before the previous one, so that the plan stays in order.
        start = max(*(free[part] for part in moves), plan[-1].start if plan and together else last) + pause
        if start + length > num_frames:
            break
        plan.append(_ScheduledAction(label, start, length, start + length + round(rng.uniform(0.0, 3.5) * FPS)))
        last = max(last, start + length)
        free.update(dict.fromkeys(moves, start + length + release))
    return [_release_in_time(action, plan[i + 1 :], num_frames) for i, action in enumerate(plan)]


def _release_in_time(action: _ScheduledAction, later: list[_ScheduledAction], num_frames: int) -> _ScheduledAction:
    """Return the action with its pose ended before the next action that moves the same part of the body."""
    moves = _MOVES[MA52.fine_to_coarse[action.label]]
    needed = (other.start for other in later if moves & _MOVES[MA52.fine_to_coarse[other.label]])
    latest = min(next(needed, num_frames + round(_RELEASE * FPS)) - round(_RELEASE * FPS), num_frames)
    return action._replace(until=min(action.until, latest))


def _add_action(
    controls: Controls, posture: Posture, proportions: Proportions, action: _ScheduledAction, rng: np.random.Generator
) -> tuple[dict, Interval]:
    """Add an action to the controls of a video, in place.

    Returns:
        tuple[dict, Interval]: Parameters of the motion, and the interval from the begin of the motion to the end of its
            pose.
    """
    num_frames = len(controls.slouch)
    rest, moved = (sit(posture, proportions, action.length) for _ in range(2))
    parameters, _ = perform(action.label, moved, proportions, rng, FPS)
    times = np.arange(num_frames)
    indices = np.clip(times - action.start, 0, action.length - 1)
    begin, end = action.start - _LEAD * FPS, action.until + _RELEASE * FPS
    presence = pulse(times, begin, action.start, action.until, end)
    holds_pose = False
    for field in fields(Controls):
        if field.name != 'hands':
            change = getattr(moved, field.name) - getattr(rest, field.name)
            holds_pose |= abs(change[-1]).max() > 0.05
            getattr(controls, field.name)[:] += change[indices] * presence.reshape(-1, *[1] * (change.ndim - 1))
    for reaches, added in zip(controls.hands, moved.hands):
        for reach in added[1:]:
            holds_pose |= reach.weight[-1] > 0.5
            offset = reach.offset[indices] if np.ndim(reach.offset) else reach.offset
            reaches.append(Reach(reach.contact, reach.weight[indices] * presence, reach.arc, offset))
    lead, tail = parameters['lead'], parameters['tail']
    over = action.until if holds_pose else action.start + (1 - tail) * action.length
    return parameters, Interval((action.start + lead * action.length) / FPS, over / FPS, action.label)

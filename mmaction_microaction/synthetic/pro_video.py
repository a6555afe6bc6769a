"""Videos of MA-52-Pro: one person, an emotion, and several micro-actions with pauses, some at the same time."""

from dataclasses import asdict, dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets.ma52 import EMOTIONS, FINE_TO_COARSE
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.synthetic.person.curves import pulse
from mmaction_microaction.synthetic.person.motions import BACKWARDS, perform
from mmaction_microaction.synthetic.person.posture import Posture, draw_posture, sit
from mmaction_microaction.synthetic.person.skeleton import Controls, Reach
from mmaction_microaction.synthetic.person.subject import Subject
from mmaction_microaction.synthetic.render.canvas import VirtualCamera
from mmaction_microaction.synthetic.render.face import Expression
from mmaction_microaction.synthetic.render.nuisances import Nuisances, draw_camera, draw_nuisances, enliven
from mmaction_microaction.synthetic.render.room import Room, draw_room

from .clip import generator, provide, subject_of
from .emotions import EXPRESSION_SHARES, EXPRESSIONS, draw_actions, draw_expression

FPS = 15
SECONDS = (5.0, 20.0)
"""Shortest and longest video; the mean is near 6.5."""
MOST_ACTIONS = 15

# Streams of random numbers of a video, other than those of a clip.
_SCENE, _ACTIONS, _FACE, _MOTION, _LIFE = range(20, 25)
# Seconds in which the body comes to where a motion begins, and goes back from where it ends.
_LEAD, _RELEASE = 0.3, 0.4
# What each body part's actions move; two actions at the same time share nothing.
_MOVES = (
    {'trunk', 'head', 'hands', 'legs'},
    {'head'},
    {'hands'},
    {'legs'},
    {'hands', 'trunk'},
    {'hands', 'head'},
    {'hands', 'legs', 'trunk'},
)


@dataclass
class ProVideo:
    """Everything about one video.

    Attributes:
        emotion (int): Index of the emotion.
        shown (int): Index of the expression it shows in.
        actions (tuple[Interval]): What is seen when.
        subject_id (int): Number of the subject.
        num_frames (int): Length.
        size (tuple[int, int]): Width and height in pixels.
        key (tuple[int, int, int]): Seed, split and index of the video, from which all else is drawn.
        subject, posture, camera, room, nuisances: What the picture shows besides.
        motions (tuple[dict]): Parameters of each action's motion.
        controls (Controls): Everything that moves but the face, over the frames.
        expression (Expression): What the face does, over the frames.
    """

    emotion: int
    shown: int
    actions: tuple
    subject_id: int
    num_frames: int
    size: tuple
    key: tuple
    subject: Subject
    posture: Posture
    camera: VirtualCamera
    room: Room
    nuisances: Nuisances
    motions: tuple
    controls: Controls
    expression: Expression
    fps = FPS

    def row(self):
        """dict: The line of the annotation file, but for the names of the files."""
        actions = [
            {'start': round(i.start, 3), 'end': round(i.end, 3), 'label': i.label, 'code': i.action.code}
            for i in self.actions
        ]
        return {'emotion': EMOTIONS[self.emotion], 'actions': actions, 'subject': self.subject_id}

    def parameters(self):
        """dict: Every parameter, ready for JSON."""
        named = ('subject', 'posture', 'camera', 'room', 'nuisances')
        plain = {name: getattr(self, name) for name in ('num_frames', 'key', 'motions')}
        looks = {name: asdict(getattr(self, name)) for name in named}
        return {**self.row(), 'expression': EXPRESSIONS[self.shown], **plain, **looks}


def make_pro_video(emotion, subject_id, size, seed, split=0, index=0):
    """Draw a video.

    Args:
        emotion (int): Index of the emotion.
        subject_id (int): Number of the subject.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the data set.
        split (int): 0 train, 1 val, 2 test.
        index (int): Number of the video in its split.

    Returns:
        ProVideo: The video. Its frames depend on the arguments alone.
    """
    key = (seed, split, index)
    scene, drawing = generator(*key, _SCENE), generator(*key, _ACTIONS)
    seconds = min(SECONDS[0] + drawing.exponential(1.5), SECONDS[1])
    num_frames = round(seconds * FPS)
    number = int(np.clip(1 + drawing.poisson(0.7 * seconds), 1, MOST_ACTIONS))
    plan = _schedule(draw_actions(emotion, number, drawing), num_frames, drawing)
    subject = subject_of(seed, subject_id)
    posture, camera = _facing(draw_posture(scene)), draw_camera(scene)
    room, nuisances = draw_room(scene), draw_nuisances(scene)
    controls = sit(posture, subject.proportions, num_frames)
    motion = generator(*key, _MOTION)
    motions, actions = zip(*(_perform(controls, posture, subject.proportions, entry, motion) for entry in plan))
    for drawn in motions:
        provide(nuisances, drawn, ())
    enliven(controls, nuisances, generator(*key, _LIFE), FPS)
    face = generator(*key, _FACE)
    shown = int(face.choice(len(EXPRESSIONS), p=EXPRESSION_SHARES[emotion]))
    expression = draw_expression(shown, np.arange(num_frames) / FPS, face)
    looks = (subject, posture, camera, room, nuisances)
    return ProVideo(emotion, shown, actions, subject_id, num_frames, size, key, *looks, motions, controls, expression)


def _facing(posture):
    """The same posture with the head towards the camera, as in an interview, and no arm held out."""
    yaw, pitch, roll = posture.head
    return replace(posture, head=(0.5 * yaw, 0.4 * pitch, roll), extended=None)


class _Entry(NamedTuple):
    """An action of the plan."""

    label: int
    start: int
    """First frame."""
    length: int
    """Frames that the motion takes."""
    until: int
    """Frame at which the body begins to go back to where it was."""


def _schedule(labels, num_frames, rng):
    """When the actions happen, one after the other but now and then two at once, as long as there is time.

    Returns:
        list[_Entry]: The actions, by their start.
    """
    lead, release = round(_LEAD * FPS), round(_RELEASE * FPS)
    plan, free, last = [], dict.fromkeys(set.union(*_MOVES), lead), lead
    for label in labels:
        length = round(rng.uniform(0.9, 2.1) * FPS)
        together = rng.random() < 0.7
        pause = round(rng.uniform(0.0, 0.4) * FPS)
        moves = _MOVES[FINE_TO_COARSE[label]]
        # Not before the action that began last, so that they stay in order.
        start = max(*(free[part] for part in moves), plan[-1].start if plan and together else last) + pause
        if start + length > num_frames:
            break
        plan.append(_Entry(label, start, length, start + length + round(rng.uniform(0.0, 3.5) * FPS)))
        last = max(last, start + length)
        free.update(dict.fromkeys(moves, start + length + release))
    return [_until_needed(entry, plan[i + 1 :], num_frames) for i, entry in enumerate(plan)]


def _until_needed(entry, later, num_frames):
    """The same entry, whose pose ends in time for the next action of the same part of the body."""
    moves = _MOVES[FINE_TO_COARSE[entry.label]]
    needed = (other.start for other in later if moves & _MOVES[FINE_TO_COARSE[other.label]])
    latest = min(next(needed, num_frames + round(_RELEASE * FPS)) - round(_RELEASE * FPS), num_frames)
    return entry._replace(until=min(entry.until, latest))


def _perform(controls, posture, size, entry, rng):
    """Add an action to a longer video's controls, in place.

    Returns:
        tuple[dict, Interval]: The parameters drawn, and when the motion begins and its pose is over.
    """
    num_frames = len(controls.slouch)
    rest, moved = (sit(posture, size, entry.length) for _ in range(2))
    drawn = perform(entry.label, moved, size, rng, FPS)
    times = np.arange(num_frames)
    frames = np.clip(times - entry.start, 0, entry.length - 1)
    begin, end = entry.start - _LEAD * FPS, entry.until + _RELEASE * FPS
    presence = pulse(times, begin, entry.start, entry.until, end)
    stays = False
    for field in fields(Controls):
        if field.name != 'hands':
            change = getattr(moved, field.name) - getattr(rest, field.name)
            stays |= abs(change[-1]).max() > 0.05
            getattr(controls, field.name)[:] += change[frames] * presence.reshape(-1, *[1] * (change.ndim - 1))
    for reaches, added in zip(controls.hands, moved.hands):
        for reach in added[1:]:
            stays |= reach.weight[-1] > 0.5
            offset = reach.offset[frames] if np.ndim(reach.offset) else reach.offset
            reaches.append(Reach(reach.contact, reach.weight[frames] * presence, reach.arc, offset))
    before, after = (drawn['lead'], drawn['tail'])[:: -1 if entry.label in BACKWARDS else 1]
    over = entry.until if stays else entry.start + (1 - after) * entry.length
    return drawn, Interval((entry.start + before * entry.length) / FPS, over / FPS, entry.label)

"""A video of a synthetic MMA-52: one person performs several micro-actions, most of them at the same time."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic.person.posture import Posture, draw_posture, rest_between_actions, sit
from mmaction_microaction.synthetic.person.skeleton import Controls, Proportions
from mmaction_microaction.synthetic.render.nuisances import Nuisances, add_idle_motion, draw_camera, draw_nuisances
from mmaction_microaction.synthetic.render.room import draw_room

from .mma52_motion import Performance, perform_from_rest
from .mma52_statistics import (
    INSTANCES,
    MIN_SECONDS,
    SHARE_OF_29_FPS,
    draw_action_seconds,
    draw_cuts,
    draw_duration,
    draw_num_actions,
)
from .scene import Scene, make_generator, make_subject

COUNTS = ('long-tailed', 'uniform')

# Streams of random numbers of a video.
_SCENE, _ACTIONS, _LIFE = range(30, 33)
_OVERLAPS = 0.95
"""Probability that an action is placed so that it overlaps an earlier one."""
_FADES = 0.15
"""Mean seconds at both ends of an action in which it is too small to be visible."""
_CANDIDATES = 2
"""Number of times from which the time of an action is chosen."""
_ATTEMPTS, _ATTEMPTS_PER_LABEL = 80, 8
"""Attempts to place an action, and attempts until another label is drawn."""
_ONCE = MA52.names.index('scratching arms')  # A hand on the other arm has to be solved after that arm.
_REPEATED_FIDGETS = {'head nods', 'fingers move'}  # They would resemble actions in a long video.


class TimedAction(NamedTuple):
    """A micro-action of a video, in the convention of MMA-52's tables."""

    start_frame: int
    """Index of the first frame, from 0."""
    end_frame: int
    """Index of the frame at which the action ends, at most that of the last frame."""
    label: int
    """Fine label."""


@dataclass(kw_only=True)
class Mma52Video(Scene):
    """A video with several micro-actions. The face is at rest."""

    actions: tuple[TimedAction, ...]
    """Micro-actions, in the order in which they were placed."""
    motions: tuple[dict[str, object], ...]
    """Parameters of each action's motion, by name."""

    def parameters(self) -> dict[str, object]:
        """Return every parameter, ready for JSON."""
        plain = {name: getattr(self, name) for name in ('num_frames', 'fps', 'key', 'motions')}
        actions = [action._asdict() for action in self.actions]
        return {'subject_id': self.subject_id, 'actions': actions, **plain, **self._describe()}


def make_mma52_video(
    subject_id: int,
    size: tuple[int, int],
    seed: int,
    split: int = 0,
    index: int = 0,
    counts: str = 'long-tailed',
) -> Mma52Video:
    """Draw the parameters of a video.

    Args:
        subject_id (int): Index of the subject.
        size (tuple[int, int]): Width and height of the video in pixels.
        seed (int): Seed of the dataset.
        split (int): Index of the split: 0 train, 1 val, 2 test. Defaults to 0.
        index (int): Index of the video in its split. Defaults to 0.
        counts (str): ``'long-tailed'`` for the frequencies of the actions in MMA-52, or ``'uniform'``. Defaults to
            ``'long-tailed'``.

    Returns:
        Mma52Video: Video whose frames depend on the arguments alone.
    """
    key = (seed, split, index)
    # The scene and the actions have separate random numbers, so that the scene cannot depend on the actions.
    scene, drawing = make_generator(*key, _SCENE), make_generator(*key, _ACTIONS)
    subject = make_subject(seed, subject_id)
    posture, camera = sit_still(draw_posture(scene)), draw_camera(scene)
    room, nuisances = draw_room(scene), equip_for_all(draw_nuisances(scene), scene)
    fps = 29 if drawing.random() < SHARE_OF_29_FPS else 30
    duration = draw_duration(drawing)
    num_frames = round(duration * fps)
    schedule = _Schedule(num_frames, fps, posture, subject.proportions, drawing)
    weights = np.maximum(INSTANCES, 1) if counts == 'long-tailed' else np.ones(len(MA52))
    schedule.place(draw_num_actions(duration, drawing), weights / weights.sum())
    controls = sit(posture, subject.proportions, num_frames)
    schedule.add_to(controls)
    add_idle_motion(controls, nuisances, make_generator(*key, _LIFE), fps)
    return Mma52Video(
        actions=tuple(schedule.actions),
        motions=tuple(performance.parameters for _, performance in schedule.performances),
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


def sit_still(posture: Posture) -> Posture:
    """Return the posture from which any action is possible, with the head turned to the camera."""
    posture = rest_between_actions(posture)
    yaw, pitch, roll = posture.head
    return replace(posture, head=(0.5 * yaw, pitch, roll))


def equip_for_all(nuisances: Nuisances, rng: np.random.Generator) -> Nuisances:
    """Return the nuisances with glasses and an object in one hand, as in every video.

    Otherwise, they would announce actions that need them.
    """
    held = int(rng.integers(2)), str(rng.choice(('phone', 'pen')))
    fidgets = tuple(fidget for fidget in nuisances.fidgets if fidget not in _REPEATED_FIDGETS)
    return replace(nuisances, glasses=True, held=held, fidgets=fidgets)


class _Schedule:
    """The actions of a video. Two actions that move the same part of the body never overlap in time."""

    def __init__(
        self, num_frames: int, fps: int, posture: Posture, proportions: Proportions, rng: np.random.Generator
    ) -> None:
        self.num_frames, self.fps, self.rng = num_frames, fps, rng
        self.posture, self.proportions = posture, proportions
        self.actions: list[TimedAction] = []
        self.performances: list[tuple[int, Performance]] = []

    def place(self, num_actions: int, shares: np.ndarray) -> None:
        """Place actions whose labels have the probabilities `shares`, shape (52,).

        An action that does not fit is replaced by another one.
        """
        drawn = [self._draw_action(shares) for _ in range(num_actions)]
        # Short actions fit between long ones, but not the other way round.
        for label, length in sorted(drawn, key=lambda action: -action[1]):
            for attempt in range(_ATTEMPTS):
                if attempt and attempt % _ATTEMPTS_PER_LABEL == 0:
                    label, length = self._draw_action(shares)
                if self._try_to_place(label, *self._draw_time(label, length)):
                    break

    def _draw_action(self, shares: np.ndarray) -> tuple[int, int]:
        """Return the label and the number of visible frames of an action."""
        label = int(self.rng.choice(len(shares), p=shares))
        return label, round((draw_action_seconds(label, self.rng) + _FADES) * self.fps)

    def _try_to_place(self, label: int, start: int, length: int) -> bool:
        """Add an action if what it moves is free at its time."""
        if label == _ONCE and any(action.label == label for action in self.actions):
            return False
        performance = perform_from_rest(label, length, self.posture, self.proportions, self.rng, self.fps)
        visible = max(0, start + performance.begin), min(self.num_frames - 1, start + performance.end)
        if visible[1] - visible[0] < MIN_SECONDS * self.fps or not self._is_free(start, performance):
            return False
        self.actions.append(TimedAction(*visible, label))
        self.performances.append((start, performance))
        return True

    def _draw_time(self, label: int, length: int) -> tuple[int, int]:
        """Return the first frame of an action, which may be negative, and its number of frames, some of them hidden."""
        rng, total = self.rng, self.num_frames
        before, after = draw_cuts(label, rng)
        length = total if before and after else min(length, round(rng.uniform(0.88, 1.0) * total))
        hidden = np.round(rng.uniform(0.2, 1.0, 2) * min(length, 3 * self.fps)).astype(int) * (before, after)
        if before:
            start = 0
        elif after:
            start = total - length
        else:
            start = self._draw_start(length)
        return int(start - hidden[0]), int(length + hidden.sum())

    def _draw_start(self, length: int) -> int:
        """Return the first frame of an action that is wholly inside the video.

        Of several times, the one is taken at which the fewest frames have another action, since people in MMA-52 are
        seldom at rest and seldom perform three actions at once.
        """
        covered = np.zeros(self.num_frames, int)
        for action in self.actions:
            covered[action.start_frame : action.end_frame] += 1
        starts = [self._draw_any_start(length) for _ in range(_CANDIDATES)]
        return min(starts, key=lambda start: covered[start : start + length].sum())

    def _draw_any_start(self, length: int) -> int:
        low, high = 1, max(1, self.num_frames - 1 - length)
        if self.actions and self.rng.random() < _OVERLAPS:
            other = self.actions[int(self.rng.integers(len(self.actions)))]
            margin = 0.2 * min(length, other.end_frame - other.start_frame)
            bounds = other.start_frame - length + margin, other.end_frame - margin
            low, high = np.clip(bounds, low, high)
        return round(self.rng.uniform(low, high))

    def _is_free(self, start: int, performance: Performance) -> bool:
        """Return whether the video's other actions leave alone what an action moves while it moves."""
        return not any(
            performance.moves & other.moves
            and start < other_start + other.num_frames
            and other_start < start + performance.num_frames
            for other_start, other in self.performances
        )

    def add_to(self, controls: Controls) -> None:
        """Add all actions to the controls of the video, in place."""
        for start, performance in self.performances:
            performance.add_to(controls, start)

"""The 52 micro-actions as movements of a skeleton's controls."""

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic.person.posture import (
    Posture,
    center_arms,
    center_feet,
    center_head,
    center_legs,
)
from mmaction_microaction.synthetic.person.skeleton import Controls, Proportions

from . import body, head, lower_limb, touching, upper_limb
from .stage import KeptPose, Stage

_MOTIONS = {**body.MOTIONS, **head.MOTIONS, **upper_limb.MOTIONS, **lower_limb.MOTIONS, **touching.MOTIONS}
_CENTERS = {
    'stretching arms': center_arms,
    'retracting arms': center_arms,
    'spread legs': center_legs,
    'closing legs': center_legs,
    'stretching feet': center_feet,
    'retracting feet': center_feet,
    'bowing head': center_head,
    'head up': center_head,
}
"""What the two actions of a reversed pair need. They begin in one distribution of postures."""

KEPT_POSES = {
    'hands': (
        0.4,
        (
            'scratching arms',
            'playing objects',
            'putting hands together',
            'pointing oneself',
            'waving',
            'spreading hands',
            'hands touching fingers',
            'scratching or touching neck',
            'scratching or touching chest',
            'scratching or touching back',
            'scratching or touching shoulder',
            'arms akimbo',
            'crossing arms',
            'playing or tidying hair',
            'scratching or touching hindbrain',
            'scratching or touching forehead',
            'scratching or touching face',
            'rubbing eyes',
            'touching nose',
            'touching ears',
            'covering face',
            'covering mouth',
            'pushing glasses',
            'touching legs',
            'scratching legs',
        ),
    ),
    'legs': (0.25, ('curling legs', 'crossing legs', 'tiptoe')),
    'head': (0.2, ('tilting head', 'turning head')),
    'trunk': (0.15, ('turning around', 'sitting straightly')),
}
"""Poses that are kept through a clip, whatever its action: their probability, and the actions that end in them."""
_MOVES_LEGS = {
    *lower_limb.MOTIONS,
    'turning around',
    'rising up',
    'scratching feet',
}
"""Actions that cannot be performed with crossed legs."""


def start_posture(label: int, posture: Posture) -> Posture:
    """Return the posture in which an action begins.

    It is the same for both actions of a reversed pair. It is `posture` itself for all other actions.

    Args:
        label (int): Fine label, 0 to 51.
        posture (Posture): Posture that was drawn independently of the label.

    Returns:
        Posture: Posture from which the action is possible.
    """
    center = _CENTERS.get(MA52.names[label])
    return center(posture) if center else posture


def draw_kept_poses(label: int | None, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw the poses that a person keeps while an action is performed.

    The poses do not depend on the label, except that the pose in which the action ends is not kept, and that legs which
    the action moves keep no pose.

    Args:
        label (int | None): Fine label, 0 to 51. None if the person rests.
        rng (np.random.Generator): Random number generator. The number of its draws does not depend on the label.

    Returns:
        tuple[str, ...]: Names of the actions that end in the poses.
    """
    action = None if label is None else MA52.names[label]
    kept = []
    for part, (probability, names) in KEPT_POSES.items():
        shown, k = rng.random() < probability, int(rng.integers(len(names)))
        possible = names[k] != action and not (part == 'legs' and action in _MOVES_LEGS)
        if shown and possible:
            kept.append(names[k])
    return tuple(kept)


def keep_pose(
    name: str, controls: Controls, proportions: Proportions, rng: np.random.Generator
) -> tuple[dict[str, object], set[int]]:
    """Add the pose in which an action ends to all frames.

    Args:
        name (str): Name of the action.
        controls (Controls): Controls of the resting posture. They are changed in place.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the pose's parameters.

    Returns:
        tuple[dict[str, object], set[int]]: Parameters of the pose by name, and sides of the hands that keep it: 0
        right, 1 left.
    """
    stage = KeptPose(controls, proportions, rng)
    _MOTIONS[name](stage)
    return stage.parameters, stage.moved_hands


def perform(
    label: int,
    controls: Controls,
    proportions: Proportions,
    rng: np.random.Generator,
    fps: float = 30.0,
    margins: tuple[float, float] | None = None,
    busy_hands: frozenset[int] = frozenset(),
) -> tuple[dict[str, object], set[int]]:
    """Add a micro-action to the controls of a seated person.

    Args:
        label (int): Fine label, 0 to 51.
        controls (Controls): Controls of the person's posture. They are changed in place.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the motion's parameters.
        fps (float): Frames per second. Defaults to 30.
        margins (tuple[float, float], optional): Seconds of rest before and after the motion. Defaults to None: they are
            drawn, each from 7 to 20 % of the duration.
        busy_hands (frozenset[int]): Sides of the hands that keep a pose. If exactly one hand does, a motion of one hand
            is performed with the other one. Defaults to no hand.

    Returns:
        tuple[dict[str, object], set[int]]: Parameters of the motion by name, and sides of the hands that it moves: 0
        right, 1 left.
    """
    stage = Stage(controls, proportions, rng, fps, margins, busy_hands)
    _MOTIONS[MA52.names[label]](stage)
    return stage.parameters, stage.moved_hands


__all__ = ['KEPT_POSES', 'draw_kept_poses', 'keep_pose', 'perform', 'start_posture']

"""The 52 micro-actions as movements of a skeleton's controls."""

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic.person.skeleton import Controls, Proportions

from . import body, head, lower_limb, touching, upper_limb
from .stage import Stage

_FORWARD = {**body.MOTIONS, **head.MOTIONS, **upper_limb.MOTIONS, **lower_limb.MOTIONS, **touching.MOTIONS}
_LABELS = {action.name: action.index for action in MA52.actions}

BACKWARDS = {
    **{backward: forward for forward, backward in MA52.reversed_pairs},
    _LABELS['head up']: _LABELS['bowing head'],
}
"""Labels whose motion is the motion of another label played backwards: ``{label: other label}``."""


def perform(
    label: int,
    controls: Controls,
    proportions: Proportions,
    rng: np.random.Generator,
    fps: float = 30.0,
    margins: tuple[float, float] | None = None,
) -> tuple[dict[str, object], set[int]]:
    """Add a micro-action to the controls of a seated person.

    Args:
        label (int): Fine label, 0 to 51.
        controls (Controls): Controls of the resting posture. They are changed in place.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the motion's parameters.
        fps (float): Frames per second. Defaults to 30.
        margins (tuple[float, float], optional): Seconds of rest before and after the motion. Defaults to None: they are
            drawn, each from 7 to 20 % of the duration.

    Returns:
        tuple[dict[str, object], set[int]]: Parameters of the motion by name, and sides of the hands that it moves: 0
        right, 1 left.
    """
    stage = Stage(controls, proportions, rng, fps, label in BACKWARDS, margins)
    _FORWARD[MA52.actions[BACKWARDS.get(label, label)].name](stage)
    return stage.parameters, stage.moved_hands


__all__ = ['BACKWARDS', 'perform']

"""Motions that begin in the resting posture, where the motion of MA-52 begins in another one.

A clip of MA-52 begins with extended arms before they are retracted. In a video with several actions, such a posture
would announce the action before it begins. Here, both actions of the pair begin with the hands at rest.
"""

from mmaction_microaction.synthetic.person.posture import draw_extension

from .stage import OPEN, RELAXED, Stage


def stretching_arms(stage: Stage) -> None:
    """Extend the arms forward or sideways, and return them."""
    weight, _, _ = stage.approach(0.4, 0.7, stays=0.6)
    extent = stage.uniform('amplitude', 0.7, 1.0)
    shift = draw_extension(stage.uniform)
    for side in stage.sides(0.35):
        stage.reach(side, 'front', extent * weight, OPEN, shift=shift)


def retracting_arms(stage: Stage) -> None:
    """Draw the hands back along the thighs to the body, and return them."""
    weight, _, _ = stage.approach(0.4, 0.7, stays=0.6)
    extent = stage.uniform('amplitude', 0.7, 1.0)
    for side in stage.sides(0.35):
        stage.reach(side, 'drawn back', extent * weight, RELAXED, arc=(0.03, 0.03, 0.0))


MOTIONS = {'stretching arms': stretching_arms, 'retracting arms': retracting_arms}

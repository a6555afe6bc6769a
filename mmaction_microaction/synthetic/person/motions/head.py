"""Motions of the head (B)."""

from mmaction_microaction.synthetic.person.posture import HEAD_PITCH_CHANGE

from .stage import Stage


def bowing_head(stage: Stage) -> None:
    """Lower the head once, slowly or abruptly."""
    stage.controls.head[:, 1] += stage.uniform('amplitude', *HEAD_PITCH_CHANGE) * stage.move(0.9)


def head_up(stage: Stage) -> None:
    """Raise the head once, slowly or abruptly."""
    stage.controls.head[:, 1] -= stage.uniform('amplitude', *HEAD_PITCH_CHANGE) * stage.move(0.9)


def tilting_head(stage: Stage) -> None:
    """Lean the head towards a shoulder once."""
    tilt = stage.move(0.8, comes_back=0.35) * stage.uniform('amplitude', 0.28, 0.48) * stage.sign()
    stage.controls.head[:, 2] += tilt
    stage.controls.head[:, 0] -= 0.15 * tilt


def turning_head(stage: Stage) -> None:
    """Turn the head sideways once."""
    turn = stage.move(0.8, comes_back=0.35) * stage.uniform('amplitude', 0.5, 0.95) * stage.sign()
    stage.controls.head[:, 0] += turn
    stage.controls.torso[:, 0] += 0.06 * turn


def nodding(stage: Stage) -> None:
    """Move the head up and down repeatedly."""
    stage.controls.head[:, 1] += stage.repeat(1.5, 2.8) * stage.uniform('amplitude', 0.15, 0.27)


def shaking_head(stage: Stage) -> None:
    """Turn the head left and right repeatedly."""
    stage.controls.head[:, 0] += stage.repeat(1.4, 2.6) * stage.uniform('amplitude', 0.2, 0.38) * stage.sign()


MOTIONS = {
    'bowing head': bowing_head,
    'head up': head_up,
    'tilting head': tilting_head,
    'turning head': turning_head,
    'nodding': nodding,
    'shaking head': shaking_head,
}

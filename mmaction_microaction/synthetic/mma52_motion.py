"""A micro-action that leaves the resting posture and returns to it, at any time of a longer video."""

from dataclasses import dataclass, fields

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic.person.curves import ramp
from mmaction_microaction.synthetic.person.motions import perform
from mmaction_microaction.synthetic.person.posture import Posture, sit
from mmaction_microaction.synthetic.person.skeleton import Controls, Proportions, Reach

_VISIBLE = 0.05
"""Share of the largest displacement from which a part of the body is said to move."""
_RELEASE = (0.35, 0.75)
"""Range of the seconds that the body takes back to rest from a pose."""
_ONE_WAY = (0.7, 1.4)
"""Range of the seconds of a motion that is one of a reversed pair. Its last pose is then held."""
_LONGEST = {'shrugging': 2.4}
"""Seconds of a motion that would otherwise contain pauses."""
_ONE_OF_A_PAIR = {*sum(MA52.reversed_pairs, ()), MA52.names.index('bowing head'), MA52.names.index('head up')}
_HANDS = ('right hand', 'left hand')
# What a motion moves besides the hands. Motions that move the same do not overlap in time.
_OF_GROUP = {'body': {'trunk'}, 'head': {'yaw', 'pitch'}, 'lower limb': {'legs'}}
_OF_ACTION = {
    'shrugging': {'shoulders'},
    'turning around': {'trunk', 'legs'},
    'rising up': {'trunk', 'legs'},
    'tilting head': {'roll'},
    'scratching or touching back': {'trunk'},
    'scratching legs': {'trunk'},
    'scratching feet': {'trunk', 'legs'},
}


@dataclass
class Performance:
    """A micro-action as a displacement from the resting posture over N frames."""

    label: int
    """Fine label."""
    num_frames: int
    """Number of frames N."""
    moves: frozenset[str]
    """What the action moves, such as ``'legs'`` or ``'left hand'``."""
    begin: int
    """Index of the first frame in which the body is visibly away from rest."""
    end: int
    """Index of the frame after the last such frame."""
    changes: dict[str, np.ndarray]
    """Change of each field of ``Controls`` except ``hands``, shape (N, ...)."""
    reaches: tuple[list[Reach], list[Reach]]
    """Reaches that are added to each hand."""
    parameters: dict[str, object]
    """Parameters of the motion, by name."""

    def add_to(self, controls: Controls, start: int) -> None:
        """Add the action to the controls of a video, in place.

        Args:
            controls (Controls): Controls over the T frames of the video.
            start (int): Frame of the video at which the action's first frame is. It may be negative, and the action may
                be longer than the video.
        """
        num_frames = len(controls.slouch)
        first, last = max(start, 0), min(start + self.num_frames, num_frames)
        shown = slice(first - start, last - start)
        for name, change in self.changes.items():
            getattr(controls, name)[first:last] += change[shown]
        for hand, reaches in zip(controls.hands, self.reaches):
            for reach in reaches:
                weight, offset = np.zeros(num_frames), reach.offset
                weight[first:last] = reach.weight[shown]
                if np.ndim(offset):
                    offset = np.zeros((num_frames, 3))
                    offset[first:last] = reach.offset[shown]
                hand.append(Reach(reach.contact, weight, reach.arc, offset))


def perform_from_rest(
    label: int, num_frames: int, posture: Posture, proportions: Proportions, rng: np.random.Generator, fps: int
) -> Performance:
    """Perform a micro-action that begins and ends in the resting posture.

    Args:
        label (int): Fine label of MA-52.
        num_frames (int): Number of frames N in which the body leaves its posture and is back.
        posture (Posture): Posture at rest.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the motion's parameters.
        fps (int): Frames per second.

    Returns:
        Performance: Displacement from rest, and the frames in which it is visible.
    """
    action = MA52.actions[label]
    seconds = num_frames / fps
    release = min(rng.uniform(*_RELEASE), 0.3 * seconds)
    # The pose that one of a reversed pair reaches is held to the release.
    longest = rng.uniform(*_ONE_WAY) if label in _ONE_OF_A_PAIR else _LONGEST.get(action.name, seconds)
    length = min(num_frames, round(longest * fps))
    moved = sit(posture, proportions, length)
    parameters, hands = perform(label, moved, proportions, rng, fps, margins=(0.0, 0.0))
    times = np.arange(num_frames) / fps
    presence = 1.0 - ramp(times, seconds - release, seconds - 1 / fps)
    names = [field.name for field in fields(Controls) if field.name != 'hands']
    changes = {name: getattr(moved, name) - getattr(moved, name)[:1] for name in names}
    indices = np.minimum(np.arange(num_frames), length - 1)
    changes = {
        name: change[indices] * presence.reshape(-1, *[1] * (change.ndim - 1)) for name, change in changes.items()
    }
    reaches = tuple([_shorten(reach, indices, presence) for reach in hand[1:]] for hand in moved.hands)
    visible = np.flatnonzero(_visible(changes, reaches))
    moves = _OF_ACTION.get(action.name, _OF_GROUP.get(action.group, set())) | {_HANDS[side] for side in hands}
    return Performance(
        label,
        num_frames,
        frozenset(moves),
        int(visible[0]),
        int(visible[-1]) + 1,
        changes,
        reaches,
        {'release seconds': float(release), **parameters},
    )


def _shorten(reach: Reach, indices: np.ndarray, presence: np.ndarray) -> Reach:
    """Return a reach at the frames of `indices` whose weight is multiplied by `presence`."""
    offset = reach.offset[indices] if np.ndim(reach.offset) else reach.offset
    return Reach(reach.contact, reach.weight[indices] * presence, reach.arc, offset)


def _visible(changes: dict[str, np.ndarray], reaches: tuple[list[Reach], list[Reach]]) -> np.ndarray:
    """Return whether each frame differs from rest by a share of the largest difference, shape (N,)."""
    tracks = [abs(change).reshape(len(change), -1).max(1) for change in changes.values()]
    tracks += [reach.weight for hand in reaches for reach in hand]
    return np.any([track > max(_VISIBLE * track.max(), 1e-3) for track in tracks], 0)

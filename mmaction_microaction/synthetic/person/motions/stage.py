"""The stage of a motion: a clock, the controls to change, and random numbers that the manifest records."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmaction_microaction.synthetic.person.curves import oscillation, pulse, ramp, taps
from mmaction_microaction.synthetic.person.places import make_contact
from mmaction_microaction.synthetic.person.skeleton import SIDES, Controls, Proportions, Reach

# Curl of the thumb and the four fingers.
POINTING = (0.6, 0.0, 0.9, 0.95, 0.95)
OPEN = (0.05, 0.05, 0.05, 0.05, 0.05)
RELAXED = (0.2, 0.3, 0.35, 0.4, 0.4)
FIST = (0.9, 1.0, 1.0, 1.0, 1.0)


class Stage:
    """Everything that a motion function works on. Each clip has its own stage.

    Args:
        controls (Controls): Controls of the resting posture over T frames. Motions change them in place.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the motion's parameters.
        fps (float): Frames per second. Defaults to 30.
        margins (tuple[float, float], optional): Seconds before and after the motion. Defaults to None: they are drawn.
        busy_hands (frozenset[int]): Sides of the hands that keep a pose. If exactly one hand does, the other one acts.
            Defaults to no hand.

    Attributes:
        times (np.ndarray): Time of every frame in seconds, shape (T,).
        start (float): Time at which the motion begins, in seconds.
        end (float): Time at which the motion ends, in seconds.
        parameters (dict): Every parameter drawn so far, by name.
        busy_hands (frozenset[int]): Sides of the hands that keep a pose.
        moved_hands (set[int]): Sides of the hands that were sent to a place so far: 0 right, 1 left.
    """

    def __init__(
        self,
        controls: Controls,
        proportions: Proportions,
        rng: np.random.Generator,
        fps: float = 30.0,
        margins: tuple[float, float] | None = None,
        busy_hands: frozenset[int] = frozenset(),
    ) -> None:
        self.controls, self.proportions, self.rng = controls, proportions, rng
        self.busy_hands = busy_hands
        idle_hands = {0, 1} - busy_hands
        self._only_hand = min(idle_hands) if len(idle_hands) == 1 else None
        num_frames = len(controls.slouch)
        self.times = np.arange(num_frames) / fps
        duration = num_frames / fps
        self.parameters = {}
        self.moved_hands = set()
        if margins is None:
            self.start = self.uniform('lead', 0.07, 0.2) * duration
            self.end = duration * (1.0 - self.uniform('tail', 0.07, 0.2))
        else:
            self.start, self.end = margins[0], duration - margins[1]

    @property
    def length(self) -> float:
        """float: Seconds between start and end."""
        return self.end - self.start

    def _record(self, name: str, value: Any) -> Any:
        """Record a parameter. A name that is drawn again, for example for the other hand, gets a counter."""
        times_before = sum(key.split(' #')[0] == name for key in self.parameters)
        self.parameters[f'{name} #{times_before + 1}' if times_before else name] = value
        return value

    def uniform(self, name: str, low: float, high: float) -> float:
        """Draw a number between low and high."""
        return self._record(name, float(self.rng.uniform(low, high)))

    def choose(self, name: str, options: Sequence, probabilities: Sequence[float] | None = None) -> Any:
        """Draw one of several options."""
        return self._record(name, options[int(self.rng.choice(len(options), p=probabilities))])

    def chance(self, name: str, probability: float) -> bool:
        """Draw True with a probability."""
        return self._record(name, bool(self.rng.random() < probability))

    def side(self) -> int:
        """Draw a leg or shoulder: 0 is right, 1 is left."""
        return self.choose('side', (0, 1))

    def sides(self, both: float) -> tuple[int, ...]:
        """Draw one leg or shoulder, or both with probability `both`."""
        return self.choose('sides', ((0,), (1,), (0, 1)), ((1 - both) / 2, (1 - both) / 2, both))

    def hand(self) -> int:
        """Draw a hand that is not busy: 0 is right, 1 is left."""
        return self.side() if self._only_hand is None else self._record('side', self._only_hand)

    def hands(self, both: float) -> tuple[int, ...]:
        """Draw one hand that is not busy, or both hands with probability `both` if neither or each of them is busy."""
        return self.sides(both) if self._only_hand is None else self._record('sides', (self._only_hand,))

    def sign(self) -> float:
        """Draw a direction: -1 or 1."""
        return self.choose('sign', (-1.0, 1.0))

    def move(self, slow: float = 0.9, comes_back: float = 0.0) -> np.ndarray:
        """Draw a single movement.

        Args:
            slow (float): Longest duration of the movement in seconds.
            comes_back (float): Probability that the movement returns to 0 before the end.

        Returns:
            np.ndarray: Progress from 0 before the movement to 1 after it, shape (T,).
        """
        rise = self.uniform('move seconds', 0.45 * slow, slow)
        if self.chance('comes back', comes_back):
            rise = min(rise, 0.4 * self.length)
            return pulse(self.times, self.start, self.start + rise, self.end - rise, self.end)
        return ramp(self.times, self.start, self.start + min(rise, 0.75 * self.length))

    def repeat(
        self, slowest: float, fastest: float, cycles: float = 2.0, start: float | None = None, end: float | None = None
    ) -> np.ndarray:
        """Draw a repeated movement, an oscillation of amplitude 1.

        Args:
            slowest (float): Lowest frequency in hertz.
            fastest (float): Highest frequency in hertz.
            cycles (float): Minimum number of cycles. The frequency is raised if necessary.
            start (float, optional): Begin in seconds. Defaults to None: the start of the motion.
            end (float, optional): End in seconds. Defaults to None: the end of the motion.

        Returns:
            np.ndarray: Displacement between -1 and 1, shape (T,).
        """
        start, end = self.start if start is None else start, self.end if end is None else end
        frequency = max(self.uniform('frequency', slowest, fastest), cycles / (end - start))
        return oscillation(self.times, start, end, frequency)

    def taps(self, slowest: float, fastest: float, start: float, end: float) -> np.ndarray:
        """Draw at least two taps between `start` and `end` seconds: heights between 0 and 1, shape (T,)."""
        frequency = max(self.uniform('frequency', slowest, fastest), 2.0 / (end - start))
        return taps(self.times, start, end, frequency)

    def approach(self, quick: float = 0.32, slow: float = 0.55, stays: float = 0.55) -> tuple[np.ndarray, float, float]:
        """Draw the time course of a hand that goes to a place.

        Args:
            quick (float): Shortest duration of the way in seconds.
            slow (float): Longest duration of the way in seconds.
            stays (float): Probability that the hand stays at the place instead of returning.

        Returns:
            tuple[np.ndarray, float, float]: Progress between 0 and 1, shape (T,), and the times in seconds at which the
                hand arrives and leaves.
        """
        travel = min(self.uniform('approach seconds', quick, slow), 0.38 * self.length)
        arrival = self.start + travel
        if self.chance('stays', stays):
            return ramp(self.times, self.start, arrival), arrival, self.times.max()
        departure = self.end - travel
        return pulse(self.times, self.start, arrival, departure, self.end), arrival, departure

    def reach(
        self,
        side: int,
        place: str,
        weight: np.ndarray,
        grip: tuple[float, ...] | None = None,
        arc: tuple[float, float, float] | None = None,
        offset: np.ndarray | float = 0.0,
        shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        """Send a hand to a place on the body.

        Args:
            side (int): Side of the hand: 0 right, 1 left.
            place (str): Name of the place in ``places``.
            weight (np.ndarray): Progress of the hand from 0 to 1, shape (T,).
            grip (tuple[float, ...], optional): Curl of the five fingers at the place. Defaults to None: unchanged.
            arc (tuple[float, float, float], optional): Detour of the hand half-way, in metres outward, up and forward.
                Defaults to None: the default of ``Reach``.
            offset (np.ndarray | float): Movement at the place in metres, in the frame of the body part, shape (T, 3).
            shift (tuple[float, float, float]): Constant displacement of the place, in metres outward, up and forward in
                the frame of the body part.
        """
        goal = make_contact(place, side, self.proportions)
        goal.point = goal.point + np.array(shift) * np.array([SIDES[side], 1.0, 1.0]) * self.proportions.scale
        reach = Reach(goal, weight, offset=offset)
        if arc is not None:
            reach.arc = np.array(arc)
        self.controls.hands[side].append(reach)
        self.moved_hands.add(side)
        if grip is not None:
            self.grip(side, grip, weight)

    def grip(self, side: int, curl: Sequence[float], weight: np.ndarray) -> None:
        """Bend the fingers of a hand towards five curls with progress `weight`, shape (T,)."""
        fingers = self.controls.fingers[:, side]
        fingers += weight[:, None] * (np.array(curl) - fingers)


class KeptPose(Stage):
    """The stage of a pose that is kept through a video: the pose in which a motion ends, without its movements.

    Args:
        controls (Controls): Controls of the resting posture over T frames. Motions change them in place.
        proportions (Proportions): Body lengths of the subject.
        rng (np.random.Generator): Random number generator that draws the pose's parameters.
    """

    def __init__(self, controls: Controls, proportions: Proportions, rng: np.random.Generator) -> None:
        super().__init__(controls, proportions, rng, margins=(0.0, 0.0))

    def move(self, slow: float = 0.9, comes_back: float = 0.0) -> np.ndarray:
        """Return the progress after the movement, 1 in every frame, shape (T,)."""
        return np.ones_like(self.times)

    def repeat(
        self, slowest: float, fastest: float, cycles: float = 2.0, start: float | None = None, end: float | None = None
    ) -> np.ndarray:
        """Return no displacement, 0 in every frame, shape (T,)."""
        return np.zeros_like(self.times)

    def taps(self, slowest: float, fastest: float, start: float, end: float) -> np.ndarray:
        """Return the height of a hand that does not tap, 0 in every frame, shape (T,)."""
        return np.zeros_like(self.times)

    def approach(self, quick: float = 0.32, slow: float = 0.55, stays: float = 0.55) -> tuple[np.ndarray, float, float]:
        """Return the progress of a hand at its place, 1 in every frame, shape (T,), and the first and last time."""
        return np.ones_like(self.times), 0.0, self.times.max()


def along(direction: Sequence[float], values: np.ndarray) -> np.ndarray:
    """Return a movement of `values`, shape (T,), along a direction, shape (3,), as shape (T, 3)."""
    return values[:, None] * np.array(direction)

"""What a motion has to work with: time, the controls to change, and random numbers that are kept for the manifest."""

import numpy as np

from mmaction_microaction.synthetic.person.curves import oscillation, pulse, ramp, taps
from mmaction_microaction.synthetic.person.places import contact
from mmaction_microaction.synthetic.person.skeleton import SIDES, Reach

POINTING = (0.6, 0.0, 0.9, 0.95, 0.95)
OPEN = (0.05, 0.05, 0.05, 0.05, 0.05)
RELAXED = (0.2, 0.3, 0.35, 0.4, 0.4)
FIST = (0.9, 1.0, 1.0, 1.0, 1.0)


class Stage:
    """One clip's motion in the making.

    Args:
        controls (Controls): The resting posture over T frames; motions change it in place.
        size (Proportions): The subject's lengths.
        rng (np.random.Generator): Source of the motion's parameters.
        fps (float): Frames per second.
        backwards (bool): Whether time runs backwards: the motion is then played from its end to its start.

    Attributes:
        times (np.ndarray): Time of every frame in seconds, shape (T,).
        start (float): When the motion begins, seconds.
        end (float): When it is over, seconds.
        drawn (dict): Every parameter drawn so far, by name.
    """

    def __init__(self, controls, size, rng, fps=30.0, backwards=False):
        self.controls, self.size, self.rng = controls, size, rng
        num_frames = len(controls.slouch)
        self.times = np.arange(num_frames) / fps
        duration = num_frames / fps
        self.drawn = {}
        self.start = self.uniform('lead', 0.07, 0.2) * duration
        self.end = duration * (1.0 - self.uniform('tail', 0.07, 0.2))
        if backwards:
            self.times = self.times[::-1].copy()

    @property
    def length(self):
        """float: Seconds between start and end."""
        return self.end - self.start

    def _keep(self, name, value):
        """Keep what was drawn; a name drawn again, for the other hand say, is numbered."""
        times_before = sum(key.split(' #')[0] == name for key in self.drawn)
        self.drawn[f'{name} #{times_before + 1}' if times_before else name] = value
        return value

    def uniform(self, name, low, high):
        """Draw a number between low and high."""
        return self._keep(name, float(self.rng.uniform(low, high)))

    def choose(self, name, options, probabilities=None):
        """Draw one of several options."""
        return self._keep(name, options[int(self.rng.choice(len(options), p=probabilities))])

    def chance(self, name, probability):
        """Draw whether something happens."""
        return self._keep(name, bool(self.rng.random() < probability))

    def side(self):
        """Draw a side: 0 is the right, 1 the left."""
        return self.choose('side', (0, 1))

    def sides(self, both):
        """Draw one side, or both with probability `both`."""
        return self.choose('sides', ((0,), (1,), (0, 1)), ((1 - both) / 2, (1 - both) / 2, both))

    def sign(self):
        """Draw a direction: -1 or 1."""
        return self.choose('sign', (-1.0, 1.0))

    def move(self, slow=0.9, comes_back=0.0):
        """Draw a single movement: 0 before, 1 after, and perhaps back to 0.

        Args:
            slow (float): Longest time the movement takes, seconds.
            comes_back (float): Probability that it returns to 0 before the end.

        Returns:
            np.ndarray: Progress between 0 and 1, shape (T,).
        """
        rise = self.uniform('move seconds', 0.45 * slow, slow)
        if self.chance('comes back', comes_back):
            rise = min(rise, 0.4 * self.length)
            return pulse(self.times, self.start, self.start + rise, self.end - rise, self.end)
        return ramp(self.times, self.start, self.start + min(rise, 0.75 * self.length))

    def repeat(self, slowest, fastest, cycles=2.0, start=None, end=None):
        """Draw a repeated movement: an oscillation of amplitude 1.

        Args:
            slowest (float): Lowest frequency in hertz.
            fastest (float): Highest frequency in hertz.
            cycles (float): The frequency is raised, if need be, until this many cycles fit.
            start (float, optional): Begin in seconds. Defaults to the motion's.
            end (float, optional): End in seconds. Defaults to the motion's.

        Returns:
            np.ndarray: Shape (T,).
        """
        start, end = self.start if start is None else start, self.end if end is None else end
        frequency = max(self.uniform('frequency', slowest, fastest), cycles / (end - start))
        return oscillation(self.times, start, end, frequency)

    def taps(self, slowest, fastest, start, end):
        """Draw tapping: heights between 0 and 1, at least two taps between `start` and `end` seconds."""
        frequency = max(self.uniform('frequency', slowest, fastest), 2.0 / (end - start))
        return taps(self.times, start, end, frequency)

    def approach(self, quick=0.32, slow=0.55, stays=0.55):
        """Draw the way of a hand to a place.

        Returns:
            tuple[np.ndarray, float, float]: Progress between 0 and 1, shape (T,), and the seconds between which the
                hand is there.
        """
        travel = min(self.uniform('approach seconds', quick, slow), 0.38 * self.length)
        there = self.start + travel
        if self.chance('stays', stays):
            return ramp(self.times, self.start, there), there, self.times.max()
        left = self.end - travel
        return pulse(self.times, self.start, there, left, self.end), there, left

    def reach(self, side, place, weight, grip=None, arc=None, offset=0.0, shift=(0.0, 0.0, 0.0)):
        """Send a hand to a place.

        Args:
            side (int): The hand.
            place (str): A name in :mod:`~mmaction_microaction.synthetic.person.places`.
            weight (np.ndarray): Progress of the hand from 0 to 1, shape (T,).
            grip (tuple, optional): Curl of the five fingers at the place. Defaults to as before.
            arc (tuple, optional): How far the way bends, metres outward, up and forward.
            offset (np.ndarray): Movement at the place, in the frame of the body part, shape (T, 3).
            shift (tuple): Constant change of the place, metres outward, up and forward of the body part's frame.
        """
        goal = contact(place, side, self.size)
        goal.point = goal.point + np.array(shift) * np.array([SIDES[side], 1.0, 1.0]) * self.size.scale
        reach = Reach(goal, weight, offset=offset)
        if arc is not None:
            reach.arc = np.array(arc)
        self.controls.hands[side].append(reach)
        if grip is not None:
            self.grip(side, grip, weight)

    def grip(self, side, curl, weight):
        """Bend the fingers of a hand towards five curls with progress `weight`, shape (T,)."""
        fingers = self.controls.fingers[:, side]
        fingers += weight[:, None] * (np.array(curl) - fingers)


def along(direction, values):
    """Movement along a direction, shape (3,), by `values`, shape (T,): shape (T, 3)."""
    return values[:, None] * np.array(direction)

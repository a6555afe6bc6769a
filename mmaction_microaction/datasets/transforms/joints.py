"""Transforms for networks that see the joints of one person as coordinates."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from scipy.ndimage import gaussian_filter1d

from mmaction_microaction.structures.pose_layouts import get_layout


@TRANSFORMS.register_module()
class ResamplePoses(BaseTransform):
    """Resample the joints of a clip to a fixed number of times, by linear interpolation.

    MMAction2's ``UniformSampleFrames`` and ``PoseDecode`` select frames instead, and repeat a clip from its start if it
    has fewer frames than samples. This transform plays it once. Between two frames, a joint is detected if it is
    detected in both. Frames without any joint of a person repeat the nearest frame with one: to a network, a person who
    was not found has paused.

    Required keys: ``keypoint`` of shape (M, T, V, 2) and ``keypoint_score`` of shape (M, T, V).
    Modified keys: ``keypoint`` of shape (M, S, V, 2) and ``keypoint_score`` of shape (M, S, V).
    Added keys: ``num_clips`` (1) and ``clip_len`` (S).

    Args:
        clip_len (int): Number of samples S. Defaults to 48.
        trim (float): Largest share of the clip that is cut off at random at each end, to train networks that see
            windows of longer videos. Defaults to 0: the whole clip.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, clip_len: int = 48, trim: float = 0.0) -> None:
        if clip_len < 1 or not 0 <= trim < 0.5:
            raise ValueError(f'clip_len={clip_len} must be at least 1, and trim={trim} from 0 to below 0.5')
        self.clip_len = clip_len
        self.trim = trim

    def transform(self, results: dict) -> dict:
        """Resample the joints of a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with the modified keys.
        """
        start, stop = 0.0, 1.0
        if self.trim:
            start, stop = np.random.uniform(0, self.trim), 1 - np.random.uniform(0, self.trim)
        last = results['keypoint'].shape[1] - 1
        times = np.linspace(start * last, stop * last, self.clip_len)
        before = np.minimum(times.astype(int), max(last - 1, 0))
        after = np.minimum(before + 1, last)
        weight = (times - before).astype(np.float32)[:, None]
        scores = results['keypoint_score'].astype(np.float32)
        points = results['keypoint'].astype(np.float32)
        for person, seen in enumerate((scores > 0).any(-1)):
            if seen.any():
                nearest = _find_nearest(seen)
                points[person], scores[person] = points[person, nearest], scores[person, nearest]
        both = np.minimum(scores[:, before], scores[:, after])
        results['keypoint'] = points[:, before] * (1 - weight[..., None]) + points[:, after] * weight[..., None]
        # At the time of a frame, only this frame counts.
        results['keypoint_score'] = np.where(
            weight == 0, scores[:, before], np.where(weight == 1, scores[:, after], both)
        )
        results.update(num_clips=1, clip_len=self.clip_len)
        return results

    def __repr__(self):
        return f'{type(self).__name__}(clip_len={self.clip_len}, trim={self.trim})'


def _find_nearest(seen):
    """Return the index of the nearest True for each element of an array that contains one."""
    known = np.flatnonzero(seen)
    return known[np.abs(np.arange(len(seen))[:, None] - known).argmin(1)]


@TRANSFORMS.register_module()
class PerturbJoints(BaseTransform):
    """Add the errors of a pose estimator to true joints, and vary the view.

    Networks that are trained on the exact joints of rendered people see joints of an estimator later. Each joint gets
    a constant error, an error that changes slowly, and jitter, and so does each limb as a whole. Fingers, hips, knees
    and feet get larger errors than the others. The sizes of all errors, and how far those of a limb agree, follow those
    of BlazePose on 312 rendered clips of 256 pixels. The whole person is rotated, stretched and sheared. Legs, or a
    hand or a shoulder for a while, are sometimes undetected.

    Real people often move less than rendered ones. The movements of the head against the shoulders, of the trunk and of
    the legs are therefore made smaller at random. Those of the arms are not, since a hand has to reach its goal.

    Required keys: ``keypoint`` of shape (M, T, V, 2) and ``keypoint_score`` of shape (M, T, V).
    Modified keys: the same.

    Args:
        layout (str): Name of the layout of the joints, a key of :data:`.LAYOUTS`.
        strength (float): Factor of the errors, which is multiplied by a random number from 0.2 to 1.8 for each clip.
            Defaults to 1.
        rotation (float): Largest rotation in radians. Defaults to 0.14.
        stretch (float): Largest change of the scale of each axis, and largest shear. Defaults to 0.15.
        lost_legs (float): Probability that the legs are undetected, as in a picture from the waist up. Defaults to
            0.12.
        lost_hand (float): Probability that a hand is undetected for a while. Defaults to 0.1.
        lost_shoulder (float): Probability that a shoulder is undetected for a while. Defaults to 0.05.
        smallest_motion (float): Smallest factor of the movements of head, trunk and legs in the half of the clips whose
            movements are made smaller. Defaults to 0.2. 1 leaves all movements.
    """

    # Standard deviation of the logarithm of the factor of a limb's changing errors.
    _LIMB_SPREAD = 0.9

    def __init__(
        self,
        layout: str,
        strength: float = 1.0,
        rotation: float = 0.14,
        stretch: float = 0.15,
        lost_legs: float = 0.12,
        lost_hand: float = 0.1,
        lost_shoulder: float = 0.05,
        smallest_motion: float = 0.2,
    ) -> None:
        joints = get_layout(layout).joints
        self.layout, self.strength, self.rotation, self.stretch = layout, strength, rotation, stretch
        self.lost_legs, self.lost_hand, self.lost_shoulder = lost_legs, lost_hand, lost_shoulder
        self.smallest_motion = smallest_motion
        self._limbs = _find_limbs(joints)
        self._shoulders = [joints.index(f'{side}_shoulder') for side in ('left', 'right')]
        self._legs = [i for i, name in enumerate(joints) if name.endswith(('knee', 'ankle', 'heel', 'foot'))]
        self._hips = [i for i, name in enumerate(joints) if name.endswith('hip')]
        fingers = ('wrist', 'thumb', 'index', 'middle', 'ring', 'pinky')
        self._hands = [
            [i for i, name in enumerate(joints) if name.startswith(side) and name.endswith(fingers)]
            for side in ('left', 'right')
        ]
        # In units of the body: about the length of the trunk.
        self._errors = np.full(len(joints), 0.04)
        self._errors[[i for i, name in enumerate(joints) if name.endswith(('knee', 'hip', *fingers[1:]))]] = 0.07
        self._errors[[i for i, name in enumerate(joints) if name.endswith(('ankle', 'heel', 'foot'))]] = 0.06

    def transform(self, results: dict) -> dict:
        """Perturb the joints of a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with modified keys.
        """
        points = results['keypoint'].astype(np.float32)
        scores = results['keypoint_score'].astype(np.float32)
        for person in range(len(points)):
            points[person] = self._perturb(self._calm(points[person], scores[person]), scores[person])
            self._lose(scores[person])
        results.update(keypoint=points, keypoint_score=scores)
        return results

    def _perturb(self, points, scores):
        """Return the joints of one person with errors and another view."""
        seen = scores > 0
        if not seen.any():
            return points
        center = points[seen].mean(0)
        size = np.abs(points[seen] - center).mean() * 2
        error = self._draw_errors(len(points))
        level = self.strength * np.random.uniform(0.2, 1.8)
        points = points + size * level * self._errors[:, None] * error
        angle, shear = np.random.uniform(-1, 1, 2) * (self.rotation, self.stretch)
        scale = np.random.uniform(1 - self.stretch, 1 + self.stretch, 2)
        turn = np.array([[np.cos(angle), shear - np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return ((points - center) @ (scale[:, None] * turn).T + center).astype(np.float32)

    def _calm(self, points, scores):
        """Return the joints of one person with smaller movements of head, trunk and legs."""
        if self.smallest_motion == 1 or np.random.random() < 0.5 or not (scores > 0).any():
            return points
        head, trunk, legs = np.random.uniform(self.smallest_motion, 1, 3)
        # Smaller movements of the legs would be as small as the errors of the estimator.
        legs = max(legs, 0.5)
        middle = points[:, self._shoulders].mean(1, keepdims=True)
        sway = (1 - trunk) * (middle - middle.mean(0))
        calm = points.copy()
        for limb in self._limbs:
            is_leg = limb[0] in self._legs
            base = points.mean(0)[None, limb] if is_leg else middle + (points[:, limb] - middle).mean(0)
            factor = legs if is_leg else head if limb is self._limbs[0] else 1
            calm[:, limb] = base + factor * (points[:, limb] - base) - (0 if is_leg else sway)
        calm[:, self._shoulders] -= sway
        return np.where(scores[..., None] > 0, calm, points)

    def _draw_errors(self, num_frames):
        """Return the errors of all joints relative to their sizes, shape (T, V, 2)."""
        constant = np.random.normal(size=(len(self._errors), 2))
        changing = _draw_changes(num_frames, len(self._errors))
        for limb, whole in zip(self._limbs, _draw_changes(num_frames, len(self._limbs)).swapaxes(0, 1)):
            # Most limbs are followed well. Some are lost and found again.
            scale = np.exp(np.random.normal(0, self._LIMB_SPREAD))
            constant[limb] = 0.7 * constant[limb] + 0.7 * np.random.normal(size=2)
            changing[:, limb] = scale * (0.6 * changing[:, limb] + 0.8 * whole[:, None])
        return constant + changing

    def _lose(self, scores):
        """Set the scores of legs, of a hand or of a shoulder to 0, in place."""
        if np.random.random() < self.lost_legs:
            scores[:, self._legs] = 0
            if np.random.random() < 0.4:
                scores[:, self._hips] = 0
        for probability, joints in ((self.lost_hand, self._hands), (self.lost_shoulder, self._shoulders)):
            if np.random.random() < probability:
                start = np.random.randint(len(scores))
                length = np.random.randint(len(scores) // 12 + 1, len(scores) // 2 + 2)
                scores[start : start + length, joints[np.random.randint(2)]] = 0

    def __repr__(self):
        return f'{type(self).__name__}(layout={self.layout!r}, strength={self.strength})'


def _draw_changes(num_frames, num_curves, steps=8):
    """Return curves of slow changes and jitter, shape (T, num_curves, 2)."""
    times = np.linspace(0, steps - 1, num_frames)
    knots = np.random.normal(size=(steps, num_curves, 2))
    low = np.minimum(times.astype(int), steps - 2)
    share = (times - low)[:, None, None]
    slow = knots[low] * (1 - share) + knots[low + 1] * share
    return 0.25 * slow + 0.12 * gaussian_filter1d(np.random.normal(size=slow.shape), 1.0, axis=0)


def _find_limbs(joints):
    """Return the indices of the joints of the head, the arms without shoulders, and the legs without hips."""
    head = ('nose', 'inner', 'eye', 'outer', 'ear', 'mouth')
    arm, leg = ('elbow', 'wrist', 'thumb', 'index', 'middle', 'ring', 'pinky'), ('knee', 'ankle', 'heel', 'foot')
    limbs = [[i for i, name in enumerate(joints) if name.endswith(head)]]
    for parts in (arm, leg):
        for side in ('left', 'right'):
            limbs.append([i for i, name in enumerate(joints) if name.startswith(side) and name.endswith(parts)])
    return limbs

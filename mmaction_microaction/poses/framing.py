"""Finds the people in a video from a few of its frames, and the boxes to which it is cropped."""

from typing import NamedTuple

import numpy as np

from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Video

from .estimation import PoseSettings, PoseTracker, finish_poses
from .estimators import PoseEstimator
from .person_box import MIN_SCORE, is_framed, person_boxes

SEARCHES_PER_SECOND = 2
"""Number of frames that are searched in each second."""
MAX_SEARCHES = 600
"""Largest number of frames that are searched in a video, five minutes at the usual rate."""
MAX_PEOPLE = 4
"""Largest number of people that are found."""
MIN_PRESENCE = 0.25
"""Share of the searched frames in which a person must be seen, so that passers-by do not count."""
MIN_ABSENCE = 10.0
"""Shortest absence of a person in seconds. In shorter times, the person may be hidden or overlooked."""
MIN_SIZE = 1 / 3
"""Height of the smallest box relative to the largest one, so that people in the background do not count."""


class BoxedPerson(NamedTuple):
    """A person in a video."""

    name: str
    """``''`` for the only person, ``'left'`` and ``'right'`` for one of two, otherwise ``'1'``, ``'2'``, … from left to
    right."""
    boxes: np.ndarray
    """Box in each frame, see :func:`.person_boxes`, shape (num_frames, 4)."""
    seen: np.ndarray
    """Whether the person was found in each searched frame, shape (K,)."""


def sample_poses(video: Video, estimator: PoseEstimator | None = None) -> tuple[Poses, np.ndarray]:
    """Estimate the poses of the people in a few frames, at regular intervals.

    Args:
        video (Video): The video.
        estimator (PoseEstimator, optional): Estimator of :data:`MAX_PEOPLE` people. Defaults to None: BlazePose.

    Returns:
        tuple[Poses, np.ndarray]: Poses in K frames, and the indices of these frames, shape (K,).

    Raises:
        ImportError: If the package of the estimator is not installed.
        OSError: If the weights of the estimator have to be downloaded and cannot be.
        ValueError: If no frame can be decoded.
    """
    step = max(round(video.fps / SEARCHES_PER_SECOND), -(-video.num_frames // MAX_SEARCHES), 1)
    settings = PoseSettings(people=MAX_PEOPLE, longest_gap=0, smoothing=0)
    tracker = PoseTracker(settings, estimator)
    indices, found, shape = [], [], None
    for frame in video.frames(step):
        image = frame.to_rgb()
        indices.append(frame.index)
        found.append(tracker.update(image))
        shape = image.shape[:2]
    if shape is None:
        raise ValueError(f'{video.path} cannot be decoded; encode it again')
    keypoint, scores = map(np.stack, zip(*found))
    return finish_poses(keypoint, scores, shape, video.fps / step, tracker.layout, settings), np.array(indices)


def locate_people(poses: Poses, indices: np.ndarray, num_frames: int) -> tuple[list[BoxedPerson], int]:
    """Return the people in a video from left to right, with their boxes.

    A person counts whose shoulders are seen in a quarter of the searched frames, and whose box is at least a third as
    high as the highest one. Two people with shoulders at the same place are one: an estimator that guesses hidden hips
    in two ways finds a person twice.

    Args:
        poses (Poses): Poses in the searched frames.
        indices (np.ndarray): Indices of these frames, ascending, shape (K,).
        num_frames (int): Number of frames of the video.

    Returns:
        tuple[list[BoxedPerson], int]: The people, and the index in the list of the one with the highest box. The index
        is 0 if the list is empty.
    """
    found = []
    for person in _distinct_people(poses):
        boxes = person_boxes(poses, person)
        seen = (poses.keypoint_score[person] > 0).any(-1)
        found.append((float(np.median(boxes[:, 0] + boxes[:, 2] / 2)), boxes, seen))
    highest = max((boxes[0, 3] for _, boxes, _ in found), default=0)
    found = sorted((item for item in found if item[1][0, 3] >= MIN_SIZE * highest), key=lambda item: item[0])
    names = {1: [''], 2: ['left', 'right']}.get(len(found), [str(number + 1) for number in range(len(found))])
    frames = np.arange(num_frames)
    people = []
    for name, (_, boxes, seen) in zip(names, found):
        all_boxes = np.stack([np.interp(frames, indices, side) for side in boxes.T], -1).round().astype(int)
        people.append(BoxedPerson(name, all_boxes, seen))
    return people, int(np.argmax([person.boxes[0, 3] for person in people])) if people else 0


def find_absences(seen: np.ndarray, times: np.ndarray, duration: float) -> list[tuple[float, float]]:
    """Return the times at which a person is absent for longer than :data:`MIN_ABSENCE`.

    Args:
        seen (np.ndarray): Whether the person was found in each searched frame, shape (K,).
        times (np.ndarray): Time of each searched frame in seconds, ascending, shape (K,).
        duration (float): Duration of the video in seconds.

    Returns:
        list[tuple[float, float]]: Start and end of each absence in seconds. They are in the middle between a frame with
        the person and one without, or at the ends of the video.

    Examples:
        >>> find_absences(np.array([True, False, False, True]), np.array([0.0, 6, 12, 18]), 20.0)
        [(3.0, 15.0)]
    """
    borders = np.concatenate([[0.0], (times[:-1] + times[1:]) / 2, [duration]])
    changes = np.diff(np.pad(~np.asarray(seen), 1).astype(int))
    pairs = zip(np.flatnonzero(changes == 1), np.flatnonzero(changes == -1))
    # In a single searched frame, a person may just have been overlooked.
    spans = [(float(borders[first]), float(borders[stop])) for first, stop in pairs if stop - first > 1]
    return [(start, end) for start, end in spans if end - start >= MIN_ABSENCE]


def find_crop(video: Video, estimator: PoseEstimator | None = None) -> tuple[np.ndarray | None, bool]:
    """Return the boxes to which a video is cropped so that it shows its largest person as the clips of MA-52 do.

    Args:
        video (Video): The video.
        estimator (PoseEstimator, optional): Estimator of :data:`MAX_PEOPLE` people. Defaults to None: BlazePose.

    Returns:
        tuple[np.ndarray | None, bool]: Box in each frame, shape (num_frames, 4), or None for whole frames, and whether
        a person was found.

    Raises:
        ImportError: If the package of the estimator is not installed.
        OSError: If the weights of the estimator have to be downloaded and cannot be.
        ValueError: If no frame can be decoded.
    """
    poses, indices = sample_poses(video, estimator)
    people, largest = locate_people(poses, indices, video.num_frames)
    if not people:
        return None, False
    boxes = people[largest].boxes
    return None if len(people) == 1 and is_framed(boxes, poses.img_shape) else boxes, True


def _distinct_people(poses: Poses) -> list[int]:
    """Return the indices of people who are seen often enough, each only once."""
    names = LAYOUTS[poses.layout].joints
    shoulders = [names.index('left_shoulder'), names.index('right_shoulder')]
    seen = (poses.keypoint_score[..., shoulders] >= MIN_SCORE).all(-1)
    presence = seen.mean(-1)
    middles, widths, distinct = {}, {}, []
    for person in np.argsort(-presence, kind='stable').tolist():
        if presence[person] < MIN_PRESENCE:
            break
        left, right = poses.keypoint[person][seen[person]][:, shoulders].swapaxes(0, 1)
        middles[person] = np.median((left + right) / 2, axis=0)
        widths[person] = np.median(np.linalg.norm(left - right, axis=-1))
        if all(
            np.linalg.norm(middles[person] - middles[other]) > max(widths[person], widths[other]) / 2
            for other in distinct
        ):
            distinct.append(person)
    return distinct

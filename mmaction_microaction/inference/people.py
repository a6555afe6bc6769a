"""Crops videos to the people in them."""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, get_args

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.poses import PoseEstimator, make_estimator
from mmaction_microaction.poses.framing import MAX_PEOPLE, BoxedPerson, find_absences, locate_people, sample_poses
from mmaction_microaction.poses.person_box import crop_box, has_aspect, is_framed
from mmaction_microaction.poses.weights import are_networks_cached
from mmaction_microaction.video.reader import Frame, Video

Crop = Literal['auto', 'person', 'none'] | tuple[int, int, int, int]
PersonChoice = Literal['left', 'right', 'largest', 'all']


class SeveralPeopleWarning(UserWarning):
    """Warning that a video shows several people."""


def parse_crop(text: str) -> Crop:
    """Parse the value of ``--crop``.

    Args:
        text (str): ``'auto'``, ``'person'``, ``'none'``, or ``'X,Y,W,H'``.

    Returns:
        Crop: The word, or left and upper edge, width and height in pixels.

    Raises:
        ValueError: If the text is something else.

    Examples:
        >>> parse_crop('500,0,900,1080')
        (500, 0, 900, 1080)
    """
    if text in ('auto', 'person', 'none'):
        return text
    try:
        left, top, width, height = map(int, text.split(','))
    except ValueError:
        raise ValueError(f'crop is {text!r}, but must be auto, person, none, or X,Y,W,H in pixels') from None
    return left, top, width, height


class FramedVideo(Video):
    """A video whose frames are cropped to a box, as a network sees them.

    Attributes:
        boxes (np.ndarray | None): Left and upper edge, width and height of the box in each frame, shape
            (num_frames, 4), or None for whole frames.
        person (str): Name of the person in the box, see :class:`.BoxedPerson`.
        absences (list[tuple[float, float]]): Start and end in seconds of each long absence of the person, see
            :func:`.find_absences`. Empty if the video was not searched for people.
        whole (Video): The video that is not cropped.

    Args:
        video (Video): The open video.
        boxes (np.ndarray, optional): Boxes. Defaults to None: frames are not cropped.
        person (str): Name of the person. Defaults to ``''``.
        absences (Sequence[tuple[float, float]]): Absences. Defaults to none.
    """

    boxes: np.ndarray | None
    person: str
    absences: list[tuple[float, float]]
    whole: Video

    def __init__(
        self,
        video: Video,
        boxes: np.ndarray | None = None,
        person: str = '',
        absences: Sequence[tuple[float, float]] = (),
    ) -> None:
        vars(self).update(vars(video))
        self.whole, self.boxes, self.person, self.absences = video, boxes, person, list(absences)

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Decode the video from start to end, see :meth:`.Video.frames`.

        Args:
            step (int): Interval between the frames that are needed. Defaults to 1.

        Yields:
            Frame: The cropped frames in order.
        """
        for frame in self.whole.frames(step):
            if self.boxes is not None:
                frame = frame._replace(to_rgb=partial(_cropped, frame.to_rgb, self.boxes[frame.index]))
            yield frame


def _cropped(to_rgb, box):
    return crop_box(to_rgb(), box)


class PersonFinder:
    """Decides how videos are cropped for a network.

    If the networks of the estimator have not been downloaded before, ``'auto'`` takes videos of about 5:6 to be framed
    like those of MA-52, and downloads the networks at the first video of another shape.

    Args:
        crop (Crop): ``'auto'`` crops to the person unless the video is framed like those of MA-52, ``'person'`` always,
            ``'none'`` never. Four integers are a box: left and upper edge, width and height in pixels. For a network of
            frames of another label set than MA-52's, ``'auto'`` is ``'none'``, since nobody knows how its videos are
            framed.
        person (PersonChoice): Which of several people is recognised: ``'left'``, ``'right'``, ``'largest'`` or
            ``'all'``.
        label_set (LabelSet): Label set of the network. Defaults to that of MA-52.

    Raises:
        ValueError: If an argument is out of range, or if one of two people is chosen and videos are not searched for
            people.
    """

    def __init__(self, crop: Crop, person: PersonChoice, label_set: LabelSet = MA52) -> None:
        if isinstance(crop, str):
            if crop not in ('auto', 'person', 'none'):
                raise ValueError(f'crop is {crop!r}, but must be auto, person, none, or four integers')
        elif len(crop) != 4 or min(crop) < 0 or min(crop[2:]) < 1:
            raise ValueError(f'crop is {crop}, but must be a box: X and Y at least 0, W and H at least 1')
        if person not in get_args(PersonChoice):
            raise ValueError(f'person is {person!r}, but must be one of {", ".join(get_args(PersonChoice))}')
        if crop == 'auto' and label_set != MA52:
            crop = 'none'
        if person in ('left', 'right') and crop not in ('auto', 'person'):
            raise ValueError(
                f"person is {person!r}, but people are not searched for; use --crop person, or crop='person' in Python"
            )
        self.crop, self.person = crop, person
        # Looked up once, so that the order of the videos does not matter.
        self._searches_usual = self.crop == 'person' or are_networks_cached()
        self._estimator: PoseEstimator | None = None
        self._unavailable, self._has_warned = '', False

    def __call__(self, video: Video) -> list[FramedVideo]:
        """Return a video cropped to each person who is recognised, from left to right.

        A warning says if no person is found, or several.

        Args:
            video (Video): The open video.

        Returns:
            list[FramedVideo]: The video, once for each person. It is not cropped if nobody is found, or if it is framed
            like those of MA-52.

        Raises:
            ValueError: If the video cannot be decoded, or a fixed box is not within its frames.
        """
        if isinstance(video, FramedVideo):
            return [video]
        if self.crop == 'none':
            return [FramedVideo(video)]
        if not isinstance(self.crop, str):
            return [FramedVideo(video, self._fixed_boxes(video))]
        estimator = self._find_estimator(video)
        if estimator is None:
            return [FramedVideo(video)]
        poses, indices = sample_poses(video, estimator)
        people, largest = locate_people(poses, indices, video.num_frames)
        if not people:
            warnings.warn(
                f'{video.path} shows no person whose shoulders can be found, so the network sees whole frames; if '
                'there is one, set the box with --crop X,Y,W,H, or crop= in Python',
                stacklevel=3,
            )
            return [FramedVideo(video)]
        if len(people) > 1:
            people = self._choose(video, people, largest)
        is_whole = len(people) == 1 and self.crop == 'auto' and not people[0].name
        is_whole = is_whole and is_framed(people[0].boxes, poses.img_shape)
        times = video.times[indices]
        return [
            FramedVideo(
                video,
                None if is_whole else person.boxes,
                person.name,
                find_absences(person.seen, times, video.duration),
            )
            for person in people
        ]

    def _fixed_boxes(self, video):
        """Return the box of the options for each frame."""
        left, top, width, height = self.crop
        first = next(video.frames(), None)
        if first is not None:
            shape = first.to_rgb().shape
            if left + width > shape[1] or top + height > shape[0]:
                raise ValueError(
                    f'{video.path} has frames of {shape[1]} x {shape[0]} pixels, which do not contain the box '
                    f'{left},{top},{width},{height} (X,Y,W,H)'
                )
        return np.broadcast_to(np.array(self.crop), (video.num_frames, 4))

    def _find_estimator(self, video):
        """Return the estimator, or None if it is not available. A warning says why at the first video that needs it."""
        is_settled = self._estimator is not None and self._searches_usual
        is_usual = not is_settled and self.crop == 'auto' and _has_usual_shape(video)
        if is_usual and not self._searches_usual:
            return None
        if self._estimator is None and not self._unavailable:
            try:
                self._estimator = make_estimator('blazepose', MAX_PEOPLE)
            except (ImportError, OSError) as error:
                if self.crop == 'person':
                    raise
                self._unavailable = str(error)
        if self._unavailable and not self._has_warned and not is_usual:
            self._has_warned = True
            warnings.warn(f'{video.path} and others are not cropped to the person: {self._unavailable}', stacklevel=4)
        return self._estimator

    def _choose(self, video: Video, people: list[BoxedPerson], largest: int) -> list[BoxedPerson]:
        """Return the chosen people of several, with a warning."""
        chosen = {'left': people[:1], 'right': people[-1:], 'largest': [people[largest]], 'all': people}[self.person]
        names = ', '.join(person.name for person in people)
        result = 'each has a result' if self.person == 'all' else f'the result is that of {chosen[0].name}'
        if self.person in ('largest', 'all'):
            warnings.warn(
                f'{video.path} shows {len(people)} people ({names}); {result}. To choose, use --person, or person= in '
                'Python: left, right, largest or all',
                SeveralPeopleWarning,
                stacklevel=4,
            )
        return chosen


def _has_usual_shape(video):
    """Return whether the frames of a video have about the 5:6 of MA-52."""
    first = next(video.frames(), None)
    return first is not None and has_aspect(first.to_rgb().shape[:2])

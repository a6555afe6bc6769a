"""Crops videos to the people in them."""

import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import Literal, get_args

import numpy as np

from mmaction_microaction.poses import PoseEstimator, make_estimator
from mmaction_microaction.poses.framing import MAX_PEOPLE, BoxedPerson, find_absences, locate_people, sample_poses
from mmaction_microaction.poses.person_box import crop_box, has_aspect, is_framed
from mmaction_microaction.poses.weights import are_networks_cached
from mmaction_microaction.video.reader import Frame, Video

from .crops import Crop, check_crop

PersonChoice = Literal['left', 'right', 'largest', 'all']


class SeveralPeopleWarning(UserWarning):
    """Warning that a video shows several people."""


class NoPersonError(ValueError):
    """Error of a network that needs the joints of a person, for a video without one."""


class FramedVideo(Video):
    """A video whose frames are cropped to a box, as a network sees them.

    Attributes:
        boxes (np.ndarray | None): Left and upper edge, width and height of the box in each frame, shape
            (num_frames, 4), or None for whole frames.
        person (str): Name of the person in the box, see :class:`.BoxedPerson`.
        absences (list[tuple[float, float]]): Start and end in seconds of each long absence of the person, see
            :func:`.find_absences`. Empty if the video was not searched for people.
        others (list[np.ndarray]): Boxes of the other people in the video, each of shape (num_frames, 4).
        whole (Video): The video that is not cropped.

    Args:
        video (Video): The open video.
        boxes (np.ndarray, optional): Boxes. Defaults to None: frames are not cropped.
        person (str): Name of the person. Defaults to ``''``.
        absences (Sequence[tuple[float, float]]): Absences. Defaults to none.
        others (Sequence[np.ndarray]): Boxes of other people. Defaults to none.
    """

    boxes: np.ndarray | None
    person: str
    absences: list[tuple[float, float]]
    others: list[np.ndarray]
    whole: Video

    def __init__(
        self,
        video: Video,
        boxes: np.ndarray | None = None,
        person: str = '',
        absences: Sequence[tuple[float, float]] = (),
        others: Sequence[np.ndarray] = (),
    ) -> None:
        vars(self).update(vars(video))
        self.whole, self.boxes, self.person = video, boxes, person
        self.absences, self.others = list(absences), list(others)

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

    If the networks of the estimator have not been downloaded before, videos that are cropped by ``'auto'`` and have
    about 5:6 are taken to be framed like those of MA-52, and the networks are downloaded at the first video of another
    shape.

    Attributes:
        crop (Crop): How videos are cropped: the argument, or what ``'auto'`` means for the network.

    Args:
        crop (Crop): ``'person'`` crops to the person, ``'none'`` not at all. Four integers are a box: left and upper
            edge, width and height in pixels. ``'auto'`` crops like ``trained_crop``.
        person (PersonChoice): Which of several people is recognised: ``'left'``, ``'right'``, ``'largest'`` or
            ``'all'``.
        trained_crop (Crop, optional): How the clips were cropped on which the network was trained. ``'auto'``, the
            default, is to the person unless a video is framed like those of MA-52. None is unknown: videos are not
            cropped, and a warning says so at the first one that has another shape than those of MA-52.

    Raises:
        ValueError: If an argument is out of range, or if one of two people is chosen and videos are not searched for
            people.
    """

    crop: Crop

    def __init__(self, crop: Crop, person: PersonChoice, trained_crop: Crop | None = 'auto') -> None:
        check_crop(crop)
        if person not in get_args(PersonChoice):
            raise ValueError(f'person is {person!r}, but must be one of {", ".join(get_args(PersonChoice))}')
        self._is_unknown = crop == 'auto' and trained_crop is None
        if crop == 'auto':
            crop = trained_crop or 'none'
        if person in ('left', 'right') and crop not in ('auto', 'person'):
            raise ValueError(
                f"person is {person!r}, but people are not searched for; use --crop person, or crop='person' in Python"
            )
        self.crop, self.person = crop, person
        # Looked up once, so that the order of the videos does not matter.
        self._needs_download = not are_networks_cached()
        self._has_warned = False

    def prepare(self) -> None:
        """Check, before the first video, that people can be found if they are searched for.

        Raises:
            ImportError: If a package of the extra ``pose`` is missing.
            OSError: If the networks of the estimator have to be downloaded and cannot be.
        """
        if self.crop in ('auto', 'person'):
            self._estimator = make_estimator('blazepose', MAX_PEOPLE)
            self._needs_download = False

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
            if self._is_unknown:
                self._warn_of_shape(
                    video,
                    'since the network does not say how the clips of its training were cropped; use --crop person if '
                    'they were cropped to the person, otherwise --crop none (crop= in Python)',
                )
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
        found = people
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
                [other.boxes for other in found if other is not person],
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
                    f'{left},{top},{width},{height} (X,Y,W,H) of --crop or of the training of the network'
                )
        return np.broadcast_to(np.array(self.crop), (video.num_frames, 4))

    def _find_estimator(self, video):
        """Return the estimator, or None if a video is not searched for people."""
        if self.crop == 'auto' and self._needs_download and _has_usual_shape(video):
            return None
        if isinstance(self._estimator, Exception):
            self._warn_of_shape(video, f'since people cannot be found: {self._estimator}')
            return None
        return self._estimator

    @cached_property
    def _estimator(self) -> PoseEstimator | Exception:
        """The estimator, or the error because of which there is none if videos need not be cropped."""
        try:
            return make_estimator('blazepose', MAX_PEOPLE)
        except (ImportError, OSError) as error:
            if self.crop == 'person':
                raise
            return error

    def _warn_of_shape(self, video, reason):
        """Warn once that videos are not cropped, at the first one that is not shaped like those of MA-52."""
        if not self._has_warned and not _has_usual_shape(video):
            self._has_warned = True
            warnings.warn(
                f'{video.path} and others are not framed like the clips of MA-52, and are not cropped to the person, '
                f'{reason}',
                stacklevel=4,
            )

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

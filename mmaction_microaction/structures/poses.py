"""Poses: the joints of people in the frames of videos, and their files in MMAction2's format."""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.pickles import load_pickle

from .pose_layouts import LAYOUTS, PoseLayout, convert_layout, get_layout

_LAYOUT_BY_SIZE = {len(layout.joints): layout.name for layout in LAYOUTS.values()}


@dataclass(frozen=True, eq=False)
class Poses:
    """Joints of the people in a video.

    The fields with MMAction2's names have its meaning, and :meth:`to_dict` returns a sample of its ``PoseDataset``.
    A joint that was not detected has the coordinates and the score 0. A person who is absent from a frame has no
    detected joint in it.
    """

    frame_dir: str
    """Name of the video without the extension, relative to the folder of the videos."""
    img_shape: tuple[int, int]
    """Height and width of the video in pixels."""
    keypoint: np.ndarray
    """Coordinates of the joints in pixels (x, y), shape (M, T, V, 2), float32: M people, T frames and V joints."""
    keypoint_score: np.ndarray
    """Scores of the joints from 0 to 1, shape (M, T, V), float32."""
    label: int = -1
    """Fine label of a clip. -1 if it is unknown."""
    layout: str = ''
    """Name of the layout of the joints, a key of :data:`.LAYOUTS`. By default, it follows from the number of joints."""
    fps: float | None = None
    """Frames per second of the video. None if it is unknown."""
    source: dict[str, Any] | None = None
    """Detector and settings that found the joints. None if they are unknown."""

    def __post_init__(self) -> None:
        keypoint, scores = np.asarray(self.keypoint, np.float32), np.asarray(self.keypoint_score, np.float32)
        if keypoint.ndim != 4 or keypoint.shape[-1] != 2 or scores.shape != keypoint.shape[:-1]:
            raise ValueError(
                f'{self.frame_dir}: keypoint should have the shape (M, T, V, 2) and keypoint_score (M, T, V), got '
                f'{keypoint.shape} and {scores.shape}'
            )
        name = self.layout or _LAYOUT_BY_SIZE.get(keypoint.shape[2], '')
        if name not in LAYOUTS or keypoint.shape[2] != len(LAYOUTS[name].joints):
            sizes = ', '.join(f'{key} ({len(layout.joints)})' for key, layout in LAYOUTS.items())
            raise ValueError(f'{self.frame_dir}: {keypoint.shape[2]} joints, layout {name!r}; layouts: {sizes}')
        if len(self.img_shape) != 2 or not all(0 < side < 2**16 for side in self.img_shape):
            raise ValueError(f'{self.frame_dir}: img_shape should be height and width in pixels, got {self.img_shape}')
        known = np.isfinite(keypoint).all(-1) & np.isfinite(scores) & (scores > 0)
        object.__setattr__(self, 'keypoint', np.where(known[..., None], keypoint, 0))
        object.__setattr__(self, 'keypoint_score', np.where(known, scores, 0))
        object.__setattr__(self, 'layout', name)
        object.__setattr__(self, 'img_shape', tuple(map(int, self.img_shape)))
        object.__setattr__(self, 'label', int(self.label))

    @property
    def total_frames(self) -> int:
        """int: Number of frames of the video."""
        return self.keypoint.shape[1]

    @property
    def shows_person(self) -> np.ndarray:
        """np.ndarray: Whether each frame shows both shoulders of a person, shape (T,)."""
        joints = LAYOUTS[self.layout].joints
        shoulders = [joints.index(f'{side}_shoulder') for side in ('left', 'right')]
        return (self.keypoint_score[:, :, shoulders] > 0).all(-1).any(0)

    def convert(self, layout: str | PoseLayout) -> 'Poses':
        """Return the poses in another layout, see :func:`.convert_layout`.

        Args:
            layout (str | PoseLayout): The layout, or its name.

        Returns:
            Poses: Poses in this layout.

        Raises:
            ValueError: If there is no layout of this name.
        """
        target = get_layout(layout)
        keypoint, scores = convert_layout(self.keypoint, self.keypoint_score, LAYOUTS[self.layout], target)
        return replace(self, keypoint=keypoint, keypoint_score=scores, layout=target.name)

    def to_dict(self) -> dict[str, Any]:
        """Return the poses as a sample of MMAction2's ``PoseDataset``.

        Returns:
            dict[str, Any]: ``frame_dir``, ``total_frames``, ``img_shape``, ``original_shape``, ``keypoint``,
            ``keypoint_score``, ``label``, ``layout``, and ``fps`` and ``source`` if they are known. The arrays are
            those of the poses, not copies.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        known = {name: value for name, value in values.items() if value is not None}
        return dict(known, total_frames=self.total_frames, original_shape=self.img_shape)


def read_poses(path: str | Path) -> list[Poses]:
    """Read the poses of videos.

    Args:
        path (str | Path): Path of a pickle that :func:`write_poses` wrote, that MA-52's authors publish, or that
            MMAction2's ``PoseDataset`` reads: a list of samples, or a dict with the samples under ``annotations``. A
            sample is a dict with ``frame_dir`` or ``filename``, ``img_shape``, ``keypoint`` and, optionally,
            ``keypoint_score``, ``total_frames``, ``label``, ``layout``, ``fps`` and ``source``. Without scores, a joint
            at (0, 0) has the score 0, and any other joint the score 1.

    Returns:
        list[Poses]: Poses of each video, in the order of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not such a pickle, refers to code, or has a sample of the wrong shape.
    """
    try:
        content = load_pickle(path)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file; "microaction poses" writes poses') from None
    samples = content.get('annotations') if isinstance(content, dict) else content
    if not isinstance(samples, list):
        raise ValueError(f'{path} contains no poses: it should be a list of samples; "microaction poses" writes one')
    poses = []
    for index, sample in enumerate(samples):
        try:
            poses.append(_from_dict(sample))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f'{path}: sample {index} is not a pose ({type(error).__name__}: {error})') from None
    return poses


def _from_dict(sample: dict[str, Any]) -> Poses:
    """Return the poses of a sample of a file."""
    name = sample['frame_dir'] if 'frame_dir' in sample else str(Path(sample['filename']).with_suffix(''))
    keypoint = np.asarray(sample['keypoint'])
    scores = sample.get('keypoint_score')
    scores = keypoint.any(-1).astype(np.float32) if scores is None else scores
    total_frames = sample.get('total_frames', keypoint.shape[1])
    if total_frames != keypoint.shape[1]:
        raise ValueError(f'{name}: total_frames is {total_frames}, and keypoint has {keypoint.shape[1]} frames')
    optional = {key: sample[key] for key in ('label', 'layout', 'fps', 'source') if sample.get(key) is not None}
    return Poses(str(name), tuple(sample['img_shape']), keypoint, scores, **optional)


def write_poses(poses: Iterable[Poses], path: str | Path) -> None:
    """Write the poses of videos as a pickle that MMAction2's ``PoseDataset`` reads.

    Args:
        poses (Iterable[Poses]): Poses of each video.
        path (str | Path): Path of the file.
    """
    write_whole(path, pickle.dumps([video.to_dict() for video in poses], protocol=4))


def index_poses(poses: Sequence[Poses]) -> dict[str, Poses]:
    """Return poses by the name of their video.

    Args:
        poses (Sequence[Poses]): Poses of each video.

    Returns:
        dict[str, Poses]: Poses by ``frame_dir``.

    Raises:
        ValueError: If two have the same name.
    """
    by_name = {video.frame_dir: video for video in poses}
    if len(by_name) < len(poses):
        seen = set()
        twice = next(video.frame_dir for video in poses if video.frame_dir in seen or seen.add(video.frame_dir))
        raise ValueError(f'{twice} occurs twice among the poses; remove one of them')
    return by_name

"""Writes a synthetic MA-52-Pro: videos, face tracks, one annotation file per split, and a manifest."""

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.faces import FaceTrack, write_face_track
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.writer import write_video

from .clip import SPLITS, face_boxes, frames, generator, video_size
from .dataset import begin, finish
from .emotions import SHARES
from .pro_video import make_pro_video

VERSION = 'MA-52-Pro 1'
"""Raised whenever the same settings give other frames."""
SPLIT_SHARES = np.array([5, 1, 1]) / 7
"""Shares of train, val and test in the videos and in the subjects."""
_PLAN = 98


@dataclass(frozen=True)
class ProSettings:
    """What determines a data set, to the last pixel.

    Attributes:
        videos (int): Number of videos in all splits together.
        size (tuple[int, int]): Width and height of the videos in pixels.
        seed (int): Seed of all random numbers.
        subjects (int): Number of subjects; none is in two splits.

    Raises:
        ValueError: If a value makes no data set.
    """

    videos: int = 700
    size: tuple = (208, 250)
    seed: int = 0
    subjects: int = 210

    def __post_init__(self):
        object.__setattr__(self, 'size', video_size('x'.join(map(str, self.size))))
        if self.seed < 0:
            raise ValueError(f'seed {self.seed}: must not be negative')
        if not 7 <= self.videos <= 99999:
            raise ValueError(f'{self.videos} videos: must be from 7, for one in each split, to 99999')
        if self.subjects < 7:
            raise ValueError(f'{self.subjects} subjects: must be at least 7, for one in each split')

    def asdict(self):
        """dict: The settings, ready for JSON."""
        return {**asdict(self), 'size': list(self.size)}


class ProEntry(NamedTuple):
    """A video of the plan."""

    split: int
    index: int
    emotion: int
    subject_id: int

    @property
    def name(self):
        """str: Name of the video's files, without ending."""
        return f'{self.index + 1:04d}'


def _apportion(total, shares):
    """Whole numbers that sum to a total, as close to the shares as can be; the largest remainders get one more."""
    ideal = total * shares
    numbers = np.floor(ideal).astype(int)
    numbers[np.argsort(numbers - ideal, kind='stable')[: total - numbers.sum()]] += 1
    return numbers


def make_pro_plan(settings):
    """List the videos of a data set.

    Args:
        settings (ProSettings): The data set.

    Returns:
        list[ProEntry]: All videos, split by split.
    """
    rng = generator(settings.seed, _PLAN)
    everyone = np.split(rng.permutation(settings.subjects), _apportion(settings.subjects, SPLIT_SHARES).cumsum()[:-1])
    plan = []
    for split, (number, subjects) in enumerate(zip(_apportion(settings.videos, SPLIT_SHARES), everyone)):
        emotions = rng.permutation(np.repeat(np.arange(len(SHARES)), _apportion(number, SHARES)))
        drawn = subjects[rng.integers(len(subjects), size=number)]
        plan += [ProEntry(split, i, int(e), int(s)) for i, (e, s) in enumerate(zip(emotions, drawn))]
    return plan


def write_pro_dataset(out, settings, workers=1, progress=None):
    """Write a data set, or what is missing of it, as ``dataset.write_dataset`` does.

    Args:
        out (str | Path): Folder of the data set.
        settings (ProSettings): What to write.
        workers (int): Number of processes.
        progress (Callable[[int, int], None], optional): Called with the number of videos done and their total.

    Returns:
        list[ProEntry]: The videos.

    Raises:
        OSError: If it cannot be written to the folder.
        ValueError: If the folder holds another data set.
    """
    out = Path(out)
    header = {'version': VERSION, 'settings': settings.asdict()}
    begin(out, header)
    for split in SPLITS:
        (out / f'faces_{split}').mkdir(exist_ok=True)
    plan = make_pro_plan(settings)
    written = list(ordered_map(partial(_write_video, out, settings), plan, workers, progress=progress))
    for number, split in enumerate(SPLITS):
        rows = [row for entry, (row, _) in zip(plan, written) if entry.split == number]
        write_whole(out / f'{split}.jsonl', ''.join(json.dumps(row) + '\n' for row in rows).encode())
    finish(out, header, 'videos', [parameters for _, parameters in written])
    return plan


def _write_video(out, settings, entry):
    """Write a video and its face track unless they are there.

    Returns:
        tuple[dict, dict]: The line of the annotation file, and all parameters.
    """
    video = make_pro_video(entry.emotion, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
    split = SPLITS[entry.split]
    path, faces = out / f'videos_{split}' / f'{entry.name}.mp4', out / f'faces_{split}' / f'{entry.name}.json'
    if not faces.exists():
        write_face_track(FaceTrack(face_boxes(video), video.size, 'renderer', video.num_frames), faces)
    if not path.exists():
        write_video(str(path), frames(video), video.size, video.fps, video.nuisances.crf)
    row = {'video': path.name, **video.row(), 'faces': faces.name}
    return row, {'video': f'{path.parent.name}/{path.name}', **video.parameters()}

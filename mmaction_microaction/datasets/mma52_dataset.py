import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from mmaction.datasets import BaseActionDataset
from mmaction.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.decoding_steps import choose_source
from mmaction_microaction.datasets.transforms.detection import LoadFeatures
from mmaction_microaction.label_sets import LabelSet, get_label_set
from mmaction_microaction.structures.annotations import fingerprint_list
from mmaction_microaction.structures.detection_annotations import has_placeholders, read_detection_annotations
from mmaction_microaction.utils.messages import format_count

from .feature_store import FeatureStore
from .files_present import check_files, check_frames, check_store
from .frame_store import crop_of
from .unreadable import ReplaceUnreadableMixin, UnreadableClips

SHORTER_BY = 0.1
"""Seconds by which a file must be shorter than the table says to be counted. The shorter files of MMA-52 lack 0.2 s or
more."""


@DATASETS.register_module()
class MMA52Dataset(ReplaceUnreadableMixin, BaseActionDataset):
    """MMA-52 (Multi-label Micro-Action-52): videos of 5 to 15 seconds with several actions each, which may overlap.

    The dataset reads the tables and videos of the release, in this layout::

        data/mma52
        ├── train.csv                   a row for each action of each video
        ├── val.csv
        ├── test.csv                    placeholders
        ├── videos_train
        │   ├── train0000.mp4
        │   └── ...
        ├── videos_val
        ├── videos_test
        └── frames_train                optional frame store, instead of videos_train

    A sample contains ``filename``; ``video_id``, as in the table; ``total_frames`` and ``fps``, also as in the table;
    ``duration``, the seconds that these two make; ``gt_segments``, start and end of each action in seconds, float32 of
    shape (N, 2); and ``gt_labels``, int64 of shape (N,). There is no ``label``. Actions with one label may overlap.

    ``metainfo`` contains ``label_set`` (the content of the label set), ``classes`` (the names of its actions) and
    ``anonymized``. The attribute ``ann_fingerprint`` identifies the table. The test split of the challenge is
    anonymised: its samples have no actions, and it can be predicted, but neither trained on nor scored. With a frame
    store of cropped frames, or with features of such frames, ``metainfo['crop']`` is ``'auto'``.

    Some files of MMA-52 are shorter than the table says. They are read as they are, and their true actions stay. The
    log names each of them once, and :attr:`shorter_videos` contains those that were read so far. Videos that cannot be
    read are replaced in training, see :class:`ReplaceUnreadableMixin`.

    Args:
        ann_file (str): Path of the table, see :func:`.read_detection_annotations`.
        pipeline (list[dict | Callable]): Transforms, or their configs.
        data_prefix (dict[str, str]): Under ``video``, the path of the folder of the videos, or of a frame store; see
            :class:`ClipDataset`.
        check_videos (bool): Whether to check that every listed video exists. Features are always checked. Defaults to
            True.
        decoder (Literal['pyav', 'decord'], optional): Decoder of the videos, see :class:`ClipDataset`.
        label_set (str | dict | LabelSet, optional): Label set, see :class:`ClipDataset`. Defaults to None: that of
            MA-52, which MMA-52 shares.
        **kwargs: ``max_unreadable`` and ``unreadable_as_missing`` of :class:`ReplaceUnreadableMixin`, and arguments
            of MMAction2's ``BaseActionDataset``.

    Raises:
        FileNotFoundError: If the table, the folder, some of the videos or the label set are missing.
        ValueError: If the table or the label set is malformed, or the table is anonymised without ``test_mode``; if the
            frame store or the feature store lacks a video or is damaged; or if ``decoder`` has another value.
        ImportError: If ``decoder`` is ``'decord'`` and decord is not installed.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_prefix: dict[str, str] = dict(video=''),
        check_videos: bool = True,
        decoder: Literal['pyav', 'decord'] | None = None,
        label_set: str | dict | LabelSet | None = None,
        **kwargs,
    ) -> None:
        self.check_videos = check_videos
        self.label_set = get_label_set(label_set)
        metainfo = dict(label_set=self.label_set.to_dict(), classes=self.label_set.names)
        metainfo.update(kwargs.pop('metainfo', None) or {})
        super().__init__(ann_file, pipeline, data_prefix=data_prefix, metainfo=metainfo, **kwargs)
        self.pipeline = Compose(choose_source(self.pipeline.transforms, self.data_prefix['video'], decoder))

    def load_data_list(self) -> list[dict]:
        """Read and check the table, and log a summary.

        Returns:
            list[dict]: For each video, the items of a sample that the class describes.
        """
        videos = read_detection_annotations(self.ann_file, self.label_set)
        anonymized = has_placeholders(videos)
        if anonymized and not self.test_mode:
            raise ValueError(
                f'{self.ann_file} has no true actions, like the placeholders of the test split: it can be predicted '
                'but not trained on. Use the train or val table.'
            )
        self._metainfo['anonymized'] = anonymized
        folder = self.data_prefix['video']
        features = self._feature_store()
        if (crop_of(folder) if features is None else features.settings.crop) == 'auto':
            self._metainfo.setdefault('crop', 'auto')
        names = [video.video_id for video in videos]
        if features is not None:
            remedy = (
                'set path of LoadFeatures to the features of this table, or write them with '
                f'"microaction extract-features --splits {Path(self.ann_file).stem}"'
            )
            check_store(features, names, self.ann_file, remedy)
        if self.check_videos and os.path.isfile(folder):
            check_frames(folder, names, self.ann_file)
        elif self.check_videos:
            remedy = 'unpack them there, or set data_prefix.video to their folder'
            filenames = [video.filename for video in videos]
            check_files(folder, filenames, f'videos of {self.ann_file}', remedy, 'folder or frame store')
        self.ann_fingerprint = fingerprint_list(self.ann_file, videos, self._indices)
        if anonymized:
            videos = [video._replace(instances=()) for video in videos]
        labels = np.concatenate([video.labels for video in videos])
        print_log(
            f'{self.ann_file}: {format_count(len(videos), "video")}, '
            + (
                'anonymised'
                if anonymized
                else f'{format_count(len(labels), "action")}, {len(np.unique(labels))} of {len(self.label_set)} '
                'different ones'
            ),
            logger='current',
        )
        return [
            dict(
                filename=os.path.join(folder, video.filename),
                video_id=video.video_id,
                total_frames=video.total_frames,
                fps=video.fps,
                duration=video.duration,
                gt_segments=video.segments.astype(np.float32),
                gt_labels=video.labels,
            )
            for video in videos
        ]

    def _feature_store(self) -> FeatureStore | None:
        """Return the store of the features that the pipeline reads. None if it reads videos."""
        return next((step.store for step in self.pipeline.transforms if isinstance(step, LoadFeatures)), None)

    def full_init(self) -> None:
        """Read the table if it has not been read yet."""
        if not self._fully_initialized:
            super().full_init()
            self._shorter = UnreadableClips(len(self))

    @property
    def shorter_videos(self) -> list[str]:
        """list[str]: Names of the videos read so far, in any process, whose files are shorter than the table says."""
        return [self.get_data_info(index)['video_id'] for index in self._shorter.epoch_indices()]

    def _read(self, idx, steps):
        """Run the first steps of the pipeline on a video, and compare its length with the table."""
        sample = super()._read(idx, steps)
        listed = self.get_data_info(idx)
        # The transform that opens a video replaces the number of frames and adds the rate, which need not be the
        # table's: the authors also use copies of 25 frames per second.
        if sample and sample.get('avg_fps'):
            seconds = sample['total_frames'] / sample['avg_fps']
            if seconds < listed['duration'] - SHORTER_BY and self._shorter.add(idx):
                print_log(
                    f'{listed["filename"]} has {seconds:.2f} s instead of the {listed["duration"]:.2f} s of '
                    f'{self.ann_file}; it is used as it is.',
                    logger='current',
                    level=logging.WARNING,
                )
        return sample

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the labels of a sample, for MMEngine's ``ClassBalancedDataset``.

        Args:
            idx (int): Index of the sample.

        Returns:
            list[int]: The fine labels that occur, each once.
        """
        return np.unique(self.get_data_info(idx)['gt_labels']).tolist()

    @property
    def class_counts(self) -> np.ndarray:
        """np.ndarray: Number of actions of each fine label, shape (C,)."""
        if self.metainfo['anonymized']:
            raise ValueError(f'{self.ann_file} is anonymised: the labels of its videos are unknown.')
        labels = [self.get_data_info(idx)['gt_labels'] for idx in range(len(self))]
        return np.bincount(np.concatenate(labels), minlength=len(self.label_set))

import os
from collections.abc import Callable
from typing import Literal

import numpy as np
from mmaction.datasets import VideoDataset
from mmaction.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.decoding_steps import choose_source
from mmaction_microaction.label_sets import LabelSet, get_label_set
from mmaction_microaction.structures.annotations import fingerprint_list, is_anonymized, read_annotations
from mmaction_microaction.utils.messages import format_count

from .files_present import check_files, check_frames
from .frame_store import crop_of
from .unreadable import ReplaceUnreadableMixin


# MA52Dataset is its old name, which configs in work dirs have.
@DATASETS.register_module(name=['ClipDataset', 'MA52Dataset'])
class ClipDataset(ReplaceUnreadableMixin, VideoDataset):
    """Clips with one action each, such as those of Micro-Action-52 (MA-52).

    The dataset reads lists and clips in the layout of the release of MA-52::

        data/ma52
        ├── train_list_videos.txt       a line "name.mp4 label" for each clip
        ├── val_list_videos.txt
        ├── test_list_videos.txt
        ├── videos_train
        │   ├── 0001_00_0001.mp4
        │   └── ...
        ├── videos_val
        ├── videos_test
        └── frames_train                optional frame store, instead of videos_train

    The label of a sample is the fine label. ``metainfo`` contains ``label_set`` (the content of the label set, which
    MMEngine also saves in checkpoints), ``classes`` (the names of its actions) and ``anonymized``. The attribute
    ``ann_fingerprint`` identifies the list, see :class:`CheckTrainListHook`.

    ``crop`` in ``metainfo`` says how the clips were cropped, as a value of ``--crop``. ``microaction demo`` reads it
    from the checkpoint, and crops videos in the same way. It is ``'auto'`` for a frame store of cropped frames. For
    other clips, set it with ``metainfo=dict(crop='person')``.

    The challenge's test split of MA-52 is anonymised: every clip of its list has the placeholder label 0. It can be
    predicted, but neither trained on nor scored. Samples of an anonymised list, or of a list without labels, have the
    label -1.

    Clips that cannot be read are replaced in training, see :class:`ReplaceUnreadableMixin`.

    Args:
        ann_file (str): Path of the list of ``name.mp4 label`` lines, or of a table; see :class:`.ListReader`. With
            ``test_mode``, the labels may be absent.
        pipeline (list[dict | Callable]): Transforms, or their configs.
        data_prefix (dict[str, str]): Under ``video``, the path of the folder of the clips, or of a frame store (see
            ``frame_store``). With a frame store, the transforms that open and decode videos are replaced by ones that
            read from the store, and the videos are not needed.
        check_videos (bool): Whether to check that every listed clip exists. Defaults to True.
        check_names (bool): Whether to check that the body part in the name of a clip of MA-52 is that of its label, see
            ``read_annotations``. Defaults to True.
        decoder (Literal['pyav', 'decord'], optional): Decoder of the videos, ``'pyav'`` or ``'decord'``, which replaces
            the one in the pipeline; see ``choose_decoder``. Defaults to None, which keeps the decoder of the pipeline.
        label_set (str | dict | LabelSet, optional): Name of a label set of this package, such as ``'ma52'``, path of a
            file, or content; see :func:`.get_label_set`. Defaults to None: the label set of MA-52.
        **kwargs: ``max_unreadable`` and ``unreadable_as_missing`` of :class:`ReplaceUnreadableMixin`, and arguments
            of MMAction2's ``VideoDataset``.

    Raises:
        FileNotFoundError: If the list, the folder, some of the clips or the label set are missing.
        ValueError: If the list or the label set is malformed, or the list is anonymised without ``test_mode``; if the
            frame store lacks a clip or is damaged; or if ``decoder`` has another value.
        ImportError: If ``decoder`` is ``'decord'`` and decord is not installed.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_prefix: dict[str, str] = dict(video=''),
        check_videos: bool = True,
        check_names: bool = True,
        decoder: Literal['pyav', 'decord'] | None = None,
        label_set: str | dict | LabelSet | None = None,
        **kwargs,
    ) -> None:
        self.check_videos = check_videos
        self.check_names = check_names
        self.label_set = get_label_set(label_set)
        metainfo = dict(label_set=self.label_set.to_dict(), classes=self.label_set.names)
        metainfo.update(kwargs.pop('metainfo', None) or {})
        super().__init__(ann_file, pipeline, data_prefix=data_prefix, metainfo=metainfo, **kwargs)
        self.pipeline = Compose(choose_source(self.pipeline.transforms, self.data_prefix['video'], decoder))

    def load_data_list(self) -> list[dict]:
        """Read and check the list, and log a summary.

        Returns:
            list[dict]: For each clip, ``filename`` (its path), ``video_id`` (its name in the list) and ``label``.
        """
        annotations = read_annotations(self.ann_file, self.check_names, self.test_mode, self.label_set)
        anonymized = is_anonymized(annotations, self.label_set)
        if anonymized and not self.test_mode:
            raise ValueError(
                f'{self.ann_file} is the anonymised test split, whose labels are all the placeholder 0: it can be '
                'predicted but not trained on. Use the train or val list.'
            )
        self._metainfo['anonymized'] = anonymized

        folder = self.data_prefix['video']
        if crop_of(folder) == 'auto':
            self._metainfo.setdefault('crop', 'auto')
        if self.check_videos:
            filenames = [annotation.filename for annotation in annotations]
            if os.path.isfile(folder):
                check_frames(folder, filenames, self.ann_file)
            else:
                remedy = 'unpack them there, or set data_prefix.video to their folder'
                check_files(folder, filenames, f'clips of {self.ann_file}', remedy, 'folder or frame store')
        self.ann_fingerprint = fingerprint_list(self.ann_file, annotations, self._indices)
        labels = np.array([annotation.label for annotation in annotations])
        print_log(
            f'{self.ann_file}: {format_count(len(labels), "clip")}, '
            + ('anonymised' if anonymized else f'{len(np.unique(labels))} of {len(self.label_set)} actions'),
            logger='current',
        )
        return [
            dict(filename=os.path.join(folder, filename), video_id=filename, label=-1 if anonymized else label)
            for filename, label in annotations
        ]

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the labels of a sample, for MMEngine's ``ClassBalancedDataset``.

        Args:
            idx (int): Index of the sample.

        Returns:
            list[int]: The fine label.
        """
        return [self.get_data_info(idx)['label']]

    @property
    def class_counts(self) -> np.ndarray:
        """np.ndarray: Number of clips of each fine label, shape (C,)."""
        if self.metainfo['anonymized']:
            raise ValueError(f'{self.ann_file} is anonymised: the labels of its clips are unknown.')
        return np.bincount([self.get_cat_ids(idx)[0] for idx in range(len(self))], minlength=len(self.label_set))

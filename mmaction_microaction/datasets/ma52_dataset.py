import os

import numpy as np
from mmaction.datasets import VideoDataset
from mmaction.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.loading import read_from_store
from mmaction_microaction.datasets.transforms.video_decoding import choose_decoder
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS
from mmaction_microaction.structures.annotations import identify, is_anonymised, read_annotations

from .files_present import check_files
from .frame_store import REMEDY, FrameStore
from .unreadable import ReplaceUnreadableMixin


@DATASETS.register_module()
class MA52Dataset(ReplaceUnreadableMixin, VideoDataset):
    """Micro-Action-52: clips of seated people, each with one of 52 fine labels.

    Reads the released lists as they are. A sample's label is the fine one; body parts follow through ``metainfo``:
    ``classes`` and ``body_parts`` (names), ``fine_to_coarse`` (52 body-part indices), and ``anonymised``. The attribute
    ``ann_fingerprint`` identifies the list (:class:`CheckTrainListHook`).

    The challenge's test split is anonymised: its list gives every clip the placeholder 0. It can be predicted but
    neither trained on nor scored; its samples carry the label -1. So do those of a list without labels.

    Clips that cannot be read are replaced in training, see :class:`ReplaceUnreadableMixin`.

    Args:
        ann_file (str): List of ``name.mp4 label`` lines, or a table; see ``list_rows.read_rows``. With
            ``test_mode`` it may have no labels.
        pipeline (list[dict | Callable]): Transforms.
        data_prefix (dict): ``video`` is the folder that holds the clips, or a frame store made from them (see
            ``frame_store``). With a store, the pipeline's transforms that open and decode videos are replaced by
            those that read from it, and no video is needed.
        check_videos (bool): Whether to make sure that every listed clip is there. Defaults to True.
        check_names (bool): Whether a clip's name must agree with its label, see ``read_annotations``.
            Defaults to True.
        decoder (str, optional): What decodes videos, see ``choose_decoder``: ``'pyav'`` or ``'decord'``, whatever
            the pipeline says. Defaults to None, for what the pipeline says.
        **kwargs: ``max_unreadable`` and ``unreadable_as_missing`` of :class:`ReplaceUnreadableMixin`, and those
            of MMAction2's ``VideoDataset``.

    Raises:
        FileNotFoundError: If the list, the folder or some of the clips are missing.
        ValueError: If the list is malformed, or anonymised and not in ``test_mode``; if the frame store lacks a clip
            or is damaged; or if there is no such decoder.
        ImportError: If decord is asked for and not installed.
    """

    METAINFO = dict(
        classes=tuple(action.name for action in ACTIONS),
        body_parts=BODY_PARTS,
        fine_to_coarse=tuple(FINE_TO_COARSE.tolist()),
    )

    def __init__(
        self,
        ann_file,
        pipeline,
        data_prefix=dict(video=''),
        check_videos=True,
        check_names=True,
        decoder=None,
        **kwargs,
    ):
        self.check_videos = check_videos
        self.check_names = check_names
        super().__init__(ann_file, pipeline, data_prefix=data_prefix, **kwargs)
        transforms = self.pipeline.transforms
        if os.path.isfile(self.data_prefix['video']):
            self.pipeline = Compose(read_from_store(transforms, self.data_prefix['video']))
        else:
            self.pipeline = Compose(choose_decoder(transforms, decoder))

    def load_data_list(self):
        """Read, check and summarise the list.

        Returns:
            list[dict]: Per clip, ``filename`` with the folder, ``video_id`` as it stands in the list, and ``label``.
        """
        annotations = read_annotations(self.ann_file, self.check_names, unlabelled=self.test_mode)
        anonymised = is_anonymised(annotations)
        if anonymised and not self.test_mode:
            raise ValueError(
                f'{self.ann_file} is the anonymised test split, whose labels are all the placeholder 0: it can be '
                'predicted but not trained on. Use the train or val list.'
            )
        self._metainfo['anonymised'] = anonymised

        folder = self.data_prefix['video']
        if self.check_videos:
            filenames = [annotation.filename for annotation in annotations]
            if os.path.isfile(folder):
                self._check_store(folder, filenames)
            else:
                remedy = 'unpack them there, or set data_prefix.video to where they are'
                check_files(folder, filenames, f'clips of {self.ann_file}', remedy, 'folder or frame store')
        self.ann_fingerprint = identify(self.ann_file, annotations)
        labels = np.array([annotation.label for annotation in annotations])
        print_log(
            f'{self.ann_file}: {len(labels):,} clips, '
            + ('anonymised' if anonymised else f'{len(np.unique(labels))} of {NUM_ACTIONS} actions'),
            logger='current',
        )
        return [
            dict(filename=os.path.join(folder, filename), video_id=filename, label=-1 if anonymised else label)
            for filename, label in annotations
        ]

    def _check_store(self, path, filenames):
        """Raise unless every clip is in the frame store."""
        present = FrameStore(path).names()
        missing = [number for number, name in enumerate(filenames, start=1) if name not in present]
        if missing:
            raise ValueError(
                f'{path}: {len(missing):,} of the {len(filenames):,} clips of {self.ann_file} are missing, the first '
                f'of them {filenames[missing[0] - 1]} of line {missing[0]}. {REMEDY}'
            )

    def get_cat_ids(self, idx):
        """Give the labels of a sample in the form that MMEngine's ``ClassBalancedDataset`` asks for.

        Args:
            idx (int): Index of the sample.

        Returns:
            list[int]: Its fine label.
        """
        return [self.get_data_info(idx)['label']]

    @property
    def class_counts(self):
        """np.ndarray: Number of clips per fine label, shape (52,)."""
        if self.metainfo['anonymised']:
            raise ValueError(f'{self.ann_file} is anonymised: the labels of its clips are unknown.')
        return np.bincount([self.get_cat_ids(idx)[0] for idx in range(len(self))], minlength=NUM_ACTIONS)

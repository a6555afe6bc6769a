import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from mmaction.datasets import BaseActionDataset
from mmaction.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.decoding_steps import choose_decoder
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.structures.annotations import fingerprint_list
from mmaction_microaction.structures.pro_annotations import read_pro_annotations
from mmaction_microaction.utils.messages import format_count

from .files_present import check_files
from .unreadable import ReplaceUnreadableMixin


@DATASETS.register_module()
class MA52ProDataset(ReplaceUnreadableMixin, BaseActionDataset):
    """MA-52-Pro: videos of seated people, each with an emotion and any number of micro-actions (section VI-A).

    The dataset reads lists, videos and face tracks, in this layout::

        data/ma52_pro
        ├── train.jsonl                 a line with a JSON object for each video
        ├── val.jsonl
        ├── test.jsonl
        ├── videos_train
        │   ├── 0001.mp4
        │   └── ...
        ├── videos_val
        ├── videos_test
        ├── faces_train                 optional face tracks, from microaction faces
        │   ├── 0001.json
        │   └── ...
        ├── faces_val
        └── faces_test

    A sample contains ``label``, a float tensor of shape (C,) with 1 for each action that occurs and 0 for the others;
    ``emotion``, an index; and ``face_file``, the path of its face track or None. ``metainfo`` contains
    ``label_set`` (the content of the label set), ``classes`` (names of the labels) and ``emotions`` (names).
    The attribute ``ann_fingerprint`` identifies the list.
    Videos that cannot be read are replaced in training, see :class:`ReplaceUnreadableMixin`.

    Args:
        ann_file (str): Path of the JSON Lines file, see ``data/ma52_pro/README.md``.
        pipeline (list[dict | Callable]): Transforms, or their configs.
        data_prefix (dict[str, str]): Paths of the folders of the videos, ``video``, and of the face tracks, ``faces``.
            Without ``faces``, no face tracks are read. A video without a face track in the list has no face in any
            frame; the log counts these videos.
        leave_out (Sequence[str]): Names of the body parts whose actions are not labels. The other actions keep their
            order, and ``num_classes`` of the network is their number. Table VII leaves out ``'lower limb'`` and
            ``'leg-hand'``, so that 40 actions remain. Defaults to ``()``.
        check_videos (bool): Whether to check that all videos and face tracks exist. Defaults to True.
        decoder (Literal['pyav', 'decord'], optional): Decoder of the videos, see :class:`ClipDataset`.
        **kwargs: ``max_unreadable`` and ``unreadable_as_missing`` of :class:`ReplaceUnreadableMixin`, and arguments
            of MMAction2's ``BaseActionDataset``.

    Raises:
        FileNotFoundError: If the list, a folder, or some of the files are missing.
        ValueError: If the list is malformed, or ``leave_out`` or ``decoder`` has an unknown value.
        ImportError: If ``decoder`` is ``'decord'`` and decord is not installed.
    """

    METAINFO = dict(emotions=EMOTIONS)

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_prefix: dict[str, str] = dict(video='', faces=''),
        leave_out: Sequence[str] = (),
        check_videos: bool = True,
        decoder: Literal['pyav', 'decord'] | None = None,
        **kwargs,
    ) -> None:
        try:
            self.label_set = MA52.without_groups(leave_out)
        except ValueError as error:
            raise ValueError(f'leave_out={error}.') from None
        self.check_videos = check_videos
        metainfo = dict(label_set=self.label_set.to_dict(), classes=self.label_set.names)
        metainfo.update(kwargs.pop('metainfo', None) or {})
        super().__init__(
            ann_file,
            pipeline,
            data_prefix=data_prefix,
            multi_class=True,
            num_classes=len(self.label_set),
            metainfo=metainfo,
            **kwargs,
        )
        self.pipeline = Compose(choose_decoder(self.pipeline.transforms, decoder))

    def load_data_list(self) -> list[dict]:
        """Read and check the list, and log a summary.

        Returns:
            list[dict]: For each video, ``filename`` (its path), ``video_id`` (its name in the list), ``emotion``,
            ``face_file``, and ``label`` (the indices of the actions that occur).
        """
        samples = read_pro_annotations(self.ann_file)
        self.ann_fingerprint = fingerprint_list(self.ann_file, samples, self._indices)
        videos, faces = self.data_prefix['video'], self.data_prefix.get('faces')
        tracks = [sample.faces for sample in samples if sample.faces and faces is not None]
        if self.check_videos:
            remedy = 'put them there, or set data_prefix.video to their folder'
            check_files(videos, [sample.video for sample in samples], f'videos of {self.ann_file}', remedy)
            if tracks:
                remedy = 'write them there with "microaction faces", or set data_prefix.faces to their folder'
                check_files(faces, tracks, f'face tracks of {self.ann_file}', remedy)

        class_of = {name: label for label, name in enumerate(self.label_set.names)}
        data_list = [
            dict(
                filename=os.path.join(videos, sample.video),
                video_id=sample.video,
                emotion=sample.emotion,
                face_file=os.path.join(faces, sample.faces) if sample.faces and faces is not None else None,
                label=sorted({class_of[i.action.name] for i in sample.actions if i.action.name in class_of}),
            )
            for sample in samples
        ]
        self._log_summary(data_list)
        if faces is not None and len(tracks) < len(samples):
            print_log(
                f'{self.ann_file}: {len(samples) - len(tracks):,} of {len(samples):,} videos have no face track; they '
                'count as videos without a face. "microaction faces" writes tracks.',
                logger='current',
            )
        return data_list

    def _log_summary(self, data_list) -> None:
        """Log the number of videos of each emotion, and the number of labels."""
        emotions = Counter(EMOTIONS[sample['emotion']] for sample in data_list)
        labels = Counter(label for sample in data_list for label in sample['label'])
        counts = ', '.join(f'{emotion} {emotions[emotion]:,}' for emotion in EMOTIONS)
        print_log(
            f'{self.ann_file}: {format_count(len(data_list), "video")} ({counts}) with '
            f'{format_count(sum(labels.values()), "label")} of {len(labels)} of {self.num_classes} actions',
            logger='current',
        )

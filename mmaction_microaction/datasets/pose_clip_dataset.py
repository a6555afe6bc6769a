import os
from collections.abc import Callable

from mmaction.registry import DATASETS
from mmengine.logging import print_log

from mmaction_microaction.structures.annotations import Annotation, is_anonymized
from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses, index_poses, read_poses
from mmaction_microaction.utils.messages import first_few, format_count

from .clip_dataset import ClipDataset
from .frame_store import crop_of
from .transforms.decoding_steps import is_decoder


@DATASETS.register_module()
class PoseClipDataset(ClipDataset):
    """Clips with one action each, and the poses of the people in them.

    The list of clips and their labels is that of :class:`ClipDataset`. A second file contains the poses. Besides the
    keys of :class:`ClipDataset`, a sample contains ``keypoint`` of shape (M, T, V, 2) and ``keypoint_score`` of shape
    (M, T, V), both float32, for M people, T frames and V joints; ``total_frames``, which is T; and ``img_shape`` and
    ``original_shape``, the height and width of the video. MMAction2's transforms for ``PoseDataset`` accept such
    samples.

    The videos, or a frame store, are needed only if the pipeline decodes frames. A network of poses alone needs the
    list and the poses.

    Poses are found by the name of the clip without its extension. If no name matches, the folders in the names of the
    poses are ignored.

    Args:
        ann_file (str): Path of the list, see :class:`ClipDataset`.
        pipeline (list[dict | Callable]): Transforms, or their configs. With frames, it starts with
            ``MMUniformSampleFrames`` and :class:`DecodeRGBPose`.
        pose_file (str): Path of the poses, see :func:`.read_poses`: a file of ``microaction poses``, of MA-52's
            authors, or of MMAction2's ``PoseDataset``. Poses of clips that are not in the list are ignored.
        layout (str): Name of the layout of joints to which the poses are converted, a key of :data:`.LAYOUTS`.
            Defaults to ``'ma52_28'``.
        **kwargs: Other arguments of :class:`ClipDataset`.

    Raises:
        FileNotFoundError: If the list or the poses are missing, or files that :class:`ClipDataset` needs.
        ValueError: If clips have no poses, a clip has another label in the file of the poses, that file is malformed,
            the layout is unknown, or for a reason of :class:`ClipDataset`.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        pose_file: str,
        layout: str = 'ma52_28',
        **kwargs,
    ) -> None:
        if layout not in LAYOUTS:
            raise ValueError(f'layout={layout!r}: the layouts are {", ".join(LAYOUTS)}.')
        self.pose_file = pose_file
        self.layout = layout
        super().__init__(ann_file, pipeline, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read and check the list and the poses, and log a summary.

        Returns:
            list[dict]: For each clip, the keys of :class:`ClipDataset`, ``keypoint``, ``keypoint_score``,
            ``total_frames``, ``img_shape`` and ``original_shape``.
        """
        self.check_videos = self.check_videos and any(map(is_decoder, self.pipeline.transforms))
        samples = super().load_data_list()
        folder = self.data_prefix['video']
        if self.check_videos and crop_of(folder) == 'auto':
            raise ValueError(
                f'{folder} contains cropped frames, and poses are those of whole frames: write a frame store with '
                '"microaction frames --crop none", or set data_prefix.video to the folder of the videos.'
            )
        # MMEngine serialises the samples into one array, which all workers of a data loader share.
        poses = self._find_poses(samples)
        for sample, video in zip(samples, poses):
            video = video.convert(self.layout)
            sample.update(
                keypoint=video.keypoint,
                keypoint_score=video.keypoint_score,
                total_frames=video.total_frames,
                img_shape=video.img_shape,
                original_shape=video.img_shape,
            )
        people = max(sample['keypoint'].shape[0] for sample in samples)
        without = sum(not sample['keypoint_score'].any() for sample in samples)
        print_log(
            f'{self.pose_file}: poses of {format_count(len(samples), "clip")} (people per clip: at most {people}; '
            f'clips without any joint: {without:,})',
            logger='current',
        )
        return samples

    def _find_poses(self, samples) -> list[Poses]:
        """Return the poses of each sample, and check that their labels agree."""
        by_name = {name: video for name, video in index_poses(read_poses(self.pose_file)).items() if video.total_frames}
        names = [os.path.splitext(sample['video_id'])[0] for sample in samples]
        if by_name.keys().isdisjoint(names):
            by_base_name = {os.path.basename(name): video for name, video in by_name.items()}
            by_name = by_base_name if len(by_base_name) == len(by_name) else by_name
        missing = [name for name in names if name not in by_name]
        if missing:
            example = f' (the first of its {len(by_name):,} names is {next(iter(by_name))})' if by_name else ''
            raise ValueError(
                f'{self.pose_file}: {len(missing):,} of the {len(names):,} clips of {self.ann_file} have no poses'
                f'{example}: {first_few(missing)}. Estimate them with "microaction poses", or set pose_file to the '
                'poses of this list.'
            )
        poses = [by_name[name] for name in names]
        self._check_labels(samples, poses)
        return poses

    def _check_labels(self, samples, poses):
        """Raise an error if a clip has another label in the file of the poses, unless one of them is a placeholder."""
        # A test file of the authors has the placeholder 0 everywhere.
        if is_anonymized([Annotation(f'{video.frame_dir}.mp4', video.label) for video in poses], self.label_set):
            return
        differing = [
            f'{sample["video_id"]} ({sample["label"]} and {video.label})'
            for sample, video in zip(samples, poses)
            if -1 not in (sample['label'], video.label) and sample['label'] != video.label
        ]
        if differing:
            raise ValueError(
                f'{len(differing):,} of the {len(samples):,} clips have one label in {self.ann_file} and another in '
                f'{self.pose_file}: {first_few(differing)}. Correct one of the files; the label -1 in the file of the '
                'poses means unknown.'
            )

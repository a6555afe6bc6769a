"""Transforms that decode only the sampled frames of a video: the same frames as decord's, in about half of its time."""

from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from mmaction_microaction.video.sparse_decoding import decode, open_video

from .frame_store_decoding import order_frames


@TRANSFORMS.register_module()
class SparsePyAVInit(BaseTransform):
    """Open a video with PyAV, instead of ``DecordInit``.

    Required keys: ``filename``. Added keys: ``total_frames``, ``avg_fps`` and ``video_reader``.
    """

    def transform(self, results: dict) -> dict:
        """Add the open video to a sample.

        Args:
            results (dict): Sample with ``filename``.

        Returns:
            dict: The same sample with the added keys.
        """
        video = open_video(results['filename'])
        results['video_reader'] = video
        results['total_frames'], results['avg_fps'] = video.num_frames, video.fps
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class SparsePyAVDecode(BaseTransform):
    """Decode the sampled frames of a video, instead of ``DecordDecode``.

    Frames that no later frame refers to are skipped, about half of them in the real clips, and only the sampled frames
    are converted to RGB. MMAction2's ``PyAVDecode`` converts every frame, so it is no faster than decord, and it does
    not rotate videos that are stored on their side. Its ``OpenCVDecode`` takes three times as long. decord returns some
    frames of AVI files, and of videos with open groups of pictures, at wrong indices; this transform does not.

    Required keys: ``frame_inds``, and ``video_reader`` from :class:`SparsePyAVInit`. Added keys: ``imgs``, a list of
    RGB frames of shape (H, W, 3), and ``img_shape`` and ``original_shape``, both (H, W).
    """

    def transform(self, results: dict) -> dict:
        """Add the frames to a sample.

        Args:
            results (dict): Sample with ``frame_inds`` and ``video_reader``.

        Returns:
            dict: The same sample with the added keys.

        Raises:
            ValueError: If a sampled frame cannot be decoded.
        """
        video = results.pop('video_reader')
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        indices = results['frame_inds'].tolist()
        results['imgs'] = order_frames(dict(decode(video, indices)), indices)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform


@TRANSFORMS.register_module()
class AddFlippedViews(BaseTransform):
    """Add a mirrored copy of every view of a test clip, so that the head averages the scores of both.

    Place it before ``FormatShape``. It may follow the crops of ``ThreeCrop``, and several clips of the sampling.
    MMAction2's ``TenCrop`` is the only transform of its own with mirrored views, of crops that leave out the borders.

    Modified keys: ``imgs``, a list of M frames of shape (H, W, C), which is twice as long after it.
    """

    def transform(self, results: dict) -> dict:
        """Extend the frames of a sample.

        Args:
            results (dict): Sample with ``imgs``.

        Returns:
            dict: The same sample with 2 M frames, the mirrored ones last.

        Raises:
            ValueError: If the sample contains keypoints, which would not be mirrored.
        """
        if 'keypoint' in results:
            raise ValueError('AddFlippedViews does not mirror keypoints; remove it from the pipeline')
        frames = list(results['imgs'])
        results['imgs'] = frames + [np.ascontiguousarray(frame[:, ::-1]) for frame in frames]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class SubtractMeanFrame(BaseTransform):
    """Subtract the mean frame of a clip from each frame, so that only motion remains.

    The room, the clothes and the resting posture fill most of a frame and do not depend on the action. A network that
    is trained for only minutes does not learn to ignore them. Place it after the decoder: the mean is over the sampled
    frames.

    Modified keys: ``imgs``, a list of T frames of shape (H, W, C), from any data type to signed float32. Set the
    ``mean`` of the data preprocessor to zero, and its ``std`` to the standard deviation of the differences.
    """

    def transform(self, results: dict) -> dict:
        """Replace the frames of a sample.

        Args:
            results (dict): Sample with ``imgs``.

        Returns:
            dict: The same sample with modified ``imgs``.
        """
        frames = np.stack(results['imgs']).astype(np.float32)
        results['imgs'] = list(frames - frames.mean(axis=0))
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'

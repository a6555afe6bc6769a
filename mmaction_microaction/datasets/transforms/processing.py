import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform


@TRANSFORMS.register_module()
class SubtractMeanFrame(BaseTransform):
    """Subtract the mean of a clip's frames from each of them: what stands still becomes zero, only motion remains.

    Room, clothes and resting posture are most of what a frame shows and say nothing about the action; a network that is
    trained for minutes does not learn to ignore them, and need not. Place it after the decoding, so that the mean is
    over the sampled frames.

    Reads and writes ``imgs``, a list of T frames of shape (H, W, C): any type in, float32 of either sign out. Set the
    ``mean`` of the data preprocessor to zero, and ``std`` to the size of the differences.
    """

    def transform(self, results):
        """Replace the frames.

        Args:
            results (dict): With ``imgs``.

        Returns:
            dict: The same, with other ``imgs``.
        """
        frames = np.stack(results['imgs']).astype(np.float32)
        results['imgs'] = list(frames - frames.mean(axis=0))
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'

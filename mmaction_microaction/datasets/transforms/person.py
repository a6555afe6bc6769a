import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from mmaction_microaction.poses.person_box import crop_box, person_boxes
from mmaction_microaction.structures.poses import Poses


@TRANSFORMS.register_module()
class CropToPerson(BaseTransform):
    """Crop the frames of a clip to its largest person, in the proportions of MA-52: 5 wide, 6 high.

    The box is the one to which ``microaction demo --crop person`` crops, see :func:`.person_boxes`, and the same in all
    frames. Parts outside the frames are black. Place it after :class:`DecodeRGBPose`, or after another decoder if its
    frames have the size of the video from which the keypoints were estimated. A clip without a person whose shoulders
    are seen is not cropped.

    Required keys: ``imgs``, a list of frames of shape (H, W, 3), ``keypoint`` of shape (M, T, V, 2) in pixels of these
    frames, and ``keypoint_score`` of shape (M, T, V). Modified keys: ``imgs``, ``img_shape`` and ``keypoint``.

    Args:
        layout (str): Name of the layout of the keypoints, a key of :data:`.LAYOUTS`. Defaults to ``'ma52_28'``.
    """

    def __init__(self, layout: str = 'ma52_28') -> None:
        self.layout = layout

    def transform(self, results: dict) -> dict:
        """Crop the frames of a sample, and move its keypoints.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with the modified keys.
        """
        shape = results['imgs'][0].shape[:2]
        name = str(results.get('video_id', results.get('filename', '')))
        poses = Poses(name, shape, results['keypoint'], results['keypoint_score'], layout=self.layout)
        try:
            box = person_boxes(poses, moving=False)[0]
        except ValueError:  # no shoulders
            return results
        results['imgs'] = [crop_box(image, box) for image in results['imgs']]
        results['img_shape'] = results['imgs'][0].shape[:2]
        detected = results['keypoint_score'][..., None] > 0
        results['keypoint'] = np.where(detected, results['keypoint'] - box[:2].astype(np.float32), np.float32(0))
        return results

    def __repr__(self):
        return f'{type(self).__name__}(layout={self.layout!r})'

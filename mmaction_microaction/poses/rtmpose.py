"""RTMPose, the pose estimator of OpenMMLab, run by the package ``rtmlib``."""

import sys
from contextlib import redirect_stdout

import numpy as np

from mmaction_microaction.structures.pose_layouts import COCO17


class RTMPose:
    """Pose estimator that finds the people in each frame anew.

    YOLOX detects people and RTMPose locates their joints: the networks of ``rtmlib.Body`` in its mode ``balanced``.
    ``rtmlib`` downloads their weights at the first use.

    Attributes:
        layout (str): Name of the layout of the joints.

    Raises:
        ImportError: If the package ``rtmlib`` or ONNX Runtime is not installed.
        OSError: If the weights have to be downloaded and cannot be.
    """

    layout = COCO17.name

    def __init__(self) -> None:
        try:
            import onnxruntime  # noqa: F401  (rtmlib imports it later, when it opens a network)
            from rtmlib import Body
        except ImportError as error:
            raise ImportError(
                f'the detector rtmlib needs other packages ({error}): pip install --no-deps rtmlib; '
                'pip install onnxruntime tqdm'
            ) from None
        with redirect_stdout(sys.stderr):  # rtmlib prints the path of each network.
            body = Body(mode='balanced', backend='onnxruntime', device='cpu')
        self._detector, self._joints = body.det_model, body.pose_model

    def reset(self) -> None:
        """Do nothing, since this estimator does not remember previous frames."""

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of the people in a frame.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.

        Returns:
            tuple[np.ndarray, np.ndarray]: Coordinates in pixels, shape (N, 17, 2), and scores from 0 to 1, shape
            (N, 17), of the N people that were found.
        """
        # YOLOX was trained on BGR images, and RTMPose on RGB images. rtmlib converts neither:
        # https://github.com/Tau-J/rtmlib/issues/48
        boxes = self._detector(np.ascontiguousarray(image[..., ::-1]))
        if not len(boxes):  # rtmlib would take the whole image for a person.
            return np.zeros((0, 17, 2)), np.zeros((0, 17))
        points, scores = self._joints(image, bboxes=boxes)
        return points, np.clip(scores, 0, 1)  # The peaks of RTMPose's two curves can exceed 1.

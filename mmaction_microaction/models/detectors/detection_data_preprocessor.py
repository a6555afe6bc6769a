from collections.abc import Sequence

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor


@MODELS.register_module()
class DetectionDataPreprocessor(BaseDataPreprocessor):
    """Data preprocessor of detectors: it moves a batch to the device of the network, and normalises frames.

    Videos of a batch have different lengths, so they stay a list. Features, of shape (T, C), are converted to the
    default type. Frames, of shape (T, 3, H, W), are converted and normalised.

    Args:
        mean (Sequence[float], optional): Mean of the pixels per channel. Defaults to None: frames are not normalised.
        std (Sequence[float], optional): Standard deviation of the pixels per channel. Defaults to None.

    Raises:
        ValueError: If only one of ``mean`` and ``std`` is set.
    """

    def __init__(self, mean: Sequence[float] | None = None, std: Sequence[float] | None = None) -> None:
        super().__init__()
        if (mean is None) != (std is None):
            raise ValueError('set both mean and std of the data_preprocessor, or neither')
        self.normalizes = mean is not None
        if self.normalizes:
            self.register_buffer('mean', torch.tensor(mean).view(-1, 1, 1), persistent=False)
            self.register_buffer('std', torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data (dict): ``inputs``, a list of features or frames of each video, and ``data_samples``.
            training (bool): Ignored. Defaults to False.

        Returns:
            dict: The batch with the prepared inputs.
        """
        data = self.cast_data(data)
        return {**data, 'inputs': [self.prepare(video) for video in data['inputs']]}

    def prepare(self, video: torch.Tensor) -> torch.Tensor:
        """Convert and normalise the features or frames of one video.

        Args:
            video (torch.Tensor): Features, shape (T, C), or frames, shape (T, 3, H, W).

        Returns:
            torch.Tensor: The same, of the default type.
        """
        video = video.to(torch.get_default_dtype())
        return (video - self.mean) / self.std if self.normalizes and video.dim() == 4 else video

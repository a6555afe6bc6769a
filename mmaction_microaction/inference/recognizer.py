"""A trained network as a function from packed frames to scores."""

import torch
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import load_checkpoint

from mmaction_microaction.taxonomy import NUM_ACTIONS


class Recognizer:
    """A network of MMAction2 or of this package, with its weights.

    Attributes:
        pipeline (list[dict]): Its config's test pipeline.

    Args:
        config (str | Path | Config): Its config.
        checkpoint (str | Path): Its weights.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best there is.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config is of no recognizer of the 52 actions, or the weights are those of another network.
    """

    def __init__(self, config, checkpoint, device=None):
        config = config if isinstance(config, Config) else Config.fromfile(config)
        if 'model' not in config or 'test_dataloader' not in config:
            raise ValueError(f'{config.filename} is no config of a network with a test_dataloader; give a whole config')
        self.pipeline = config.test_dataloader.dataset.pipeline
        self.model = init_recognizer(config, device='cpu')
        if self.model.cls_head.num_classes != NUM_ACTIONS:
            raise ValueError(
                f'{config.filename}: the network has {self.model.cls_head.num_classes} classes, not the {NUM_ACTIONS} '
                'micro-actions; set num_classes of its head, and train it'
            )
        try:
            load_checkpoint(self.model, str(checkpoint), map_location='cpu', strict=True, logger='silent')
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ValueError(f'{checkpoint} does not fit {config.filename}: {reason}') from None
        self.model.to(device or get_device())

    @torch.inference_mode()
    def __call__(self, inputs):
        """Score a batch.

        Args:
            inputs (torch.Tensor): What the pipeline packs, N of them stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, 52).
        """
        samples = [ActionDataSample() for _ in inputs]
        samples = self.model.test_step(dict(inputs=list(inputs), data_samples=samples))
        return torch.stack([sample.pred_score for sample in samples]).float().cpu().numpy()

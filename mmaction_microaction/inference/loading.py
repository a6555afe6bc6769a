"""Opens a network from a config and a checkpoint, or from an ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.config import Config

if TYPE_CHECKING:
    from .onnx_model import OnnxRecognizer
    from .recognizer import TorchRecognizer


def load_recognizer(
    model: str | Path | Config, checkpoint: str | Path | None = None, device: str | None = None
) -> 'TorchRecognizer | OnnxRecognizer':
    """Open a network.

    Args:
        model (str | Path | Config): Config of the network, or an ``.onnx`` file written by ``microaction export``.
        checkpoint (str | Path, optional): Weights of the network. Required for a config, not allowed for an ``.onnx``
            file.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best available device; for an
            ``.onnx`` file, the CPU.

    Returns:
        TorchRecognizer | OnnxRecognizer: The network.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the checkpoint is missing or not allowed, or the files do not fit.
    """
    if str(model).endswith('.onnx'):
        if checkpoint is not None:
            raise ValueError(f'{model} is a whole network with its weights; leave out {checkpoint}')
        from .onnx_model import OnnxRecognizer

        return OnnxRecognizer(model, device or 'cpu')
    from .recognizer import TorchRecognizer

    if checkpoint is None:
        raise ValueError(f'{model} needs a checkpoint with its weights; only an .onnx file includes them')
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f'{checkpoint}: no such checkpoint')
    return TorchRecognizer(model, checkpoint, device)

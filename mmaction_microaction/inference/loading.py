"""Opens a recognizer or a detector from a config and a checkpoint, or from an ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.config import Config

from mmaction_microaction.utils.paths import find_guide

SHIPPED_NETWORK = Path(__file__).parent / 'networks' / 'rendered_people.onnx'
"""Network that the package contains: it sees the joints of a person, and was trained on rendered people only, see
``docs/model_card.md``."""
ORIGIN = 'trained on rendered people, not on MA-52 or other real people'
"""On what :data:`SHIPPED_NETWORK` was trained."""

if TYPE_CHECKING:
    from .detector import OnnxDetector, TorchDetector
    from .onnx_model import OnnxRecognizer
    from .recognizer import TorchRecognizer


def describe_shipped_network() -> str:
    """Return what users of :data:`SHIPPED_NETWORK` should know, in one line."""
    return f'network of the package, {ORIGIN}; {find_guide("docs/model_card.md")} says what to expect'


def load_network(
    model: str | Path | Config | None = None, checkpoint: str | Path | None = None, device: str | None = None
) -> 'TorchRecognizer | OnnxRecognizer | TorchDetector | OnnxDetector':
    """Open a network.

    Args:
        model (str | Path | Config, optional): Config of the network, or an ``.onnx`` file written by
            ``microaction export``. Defaults to None: :data:`SHIPPED_NETWORK`.
        checkpoint (str | Path, optional): Weights of the network. Required for a config, not allowed for an ``.onnx``
            file.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … or, for an ``.onnx`` file, ``'openvino'``. Defaults to None:
            the best available device; for an ``.onnx`` file, the CPU with ONNX Runtime.

    Returns:
        TorchRecognizer | OnnxRecognizer | TorchDetector | OnnxDetector: The network.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the checkpoint is missing or not allowed, the files do not fit, or the device cannot run them.
    """
    if model is None:
        if checkpoint is not None:
            raise ValueError(
                f'{checkpoint} needs the config of its network as the model; without both, the network of '
                'the package is used'
            )
        model = SHIPPED_NETWORK
    if str(model).endswith('.onnx'):
        if checkpoint is not None:
            raise ValueError(f'{model} is a whole network with its weights; leave out {checkpoint}')
        from .detector import OnnxDetector
        from .onnx_model import OnnxRecognizer, is_detector_file

        return (OnnxDetector if is_detector_file(model) else OnnxRecognizer)(model, device or 'cpu')
    from .detector import TorchDetector, describes_detector
    from .recognizer import TorchRecognizer, read_config

    if checkpoint is None:
        raise ValueError(f'{model} needs a checkpoint with its weights; only an .onnx file includes them')
    if device == 'openvino':
        raise ValueError(
            'the device openvino runs exported networks only; write one with "microaction export CONFIG CHECKPOINT '
            '--out network.onnx", and use network.onnx as the model'
        )
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f'{checkpoint}: no such checkpoint')
    config = model if isinstance(model, Config) else read_config(model)
    return (TorchDetector if describes_detector(config) else TorchRecognizer)(config, checkpoint, device)

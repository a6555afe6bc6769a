"""Networks to choose from on the page."""

from collections.abc import Sequence
from pathlib import Path

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.loading import SHIPPED_NETWORK


def load_models(models: Sequence[Sequence[str]], device: str | None = None) -> dict[str, MicroActionInferencer]:
    """Open networks.

    Args:
        models (Sequence[Sequence[str]]): Files of each network: config and checkpoint, or an ``.onnx`` file alone. No
            file is the network of the package.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … or, for ``.onnx`` files, ``'openvino'``. Defaults to None:
            the best available device; for an ``.onnx`` file, the CPU with ONNX Runtime.

    Returns:
        dict[str, MicroActionInferencer]: Networks by the names of their files, without folders and suffixes.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If config and weights do not fit.
    """
    loaded = {}
    for files in models:
        base = ', '.join(Path(file).stem for file in files or [SHIPPED_NETWORK])
        name, count = base, 1
        while name in loaded:
            count += 1
            name = f'{base} ({count})'
        loaded[name] = MicroActionInferencer(*files, device=device, person='all')
    return loaded

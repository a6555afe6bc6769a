"""The networks that the page offers."""

from pathlib import Path

from mmaction_microaction.inference import MicroActionInferencer


def load_models(models, device=None):
    """Open networks.

    Args:
        models (list[list[str]]): For each a config and a checkpoint, or an ``.onnx`` file alone.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best there is; for an ``.onnx``, the
            CPU.

    Returns:
        dict[str, MicroActionInferencer]: By names that tell no folder: of the config and of the checkpoint.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If config and weights do not fit.
    """
    loaded = {}
    for files in models:
        base = ', '.join(Path(file).stem for file in files)
        name, number = base, 1
        while name in loaded:
            number += 1
            name = f'{base} ({number})'
        loaded[name] = MicroActionInferencer(*files, device=device)
    return loaded

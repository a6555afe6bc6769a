"""A network exported to ONNX, on its own: neither config nor checkpoint is needed."""

import json
from pathlib import Path

import numpy as np

PIPELINE, CLASSES, CONFIG, VERSION = 'pipeline', 'classes', 'config', 'mmaction_microaction'
"""What ``tools/export.py`` writes into the metadata of a file, each as text; the first two are JSON."""


class OnnxRecognizer:
    """A network that ``tools/export.py`` wrote, run by ONNX Runtime.

    Attributes:
        pipeline (list[dict]): The test pipeline of its config, which makes its input from a video.
        classes (list[str]): Names of the 52 actions, in the order of the scores.
        config (str): Name of its config.
        shape (tuple[int]): Of a clip as the pipeline packs it: (M, 3, H, W) for 2D networks, (M, 3, T, H, W) for 3D
            ones, M frames or views.

    Args:
        path (str | Path): The ``.onnx`` file.
        device (str): ``'cpu'``, ``'cuda'`` or, of several, ``'cuda:1'``. Defaults to ``'cpu'``.
        num_threads (int): On the CPU; 0 lets ONNX Runtime choose. Defaults to 0.

    Raises:
        ImportError: If ONNX Runtime is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If it is no file of ``tools/export.py``, or this ONNX Runtime cannot use the device.
    """

    def __init__(self, path, device='cpu', num_threads=0):
        onnxruntime = _import_onnxruntime()
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise FileNotFoundError(f'{path}: no such ONNX file')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 3  # errors
        provider, provider_options = _provider(onnxruntime, device)
        try:
            self._session = onnxruntime.InferenceSession(str(self.path), options, [(provider, provider_options)])
        except Exception as error:  # ONNX Runtime's exceptions share no class
            reason = str(error).strip().split('\n')[0]
            raise ValueError(f'{path} cannot be loaded as an ONNX file: {reason}') from None
        if provider not in self._session.get_providers():
            raise ValueError(f'{device}: ONNX Runtime cannot start CUDA; its log above says which library it misses')
        metadata = self._session.get_modelmeta().custom_metadata_map
        missing = [key for key in (PIPELINE, CLASSES, CONFIG, VERSION) if key not in metadata]
        if missing:
            raise ValueError(f'{path} lacks the metadata {", ".join(missing)}: write it with tools/export.py')
        self.pipeline = load_pipeline(metadata[PIPELINE])
        self.classes = json.loads(metadata[CLASSES])
        self.config = metadata[CONFIG]
        self.shape = tuple(self._session.get_inputs()[0].shape[1:])

    def __call__(self, inputs):
        """Score a batch.

        Args:
            inputs (np.ndarray | torch.Tensor): N clips as the pipeline packs them, stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, 52), float32.

        Raises:
            ValueError: If the shape is another.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.shape[1:] != self.shape or not len(inputs):
            expected = ', '.join(map(str, ('N', *self.shape)))
            raise ValueError(
                f'{self.path} takes inputs of shape ({expected}), as its pipeline packs them; got {inputs.shape}'
            )
        return self._session.run(None, {'inputs': inputs})[0]


def load_pipeline(text):
    """Read a pipeline from JSON.

    Args:
        text (str): JSON.

    Returns:
        list[dict]: The pipeline.
    """
    return [_with_tuples(step) for step in json.loads(text)]


def _with_tuples(value):
    """Turn lists of numbers into tuples: MMAction2's transforms insist on them, and JSON has none."""
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        items = map(_with_tuples, value)
        return list(items) if any(isinstance(item, (dict, str)) for item in value) else tuple(items)
    return value


def _import_onnxruntime():
    try:
        import onnxruntime
    except ImportError:
        raise ImportError('ONNX files are run by ONNX Runtime: pip install onnxruntime, or onnxruntime-gpu') from None
    return onnxruntime


def _provider(onnxruntime, device):
    """Give ONNX Runtime's name of a device, and its options."""
    kind, _, number = str(device).partition(':')
    if kind not in ('cpu', 'cuda') or not (number or '0').isdigit():
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:1', got {device!r}")
    if kind == 'cpu':
        return 'CPUExecutionProvider', {}
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        raise ValueError(f'{device}: this ONNX Runtime is for the CPU; install onnxruntime-gpu in its place')
    return 'CUDAExecutionProvider', {'device_id': number or '0'}

"""A network exported to ONNX, on its own: neither config nor checkpoint is needed."""

from pathlib import Path

import numpy as np

from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .stored_pipeline import load_pipeline

PIPELINE, CLASSES, CONFIG, VERSION = 'pipeline', 'classes', 'config', 'mmaction_microaction'
"""What ``tools/export.py`` writes into the metadata of a file, each as text; the first two are JSON."""
MAX_FILE = 2**31 - 1
"""Bytes; Protocol Buffers hold no more."""
MAX_METADATA = 2**20
"""Characters of a piece of metadata; those of this project's networks have 3,000 at most."""


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
        ImportError: If ONNX Runtime or onnx is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If it is no file of ``tools/export.py``, its metadata or its graph ask for more than such a file may
            (see :mod:`.stored_pipeline` and :mod:`.stored_graph`), or this ONNX Runtime cannot use the device.
    """

    def __init__(self, path, device='cpu', num_threads=0):
        onnxruntime = _import_onnxruntime()
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise FileNotFoundError(f'{path}: no such ONNX file')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 3  # errors
        options.add_session_config_entry('session.load_model_format', 'ONNX')  # and no other that the bytes may be too
        provider, provider_options = _provider(onnxruntime, device)
        try:
            self._graph = _import_stored_graph()(read_limited(self.path, MAX_FILE, 'an ONNX file'))
        except ValueError as error:
            raise ValueError(
                f'{path} cannot be loaded as an ONNX file: {error}. Write it with tools/export.py'
            ) from None
        metadata = self._graph.metadata
        missing = [key for key in (PIPELINE, CLASSES, CONFIG, VERSION) if key not in metadata]
        if missing:
            raise ValueError(f'{path} lacks the metadata {", ".join(missing)}: write it with tools/export.py')
        too_long = [key for key in (PIPELINE, CLASSES, CONFIG, VERSION) if len(metadata[key]) > MAX_METADATA]
        if too_long:
            raise ValueError(f'{path} has more than {MAX_METADATA:,} characters of metadata in {", ".join(too_long)}')
        try:
            self.pipeline = load_pipeline(metadata[PIPELINE])
            content = self._graph.read()
            self.classes = _load_classes(metadata[CLASSES], self._graph.num_scores)
        except ValueError as error:
            raise ValueError(f'{path} is refused: {error}. Write it with tools/export.py') from None
        try:
            self._session = onnxruntime.InferenceSession(content, options, [(provider, provider_options)])
        except Exception as error:  # ONNX Runtime's exceptions share no class
            reason = str(error).strip().split('\n')[0]
            raise ValueError(f'{path} cannot be loaded as an ONNX file: {reason}') from None
        if provider not in self._session.get_providers():
            raise ValueError(f'{device}: ONNX Runtime cannot start CUDA; its log above says which library it misses')
        self.shape, self.config = self._graph.shape, metadata[CONFIG]

    def __call__(self, inputs):
        """Score a batch.

        Args:
            inputs (np.ndarray | torch.Tensor): N clips as the pipeline packs them, stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, 52), float32.

        Raises:
            ValueError: If the shape is another, a batch takes too much memory, or ONNX Runtime fails.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.shape[1:] != self.shape or not len(inputs):
            expected = ', '.join(map(str, ('N', *self.shape)))
            raise ValueError(
                f'{self.path} takes inputs of shape ({expected}), as its pipeline packs them; got {inputs.shape}'
            )
        try:
            self._graph.check(len(inputs))
        except ValueError as error:
            raise ValueError(f'{self.path} is not run on {len(inputs)} clips: {error}') from None
        try:
            return self._session.run(None, {'inputs': inputs})[0]
        except Exception as error:  # ONNX Runtime's exceptions share no class
            reason = str(error).strip().split('\n')[0]
            raise ValueError(f'{self.path} cannot be run by ONNX Runtime: {reason}') from None


def _load_classes(text, num_scores):
    """Read the names of the classes from JSON; a ValueError if they are not a name for each score."""
    classes = parse_json(text)
    if not (isinstance(classes, list) and all(isinstance(name, str) and 0 < len(name) <= 200 for name in classes)):
        raise ValueError(f'its {CLASSES} are no list of names of up to 200 characters')
    if len(classes) != num_scores:
        raise ValueError(f'it names {len(classes)} {CLASSES} for {num_scores} scores')
    return classes


def _import_onnxruntime():
    try:
        import onnxruntime
    except ImportError:
        raise ImportError('ONNX files are run by ONNX Runtime: pip install onnxruntime, or onnxruntime-gpu') from None
    return onnxruntime


def _import_stored_graph():
    try:
        from .stored_graph import StoredGraph
    except ImportError as error:
        raise ImportError(f'ONNX files are checked by the package onnx ({error}): pip install onnx') from None
    return StoredGraph


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

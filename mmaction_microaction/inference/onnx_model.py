"""Runs a network exported to ONNX, which needs neither its config nor its checkpoint."""

from pathlib import Path

import numpy as np
import torch

from mmaction_microaction.inference.onnx_safety.pipeline import load_pipeline
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.untrusted import parse_json, read_limited

PIPELINE, CLASSES, CONFIG, VERSION = 'pipeline', 'classes', 'config', 'mmaction_microaction'
"""Keys of the metadata that ``microaction export`` writes. Pipeline and classes are JSON, the others plain text."""
LABEL_SET = 'label_set'
"""Key of the label set, JSON, which older files lack. Those have only the names of the actions, ``classes``."""
MAX_FILE = 2**31 - 1
"""Largest file in bytes, which is the limit of Protocol Buffers."""
MAX_METADATA = 2**20
"""Largest number of characters of a metadata entry. A label set of 52 actions has 6,000."""
MAX_LABEL_SET = 2**21
"""Largest number of characters of a label set. One of 10,000 actions with all details has 1.3 million."""


class OnnxRecognizer:
    """A network exported by ``microaction export``, run by ONNX Runtime.

    A file from a stranger runs no code and takes no more memory than its size justifies, see :mod:`.onnx_safety`.

    Attributes:
        path (Path): Path of the file.
        pipeline (list[dict]): Test pipeline of the config, which makes the input of the network from a video.
        label_set (LabelSet): Label set of the scores.
        config (str): Name of the config.
        shape (tuple[int, ...]): Shape of a clip as the pipeline packs it: (M, 3, H, W) for 2D networks, (M, 3, T, H, W)
            for 3D networks, with M frames or views.

    Args:
        path (str | Path): Path of the ``.onnx`` file.
        device (str): ``'cpu'``, ``'cuda'``, or ``'cuda:1'`` for one of several GPUs. Defaults to ``'cpu'``.
        num_threads (int): Number of CPU threads; 0 leaves the choice to ONNX Runtime. Defaults to 0.

    Raises:
        ImportError: If ONNX Runtime or onnx is not installed.
        FileNotFoundError: If the file is missing.
        ValueError: If ``microaction export`` did not write the file, a check of :mod:`.onnx_safety` rejects it, or this
            installation of ONNX Runtime does not support the device.
    """

    path: Path
    pipeline: list[dict]
    label_set: LabelSet
    config: str
    shape: tuple[int, ...]

    def __init__(self, path: str | Path, device: str = 'cpu', num_threads: int = 0) -> None:
        onnxruntime = _import_onnxruntime()
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise FileNotFoundError(f'{path}: no such ONNX file')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 3  # errors
        # The same bytes may also be valid in ONNX Runtime's own format, which is not checked.
        options.add_session_config_entry('session.load_model_format', 'ONNX')
        provider, provider_options = _provider(onnxruntime, device)
        content = self._check()
        try:
            self._session = onnxruntime.InferenceSession(content, options, [(provider, provider_options)])
        except Exception as error:  # ONNX Runtime's exceptions have no common class
            raise ValueError(f'{path} cannot be loaded as an ONNX file: {_first_line(error)}') from None
        if provider not in self._session.get_providers():
            raise ValueError(f'{device}: ONNX Runtime cannot start CUDA; its log above names the missing library')

    def _check(self):
        """Check the file and read its metadata; return its content for ONNX Runtime."""
        graph_class = _import_untrusted_graph()
        try:
            self._graph = graph_class(read_limited(self.path, MAX_FILE, 'an ONNX file'))
        except ValueError as error:
            raise ValueError(
                f'{self.path} cannot be loaded as an ONNX file: {error}. Write it with "microaction export"'
            ) from None
        metadata = self._graph.metadata
        keys = (PIPELINE, CLASSES, CONFIG, VERSION)
        missing = [key for key in keys if key not in metadata]
        if missing:
            raise ValueError(f'{self.path} lacks the metadata {", ".join(missing)}: write it with "microaction export"')
        for key in (*keys, LABEL_SET):
            limit = MAX_LABEL_SET if key == LABEL_SET else MAX_METADATA
            if len(metadata.get(key, '')) > limit:
                raise ValueError(f'{self.path} has more than {limit:,} characters of metadata in {key}')
        try:
            self.pipeline = load_pipeline(metadata[PIPELINE])
            content = self._graph.check()
            self.label_set = _load_label_set(metadata, self._graph.num_scores)
        except ValueError as error:
            raise ValueError(f'{self.path} is refused: {error}. Write it with "microaction export"') from None
        self.shape, self.config = self._graph.shape, metadata[CONFIG]
        return content

    def __call__(self, inputs: np.ndarray | torch.Tensor) -> np.ndarray:
        """Score a batch of clips.

        Args:
            inputs (np.ndarray | torch.Tensor): N clips as the pipeline packs them, stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, C), float32.

        Raises:
            ValueError: If the inputs have another shape, the batch takes too much memory, or ONNX Runtime fails.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.shape[1:] != self.shape or not len(inputs):
            expected = ', '.join(map(str, ('N', *self.shape)))
            raise ValueError(
                f'{self.path} expects inputs of shape ({expected}), as its pipeline packs them; got {inputs.shape}'
            )
        try:
            self._graph.check_batch(len(inputs))
        except ValueError as error:
            raise ValueError(f'{self.path} is not run on {len(inputs)} clips: {error}') from None
        try:
            return self._session.run(None, {'inputs': inputs})[0]
        except Exception as error:  # ONNX Runtime's exceptions have no common class
            raise ValueError(f'{self.path} cannot be run by ONNX Runtime: {_first_line(error)}') from None


def _first_line(error):
    return str(error).strip().split('\n')[0]


def _load_label_set(metadata, num_scores):
    """Parse the label set from JSON; a ValueError unless it has one action for each score."""
    names = parse_json(metadata[CLASSES])
    if LABEL_SET in metadata:
        label_set = LabelSet.from_dict(parse_json(metadata[LABEL_SET]), 'its label set')
        if names != list(label_set.names):
            raise ValueError(f'its {CLASSES} are not the names of its label set {label_set.name}')
    elif names == list(MA52.names):
        label_set = MA52
    else:
        label_set = LabelSet.from_dict({'actions': names}, f'its {CLASSES}')
    if len(label_set) != num_scores:
        raise ValueError(f'it names {len(label_set)} {CLASSES} for {num_scores} scores')
    return label_set


def _import_onnxruntime():
    try:
        import onnxruntime
    except ImportError:
        raise ImportError('ONNX files need ONNX Runtime: pip install onnxruntime, or onnxruntime-gpu') from None
    return onnxruntime


def _import_untrusted_graph():
    try:
        from mmaction_microaction.inference.onnx_safety.graph import UntrustedGraph
    except ImportError as error:
        raise ImportError(f'checking ONNX files needs the package onnx ({error}): pip install onnx') from None
    return UntrustedGraph


def _provider(onnxruntime, device):
    """Return ONNX Runtime's name of a device, and its options."""
    kind, _, index = str(device).partition(':')
    if kind not in ('cpu', 'cuda') or not (index or '0').isdigit():
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:1', got {device!r}")
    if kind == 'cpu':
        return 'CPUExecutionProvider', {}
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        raise ValueError(
            f'{device}: this installation of ONNX Runtime supports only the CPU; install onnxruntime-gpu instead'
        )
    return 'CUDAExecutionProvider', {'device_id': index or '0'}

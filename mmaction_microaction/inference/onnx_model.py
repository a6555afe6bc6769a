"""Runs a network exported to ONNX, which needs neither its config nor its checkpoint."""

from pathlib import Path

import numpy as np
import torch

from mmaction_microaction.inference.onnx_safety.pipeline import load_pipeline
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .crops import Crop, find_trained_crop
from .onnx_session import open_session

PIPELINE, CLASSES, CONFIG, VERSION = 'pipeline', 'classes', 'config', 'mmaction_microaction'
"""Keys of the metadata that ``microaction export`` writes. Pipeline and classes are JSON, the others plain text."""
LABEL_SET = 'label_set'
"""Key of the label set, JSON, which older files lack. Those have only the names of the actions, ``classes``."""
POSE_LAYOUT = 'pose_layout'
"""Key of the layout of the joints, plain text. Networks that see frames lack it."""
CROP = 'crop'
"""Key of how the clips were cropped on which the network was trained, a value of ``--crop``. Files in which it is not
known lack it."""
DETECTOR = 'detector'
"""Key of the settings of a detector, JSON. Recognizers lack it."""
MAX_FILE = 2**31 - 1
"""Largest file in bytes, which is the limit of Protocol Buffers."""
MAX_METADATA = 2**20
"""Largest number of characters of a metadata entry. A label set of 52 actions has 6,000."""
MAX_LABEL_SET = 2**21
"""Largest number of characters of a label set. One of 10,000 actions with all details has 1.3 million."""


class OnnxNetwork:
    """A network exported by ``microaction export``, opened by ONNX Runtime or OpenVINO. Subclasses run it.

    A file from a stranger runs no code and takes no more memory than its size justifies, see :mod:`.onnx_safety`.

    Attributes:
        path (Path): Path of the file.
        pipeline (list[dict]): Test pipeline of the config, which makes the input of the network from a video.
        label_set (LabelSet): Label set of the scores.
        config (str): Name of the config.
        shape (tuple[int, ...]): Shape of a clip as the pipeline packs it: (M, 3, H, W) for 2D networks, (M, 3, T, H, W)
            for 3D networks, with M frames or views, (clips, people, T, V, 3) for networks of joints. Shape
            (T, 3, H, W) of the frames of a detector.
        pose_layout (str | None): Layout of the joints that the network sees. None if it sees frames.
        crop (Crop | None): How the clips were cropped on which the network was trained, see
            :func:`.find_trained_crop`.

    Args:
        path (str | Path): Path of the ``.onnx`` file.
        device (str): ``'cpu'``, ``'openvino'``, ``'cuda'``, or ``'cuda:1'``, see :func:`.open_session`. Defaults to
            ``'cpu'``.
        num_threads (int, optional): Number of CPU threads. Defaults to None: as many as there are CPUs for this
            process.

    Raises:
        ImportError: If the runtime or onnx is not installed.
        FileNotFoundError: If the file is missing.
        ValueError: If ``microaction export`` did not write the file, a check of :mod:`.onnx_safety` rejects it, or this
            installation of the runtime does not support the device.
    """

    path: Path
    pipeline: list[dict]
    label_set: LabelSet
    config: str
    shape: tuple[int, ...]
    pose_layout: str | None
    crop: Crop | None
    is_detector = False
    """Whether the file must contain a detector."""

    def __init__(self, path: str | Path, device: str = 'cpu', num_threads: int | None = None) -> None:
        self.path = Path(path).expanduser()
        content = self._check()
        # bfloat16 has 8 bits, so that joints would move in steps of up to a 256th of the picture. Pixels fit into them.
        self._run = open_session(self.path, content, device, num_threads, exact=self.pose_layout is not None)

    def _check(self):
        """Check the file and read its metadata; return its content for the runtime."""
        self._graph = _open_graph(self.path, self.is_detector)
        metadata = self._graph.metadata
        keys = (PIPELINE, CLASSES, CONFIG, VERSION, *[DETECTOR] * self.is_detector)
        missing = [key for key in keys if key not in metadata]
        if missing:
            raise ValueError(f'{self.path} lacks the metadata {", ".join(missing)}: write it with "microaction export"')
        for key in (*keys, LABEL_SET):
            limit = MAX_LABEL_SET if key == LABEL_SET else MAX_METADATA
            if len(metadata.get(key, '')) > limit:
                raise ValueError(f'{self.path} has more than {limit:,} characters of metadata in {key}')
        try:
            if not self.is_detector:  # before the graph, since this takes no time
                self.pipeline = load_pipeline(metadata[PIPELINE])
            content = self._graph.check()
            if self.is_detector:
                self.pipeline = load_pipeline(metadata[PIPELINE], self._graph.shape[0])
                self._settings = load_settings(metadata[DETECTOR])
            self.label_set = _load_label_set(metadata, self._graph.num_scores)
        except ValueError as error:
            raise ValueError(f'{self.path} is refused: {error}. Write it with "microaction export"') from None
        self.shape, self.config = self._graph.shape, metadata[CONFIG]
        self.pose_layout = metadata.get(POSE_LAYOUT)
        if self.pose_layout not in (None, *LAYOUTS):
            raise ValueError(f'{self.path} names a layout of joints that is unknown: {self.pose_layout:.80}')
        self.crop = find_trained_crop(metadata.get(CROP), self.label_set, self.path)
        return content


class OnnxRecognizer(OnnxNetwork):
    """A recognizer exported by ``microaction export``, run by ONNX Runtime or OpenVINO. See :class:`OnnxNetwork`."""

    def __call__(self, inputs: np.ndarray | torch.Tensor) -> np.ndarray:
        """Score a batch of clips.

        Args:
            inputs (np.ndarray | torch.Tensor): N clips as the pipeline packs them, stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, C), float32.

        Raises:
            ValueError: If the inputs have another shape, the batch takes too much memory, or the runtime fails.
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
        return self._run(inputs)[0]


def is_detector_file(path: str | Path) -> bool:
    """Return whether an ONNX file contains a detector, according to its metadata.

    Args:
        path (str | Path): Path of the ``.onnx`` file.

    Returns:
        bool: True for a detector.

    Raises:
        ImportError: If onnx is not installed.
        FileNotFoundError: If the file is missing.
        ValueError: If the file is not an ONNX file.
    """
    return DETECTOR in _open_graph(Path(path).expanduser()).metadata


def _open_graph(path, is_detector=False):
    """Parse a file without computing anything."""
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such ONNX file')
    graph_class = _import_untrusted_graph()
    try:
        return graph_class(read_limited(path, MAX_FILE, 'an ONNX file'), is_detector)
    except ValueError as error:
        raise ValueError(
            f'{path} cannot be loaded as an ONNX file: {error}. Write it with "microaction export"'
        ) from None


def load_settings(text: str) -> dict:
    """Parse the settings of a detector, and reject unknown ones and values that would take much time or memory.

    Args:
        text (str): JSON object with ``feature_stride`` and ``test_cfg``, the settings of ``decode_detections``.

    Returns:
        dict: ``feature_stride`` and ``test_cfg``.

    Raises:
        ValueError: If the text is not such an object. The message contains the setting.
    """
    content = parse_json(text)
    decoding = content.get('test_cfg') if isinstance(content, dict) else None
    if not isinstance(decoding, dict):
        raise ValueError(f'its settings of the detector are not an object with test_cfg: {content!s:.100}')
    for key, value in [*decoding.items(), ('feature_stride', content.get('feature_stride'))]:
        if key not in _SETTINGS or not _SETTINGS[key](value):
            raise ValueError(f'its detector has {key:.100}={value!s:.100}, which is not allowed')
    return dict(feature_stride=content['feature_stride'], test_cfg=decoding)


def _is_count(value):
    return type(value) is int and 1 <= value <= 5000


_SETTINGS = dict(
    feature_stride=_is_count,
    max_candidates=_is_count,
    max_per_video=_is_count,
    sigma=lambda value: type(value) in (int, float) and 0 < value <= 1e6,
    voting_iou=lambda value: value is None or (type(value) in (int, float) and 0 <= value <= 1),
)
"""Settings of a detector and their validators."""


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


def _import_untrusted_graph():
    try:
        from mmaction_microaction.inference.onnx_safety.graph import UntrustedGraph
    except ImportError as error:
        raise ImportError(f'checking ONNX files needs the package onnx ({error}): pip install onnx') from None
    return UntrustedGraph

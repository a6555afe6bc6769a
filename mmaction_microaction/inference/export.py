"""Exports a trained network to one ONNX file that maps packed frames to probabilities."""

import io
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from mmaction.models import ActionDataPreprocessor
from mmaction.models.recognizers.base import BaseRecognizer
from mmengine.config import Config

from mmaction_microaction.inference.onnx_safety.pipeline import load_pipeline
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.utils.files import check_writable, make_folder, write_whole
from mmaction_microaction.version import __version__

from .crops import format_crop
from .onnx_model import CLASSES, CONFIG, CROP, LABEL_SET, PIPELINE, POSE_LAYOUT, VERSION, OnnxRecognizer
from .recognizer import TorchRecognizer
from .windows import WindowPipeline

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-4
"""Largest allowed difference of a probability between PyTorch and ONNX Runtime."""

VIDEOS = ((57, 1296, 1080), (200, 720, 1280))
"""Number of frames, height and width of two videos: a typical one of MA-52, and one that differs in all three."""


class Export(NamedTuple):
    """Summary of an exported file."""

    path: Path
    """Path of the file."""
    size: int
    """Size of the file in bytes."""
    shape: tuple[int, ...]
    """Shape of a clip as the test pipeline packs it, without the batch axis."""
    label_set: LabelSet
    """Label set of the scores."""
    difference: float
    """Largest difference of a probability between PyTorch and ONNX Runtime."""

    def __str__(self):
        shape = ', '.join(map(str, ('N', *self.shape)))
        return '\n'.join(
            [
                f'inputs      ({shape}) float32, as the test pipeline packs them',
                f'scores      (N, {len(self.label_set)}) float32, probabilities of the label set {self.label_set.name}',
                f'difference  {self.difference:.1e} at most between probabilities of PyTorch and ONNX Runtime',
                f'written     {self.path}, {self.size / 2**20:.1f} MiB',
            ]
        )


def export_onnx(config: str | Path | Config, checkpoint: str | Path, out: str | Path) -> Export:
    """Export a network to ONNX, including the normalisation of frames and the averaging over views.

    The graph maps ``inputs``, N clips as the test pipeline packs them, to ``scores``, the probabilities of
    ``test_step``, shape (N, C). The file also contains the test pipeline, the label set, and how the training clips
    were cropped, if that is known. It is written only if ONNX Runtime computes the same probabilities as PyTorch for
    random clips.

    Args:
        config (str | Path | Config): Config of the network.
        checkpoint (str | Path): Weights of the network.
        out (str | Path): Path of the ``.onnx`` file.

    Returns:
        Export: Summary of the file.

    Raises:
        ImportError: If a package of the extra ``onnx`` is missing.
        FileNotFoundError: If the config or the checkpoint is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If ``out`` does not end in ``.onnx``, config and checkpoint do not fit, the network cannot be
            exported, or the exported network computes other probabilities.
    """
    require_onnx()
    out = check_output(out)
    recognizer = TorchRecognizer(config, checkpoint, 'cpu')
    name = Path(recognizer.config.filename or 'config').stem
    window_pipeline = WindowPipeline(recognizer.pipeline)
    layout = None
    if window_pipeline.needs_poses:
        if window_pipeline.reads_frames:
            raise ValueError(f'{name}: a network of frames and poses cannot be exported; use its config and checkpoint')
        layout = recognizer.pose_layout
    try:
        pipeline = json.dumps(recognizer.pipeline)
    except TypeError as error:
        raise ValueError(
            f'{name}: the test pipeline cannot be written as JSON ({error}); write each type as a string'
        ) from None
    metadata = {
        PIPELINE: pipeline,
        CLASSES: json.dumps(recognizer.label_set.names, ensure_ascii=False),
        LABEL_SET: json.dumps(recognizer.label_set.to_dict(), ensure_ascii=False),
        CONFIG: name,
        VERSION: __version__,
    }
    if layout:
        metadata[POSE_LAYOUT] = layout
    if recognizer.crop:
        metadata[CROP] = format_crop(recognizer.crop)
    try:
        shape = _packed_shape(load_pipeline(pipeline), layout)
        content = _to_onnx(recognizer.model, shape, metadata)
        difference = _compare(recognizer, content, shape)
    except ValueError as error:
        raise ValueError(f'{name}: {error}') from error.__cause__
    make_folder(out.parent)
    write_whole(out, content)
    return Export(out, len(content), shape, recognizer.label_set, difference)


def require_onnx() -> None:
    """Raise an ImportError if a package of the extra ``onnx`` is missing."""
    missing = [name for name in ('onnx', 'onnxruntime', 'onnxscript') if not find_spec(name)]
    if missing:
        raise ImportError(f'export needs {", ".join(missing)}: pip install {" ".join(missing)}')


def check_output(out: str | Path) -> Path:
    """Check the path of an exported file before the work begins.

    Args:
        out (str | Path): Path of the file; ``~`` is the home directory.

    Returns:
        Path: The path.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If the path does not end in ``.onnx``.
    """
    out = Path(out).expanduser()
    if out.suffix != '.onnx':
        raise ValueError(f'{out} must end in .onnx')
    if out.parent.is_dir():
        check_writable(out)
    return out


def clear_metadata(proto: 'onnx.ModelProto') -> None:
    """Remove the source file and line of each node, with paths of this machine, which the exporter notes.

    Args:
        proto (onnx.ModelProto): The exported network.
    """
    graph = proto.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info):
        part.ClearField('metadata_props')


def _packed_shape(pipeline, layout):
    """Return the shape of a packed clip; a ValueError if it depends on the size of the video."""
    pipeline = WindowPipeline(pipeline)
    shapes = []
    for num_frames, height, width in VIDEOS:
        frame = np.zeros((height, width, 3), np.uint8)
        images = [frame] * len(pipeline.frame_indices(num_frames))
        packed = pipeline.pack(num_frames, images, poses=layout and _random_poses(num_frames, (height, width), layout))
        shapes.append(tuple(packed.shape))
    if len(set(shapes)) > 1:
        raise ValueError(
            f'the test pipeline returns inputs of shape {shapes[0]} for one video and {shapes[1]} for another, but an '
            'exported network needs one shape; end the pipeline with a CenterCrop, or a Resize with keep_ratio=False'
        )
    return shapes[0]


class _Scores(torch.nn.Module):
    """The ``test_step`` of a recognizer as a function of one tensor.

    Args:
        model (BaseRecognizer): The recognizer.
        example (torch.Tensor): Batch of clips as the test pipeline packs them.
    """

    def __init__(self, model: BaseRecognizer, example: torch.Tensor) -> None:
        super().__init__()
        head, preprocessor = model.cls_head, model.data_preprocessor
        if type(preprocessor) is not ActionDataPreprocessor:
            raise ValueError(
                f'cannot export the data_preprocessor {type(preprocessor).__name__}; use ActionDataPreprocessor'
            )
        if head.average_clips != 'prob':
            raise ValueError(f"average_clips={head.average_clips!r} does not return probabilities; set it to 'prob'")
        if model.test_cfg:
            # The option scores a few views at a time to save memory, which works for one clip only.
            model.test_cfg = {**model.test_cfg, 'max_testing_views': None}
        self.model = model
        self.views = len(self.logits(example)) // len(example)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.model.cls_head.average_clip(self.logits(inputs), num_segs=self.views)

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the logits of all views, shape (N * views, C)."""
        preprocessor = self.model.data_preprocessor
        if preprocessor.to_rgb:
            inputs = inputs.flip(-3 if preprocessor.format_shape == 'NCHW' else -4)
        if preprocessor._enable_normalize:
            inputs = (inputs - preprocessor.mean) / preprocessor.std
        feats, kwargs = self.model.extract_feat(inputs, test_mode=True)
        return self.model.cls_head(feats, **kwargs)


@torch.no_grad()
def _to_onnx(model, shape, metadata):
    """Return the content of the ONNX file of a network."""
    import onnx

    example = _random_clips(2, shape)
    try:
        scores = _Scores(model, example).eval()
        with quiet_exporter():
            program = torch.onnx.export(
                scores,
                (example,),
                input_names=['inputs'],
                output_names=['scores'],
                dynamic_shapes=({0: torch.export.Dim('batch')},),
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        types = f'{type(model).__name__} with {type(model.backbone).__name__} and {type(model.cls_head).__name__}'
        reason = str(error.__cause__ or error).strip().split('\n')[0]
        raise ValueError(f'PyTorch cannot export {types} to ONNX: {reason}') from error
    proto = program.model_proto
    clear_metadata(proto)
    onnx.helper.set_model_props(proto, metadata)
    return proto.SerializeToString()


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Suppress the exporter's warning about torchvision, which is not needed, and the graphs it prints on failure."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(disabled)


def _random_clips(num_clips, shape):
    """Return clips of noise, which are the same at each call."""
    return torch.randint(0, 256, (num_clips, *shape), generator=torch.Generator().manual_seed(num_clips)).float()


def _random_poses(num_frames, img_shape, layout):
    """Return the poses of a person whose joints are anywhere in the frames."""
    rng = np.random.default_rng(num_frames)
    num_joints = len(LAYOUTS[layout].joints)
    keypoint = rng.uniform(0, img_shape[::-1], (1, num_frames, num_joints, 2))
    return Poses('random', img_shape, keypoint, np.ones(keypoint.shape[:-1]), layout=layout)


def _compare(recognizer, content, shape):
    """Return the largest difference from PyTorch's probabilities, for one random clip and for a batch of two."""
    difference = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.onnx')
        path.write_bytes(content)
        exported = OnnxRecognizer(path)
        for batch_size in (1, 2):
            clips = _random_clips(batch_size, shape)
            expected, scores = recognizer(clips), exported(clips)
            difference = max(difference, float(np.abs(scores - expected).max()))
            # Where a network is certain, all but one probability are below the tolerance, so ratios are compared too.
            same_ratios = np.allclose(np.log(scores + 1e-30), np.log(expected + 1e-30), rtol=0, atol=0.01)
            if not (difference <= TOLERANCE and same_ratios):
                raise ValueError(
                    f'the probabilities of ONNX Runtime and PyTorch differ by up to {difference:.1e} for a batch of '
                    f'{batch_size}; no file is written'
                )
    return difference

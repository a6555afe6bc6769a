"""Writes a trained network as one ONNX file that is enough to run it: from packed frames to probabilities."""

import io
import json
import logging
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmaction.models import ActionDataPreprocessor

from mmaction_microaction.label_sets.ma52 import ACTIONS, NUM_ACTIONS
from mmaction_microaction.utils.files import check_writable, make_folder, write_whole
from mmaction_microaction.version import __version__

from .onnx_model import CLASSES, CONFIG, PIPELINE, VERSION, OnnxRecognizer
from .recognizer import TorchRecognizer
from .stored_pipeline import load_pipeline
from .windows import WindowPipeline

TOLERANCE = 1e-4
"""Largest difference of a probability between PyTorch and ONNX Runtime."""

VIDEOS = ((57, 1296, 1080), (200, 720, 1280))
"""Frames, height and width of two videos: a usual one of MA-52, and one of another shape in every respect."""


class Export(NamedTuple):
    """What was written."""

    path: Path
    shape: tuple
    """Of one clip as the test pipeline packs it, without the batch axis."""
    difference: float
    """Largest difference of a probability to PyTorch's."""

    def __str__(self):
        shape = ', '.join(map(str, ('N', *self.shape)))
        return '\n'.join(
            [
                f'inputs      ({shape}) float32, as the test pipeline packs them',
                f'scores      (N, {NUM_ACTIONS}) float32, probabilities',
                f'difference  {self.difference:.1e} at most to PyTorch, of a probability',
                f'written     {self.path}, {self.path.stat().st_size / 2**20:.1f} MiB',
            ]
        )


def export_onnx(config, checkpoint, out):
    """Write a network as ONNX, with the preprocessing of its frames before it and the averaging over views behind.

    The graph maps ``inputs``, N clips as the test pipeline packs them, to ``scores``, the probabilities of shape
    (N, 52) that ``test_step`` gives. The file also holds the test pipeline and the names of the classes. It is written
    only after ONNX Runtime has given PyTorch's probabilities for random clips.

    Args:
        config (str | Path | Config): The network's config.
        checkpoint (str | Path): Its weights.
        out (str | Path): The ``.onnx`` file to write.

    Returns:
        Export: What was written.

    Raises:
        ImportError: If one of the packages of the extra ``onnx`` is missing.
        FileNotFoundError: If config or checkpoint is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If ``out`` has another ending, config and checkpoint do not fit, or the network cannot be exported,
            or gives other probabilities then.
    """
    missing = [name for name in ('onnx', 'onnxruntime', 'onnxscript') if not find_spec(name)]
    if missing:
        raise ImportError(f'export needs {", ".join(missing)}: pip install {" ".join(missing)}')
    out = Path(out).expanduser()
    if out.suffix != '.onnx':
        raise ValueError(f'{out} must end in .onnx, by which it is known to be enough without a checkpoint')
    if out.parent.is_dir():
        check_writable(out)
    recognizer = TorchRecognizer(config, checkpoint, 'cpu')
    name = Path(recognizer.config.filename or 'config').stem
    try:
        pipeline = json.dumps(recognizer.pipeline)
    except TypeError as error:
        raise ValueError(f'{name}: the test pipeline is no plain data ({error}); name its types as text') from None
    metadata = {
        PIPELINE: pipeline,
        CLASSES: json.dumps([action.name for action in ACTIONS]),
        CONFIG: name,
        VERSION: __version__,
    }
    try:
        shape = _packed_shape(load_pipeline(pipeline))
        content = _to_onnx(recognizer.model, shape, metadata)
        difference = _compare(recognizer, content, shape)
    except ValueError as error:
        raise ValueError(f'{name}: {error}') from error.__cause__
    make_folder(out.parent)
    write_whole(out, content)
    return Export(out, shape, difference)


def _packed_shape(pipeline):
    """Run the pipeline on black videos; the shape of its result must not depend on theirs."""
    pipeline = WindowPipeline(pipeline)
    shapes = []
    for num_frames, height, width in VIDEOS:
        frame = np.zeros((height, width, 3), np.uint8)
        packed = pipeline.pack(num_frames, [frame] * len(pipeline.frame_indices(num_frames)))
        shapes.append(tuple(packed.shape))
    if len(set(shapes)) > 1:
        raise ValueError(
            f'the test pipeline makes inputs of shape {shapes[0]} of one video and {shapes[1]} of another, but a file '
            'takes one shape; let it end with a CenterCrop, or a Resize with keep_ratio=False'
        )
    return shapes[0]


class _Scores(torch.nn.Module):
    """A recognizer's ``test_step`` as a function of one tensor.

    Args:
        model (BaseRecognizer): The recognizer.
        example (torch.Tensor): A batch of clips as the test pipeline packs them.
    """

    def __init__(self, model, example):
        super().__init__()
        head, preprocessor = model.cls_head, model.data_preprocessor
        if type(preprocessor) is not ActionDataPreprocessor:
            raise ValueError(f'frames are preprocessed by {type(preprocessor).__name__}, not ActionDataPreprocessor')
        if head.average_clips != 'prob':
            raise ValueError(f"scores are no probabilities with average_clips={head.average_clips!r}; set it to 'prob'")
        if model.test_cfg:
            # Saves memory by scoring a few views at a time, and then of one clip only.
            model.test_cfg = {**model.test_cfg, 'max_testing_views': None}
        self.model = model
        self.views = len(self.logits(example)) // len(example)

    def forward(self, inputs):
        return self.model.cls_head.average_clip(self.logits(inputs), num_segs=self.views)

    def logits(self, inputs):
        """Give the logits of every view, shape (N * views, 52)."""
        preprocessor = self.model.data_preprocessor
        if preprocessor.to_rgb:
            inputs = inputs.flip(-3 if preprocessor.format_shape == 'NCHW' else -4)
        if preprocessor._enable_normalize:
            inputs = (inputs - preprocessor.mean) / preprocessor.std
        feats, kwargs = self.model.extract_feat(inputs, test_mode=True)
        return self.model.cls_head(feats, **kwargs)


@torch.no_grad()
def _to_onnx(model, shape, metadata):
    """Export a network to the content of a file."""
    import onnx

    example = _random_clips(2, shape)
    try:
        scores = _Scores(model, example).eval()
        with _quiet():
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
        kinds = f'{type(model).__name__} with {type(model.backbone).__name__} and {type(model.cls_head).__name__}'
        reason = str(error.__cause__ or error).strip().split('\n')[0]
        raise ValueError(f'PyTorch cannot export {kinds} to ONNX: {reason}') from error
    proto = program.model_proto
    # Where in the exporting machine's files each node was written.
    graph = proto.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info):
        part.ClearField('metadata_props')
    onnx.helper.set_model_props(proto, metadata)
    return proto.SerializeToString()


@contextmanager
def _quiet():
    """Keep the exporter from warning of torchvision, which is not needed, and from printing graphs when it fails."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(disabled)


def _random_clips(number, shape):
    """Make clips of noise, always the same."""
    return torch.randint(0, 256, (number, *shape), generator=torch.Generator().manual_seed(number)).float()


def _compare(recognizer, content, shape):
    """Give the largest difference to PyTorch's probabilities, of one random clip and of two at once."""
    difference = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.onnx')
        path.write_bytes(content)
        exported = OnnxRecognizer(path)
        for number in (1, 2):
            clips = _random_clips(number, shape)
            expected, scores = recognizer(clips), exported(clips)
            difference = max(difference, float(np.abs(scores - expected).max()))
            # Where a network is sure, all but one probability are far below the tolerance: their ratios count as well.
            same_ratios = np.allclose(np.log(scores + 1e-30), np.log(expected + 1e-30), rtol=0, atol=0.01)
            if not (difference <= TOLERANCE and same_ratios):
                raise ValueError(
                    f'ONNX Runtime gives other probabilities than PyTorch, by up to {difference:.1e}, for a batch of '
                    f'{number}; nothing is written'
                )
    return difference

"""Exports a trained detector to one ONNX file that maps frames or features to scores and boundaries."""

import json
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmaction.apis import init_recognizer
from mmengine.config import Config

from mmaction_microaction.inference.onnx_safety.pipeline import load_pipeline
from mmaction_microaction.models.detectors import MicroActionDetector
from mmaction_microaction.utils.checkpoints import load_weights, read_weights_and_metainfo, require_fit
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.version import __version__

from .crops import format_crop
from .detector import OnnxDetector, check_rate
from .export import check_output, clear_metadata, quiet_exporter, require_onnx
from .onnx_model import CLASSES, CONFIG, CROP, DETECTOR, LABEL_SET, PIPELINE, VERSION
from .recognizer import find_network_crop, find_network_label_set, read_config

TOLERANCE = 1e-4
"""Largest allowed difference of a score, or of a boundary in steps, between PyTorch and ONNX Runtime."""
_EXAMPLE_STEPS = 80  # a video of MMA-52 at 7.5 steps per second
_OTHER_STEPS = (5, 33, 150)


class DetectorExport(NamedTuple):
    """Summary of an exported detector."""

    path: Path
    """Path of the file."""
    size: int
    """Size of the file in bytes."""
    shape: tuple[int | None, ...]
    """Shape of the input. The number of frames or steps is None if it may differ from video to video."""
    difference: float
    """Largest difference of a score, or of a boundary in steps, between PyTorch and ONNX Runtime."""

    def __str__(self):
        shape = ', '.join('T' if size is None else str(size) for size in self.shape)
        return '\n'.join(
            [
                f'inputs      ({shape}) float32, as the test pipeline packs them',
                'scores      (P, C) float32, the score of each class at each point',
                'segments    (P, K, 2) float32, starts and ends in steps',
                f'difference  {self.difference:.1e} at most between PyTorch and ONNX Runtime',
                f'written     {self.path}, {self.size / 2**20:.1f} MiB',
            ]
        )


class _Points(torch.nn.Module):
    """A detector as a function of the frames or features of one video.

    Args:
        detector (MicroActionDetector): The detector.
    """

    def __init__(self, detector: MicroActionDetector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores, shape (P, C), and the starts and ends in steps, shape (P, K, 2)."""
        scores, segments, _ = self.detector([self.detector.data_preprocessor.prepare(inputs)])
        return scores[0], segments[0]


def export_detector(
    config: str | Path | Config, checkpoint: str | Path, out: str | Path, num_frames: int | None = None
) -> DetectorExport:
    """Export a detector to ONNX, including the normalisation of frames, without the ranking of its detections.

    The graph maps ``inputs``, the frames or features of one video, to ``scores`` and ``segments``, which
    :func:`.decode_detections` turns into detections, in NumPy. A detector that reads features accepts any number of
    steps. A detector that reads frames accepts ``num_frames`` frames: a shorter video repeats its last frame, and
    detections are clipped to its duration. The file also contains the test pipeline, the label set, and the settings
    of the decoding. It is written only if ONNX Runtime computes the same as PyTorch, and ``microaction demo`` would not
    refuse the detector of frames.

    Args:
        config (str | Path | Config): Config of the detector.
        checkpoint (str | Path): Weights of the detector.
        out (str | Path): Path of the ``.onnx`` file.
        num_frames (int, optional): Number of frames, for a detector that reads frames. Defaults to None.

    Returns:
        DetectorExport: Summary of the file.

    Raises:
        ImportError: If a package of the extra ``onnx`` is missing.
        FileNotFoundError: If the config or the checkpoint is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If ``out`` does not end in ``.onnx``, ``num_frames`` is missing or not needed, config and checkpoint
            do not fit, the detector cannot be exported, or the exported one computes something else or would be
            refused, see :mod:`.onnx_safety`.
    """
    require_onnx()
    out = check_output(out)
    config = config if isinstance(config, Config) else read_config(config)
    name = Path(config.filename or 'config').stem
    model = init_recognizer(config, device='cpu')
    if not isinstance(model, MicroActionDetector):
        raise ValueError(f'{name} describes a {type(model).__name__}, not a MicroActionDetector')
    if (model.backbone is None) != (num_frames is None):
        remedy = 'leave out the number of frames' if model.backbone is None else 'set the number of frames (--frames)'
        raise ValueError(f'{name} reads {"features" if model.backbone is None else "frames"}: {remedy}')
    pipeline = config.test_dataloader.dataset.pipeline
    if num_frames is not None:
        try:
            load_pipeline(json.dumps(pipeline), num_frames)
        except ValueError as error:
            raise ValueError(f'{name} with {num_frames:,} frames cannot be exported: {error}') from None
    weights, metainfo = read_weights_and_metainfo(checkpoint)
    require_fit(load_weights(model, weights), checkpoint, name)
    label_set = find_network_label_set(config, metainfo, model.num_classes, checkpoint)
    if model.backbone is not None:
        check_rate(model, pipeline, checkpoint)
    metadata = {
        PIPELINE: json.dumps(pipeline),
        CLASSES: json.dumps(label_set.names, ensure_ascii=False),
        LABEL_SET: json.dumps(label_set.to_dict(), ensure_ascii=False),
        CONFIG: name,
        VERSION: __version__,
        DETECTOR: json.dumps(
            dict(
                test_cfg=model.test_cfg,
                feature_stride=model.feature_stride,
                frames_per_second=next((step['rate'] for step in pipeline if 'rate' in step), None),
                feature_fingerprint=model.feature_fingerprint,
            )
        ),
    }
    crop = find_network_crop(config, metainfo, label_set, checkpoint)
    if crop:
        metadata[CROP] = format_crop(crop)
    points = _Points(model.eval())
    # A detector of features has no shape of its own but the number of its channels.
    shape = (model.neck.in_channels,) if num_frames is None else _frame_shape(config, name)
    examples = [_random_inputs(steps, shape) for steps in ([_EXAMPLE_STEPS] if num_frames is None else [num_frames])]
    content = _to_onnx(points, examples[0], num_frames is None, metadata, name)
    if num_frames is None:
        examples += [_random_inputs(steps, shape) for steps in _OTHER_STEPS]
    difference = _compare(points, content, examples, name)
    make_folder(out.parent)
    write_whole(out, content)
    return DetectorExport(out, len(content), (num_frames, *shape), difference)


def _frame_shape(config: Config, name: str) -> tuple[int, int, int]:
    """Return the shape of a frame as the last crop or resize of the test pipeline leaves it."""
    for step in reversed(config.test_dataloader.dataset.pipeline):
        size = step.get('crop_size') or (step.get('scale') if step.get('keep_ratio') is False else None)
        if size is not None:
            width, height = (size, size) if isinstance(size, int) else size
            return 3, height, width
    raise ValueError(
        f'{name}: the size of the frames depends on the video; end the test pipeline with a CenterCrop, or a Resize '
        'with keep_ratio=False'
    )


def _random_inputs(num_steps: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Return noise, which is the same at each call: features, or frames with values from 0 to 255."""
    noise = torch.randn(num_steps, *shape, generator=torch.Generator().manual_seed(num_steps))
    return noise if len(shape) == 1 else (noise * 60 + 120).clamp(0, 255)


@torch.no_grad()
def _to_onnx(points: _Points, example: torch.Tensor, any_length: bool, metadata: dict[str, str], name: str) -> bytes:
    """Return the content of the ONNX file of a detector."""
    import onnx

    points(example)  # sets num_segments of the backbone to the number of frames, before the graph is captured
    dynamic_shapes = ({0: torch.export.Dim('steps', min=2, max=100_000)},) if any_length else None
    try:
        with quiet_exporter():
            program = torch.onnx.export(
                points,
                (example,),
                input_names=['inputs'],
                output_names=['scores', 'segments'],
                dynamic_shapes=dynamic_shapes,
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().split('\n')[0]
        raise ValueError(f'PyTorch cannot export the detector of {name} to ONNX: {reason}') from error
    proto = program.model_proto
    clear_metadata(proto)
    onnx.helper.set_model_props(proto, metadata)
    return proto.SerializeToString()


@torch.no_grad()
def _compare(points: _Points, content: bytes, examples: list[torch.Tensor], name: str) -> float:
    """Return the largest difference between PyTorch and ONNX Runtime."""
    difference = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.onnx')
        path.write_bytes(content)
        try:
            run = _open(path, points.detector.backbone is not None)
        except ValueError as error:
            raise ValueError(f'{name} cannot be exported: {error}') from None
        for example in examples:
            for expected, values in zip(points(example), run(example.numpy())):
                difference = max(difference, float(np.abs(values - expected.numpy()).max()))
            if not difference <= TOLERANCE * max(1, len(example) / _EXAMPLE_STEPS):
                raise ValueError(
                    f'{name}: the results of ONNX Runtime and PyTorch differ by up to {difference:.1e} for a video of '
                    f'{len(example)} steps; no file is written'
                )
    return difference


def _open(path, reads_frames):
    """Return a function that runs an exported detector."""
    if reads_frames:
        return OnnxDetector(path)._points
    import onnxruntime

    # A detector of features is for other programs. No command opens it.
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return lambda inputs: session.run(None, {'inputs': inputs})

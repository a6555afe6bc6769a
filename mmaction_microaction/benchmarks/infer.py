"""Speed of inference with different runtimes, compared with PyTorch and MMAction2's temporal shift."""

import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from mmaction.apis import init_recognizer
from mmaction.models.backbones.resnet_tsm import TemporalShift
from mmengine.config import Config

from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.onnx_session import import_openvino
from mmaction_microaction.inference.recognizer import TorchRecognizer
from mmaction_microaction.models.backbones.resnet_setsm import SETemporalShift
from mmaction_microaction.utils.paths import find_shipped

from .timing import Comparison, alternate

MANET = 'configs/manet_r50_8x1_ma52.py'


def compare_runtimes(config: str | Path | None = None, rounds: int = 10) -> Iterator[Comparison]:
    """Compare runtimes for a network on one clip on the CPU with PyTorch and MMAction2's temporal shift.

    Every runtime starts from the packed clip, computes in float32, and uses as many threads as PyTorch. OpenVINO is
    skipped if it is not installed.

    Args:
        config (str | Path, optional): Path of the config of the network, whose weights are random. Defaults to None,
            for MANet's config.
        rounds (int): Number of measurements per runtime. Defaults to 10.

    Yields:
        Comparison: Seconds of one runtime; the baseline is PyTorch with MMAction2's shift.

    Raises:
        ValueError: If the probabilities of a runtime differ from the baseline by more than 1e-3 of their value.
    """
    config = Config.fromfile(config or find_shipped(MANET))
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, path = Path(folder, 'random.pth'), Path(folder, 'network.onnx')
        torch.save({'state_dict': init_recognizer(config, device='cpu').state_dict()}, checkpoint)
        export_onnx(config, checkpoint, path)
        clip = torch.randint(0, 256, (1, *OnnxRecognizer(path).shape), dtype=torch.uint8)
        stock, pytorch = (TorchRecognizer(config, checkpoint, 'cpu') for _ in range(2))
        for module in stock.model.modules():
            if isinstance(module, SETemporalShift):
                module.forward = partial(_shift_as_mmaction2, module)
        expected = stock(clip)
        threads = torch.get_num_threads()
        for name, predict in (
            ('PyTorch', pytorch),
            ('torch.compile', _compiled(config, checkpoint)),
            *_onnxruntime(path, threads),
            *_openvino(path, threads),
        ):
            if not np.allclose(predict(clip), expected, rtol=1e-3, atol=0):
                raise ValueError(f"{name} computes other probabilities than PyTorch with MMAction2's shift")
            yield alternate(name, lambda: stock(clip), lambda predict=predict: predict(clip), rounds)


def _shift_as_mmaction2(module, x):
    """Compute the output of :class:`SETemporalShift` with MMAction2's function for the shift."""
    x = x * module.excite(x.mean(dim=(2, 3)))[:, :, None, None]
    x = TemporalShift.shift(x, module.num_segments, module.shift_div)
    return module.net(x if module.mix is None else module.mix(x))


def _compiled(config, checkpoint):
    recognizer = TorchRecognizer(config, checkpoint, 'cpu')
    recognizer.model.backbone.compile()
    return recognizer


def _onnxruntime(path, threads):
    import onnxruntime

    yield f'ONNX Runtime {onnxruntime.__version__}', OnnxRecognizer(path, num_threads=threads)


def _openvino(path, threads):
    if not find_spec('openvino'):
        return
    openvino = import_openvino()
    # By default, OpenVINO computes in bfloat16 if the processor supports it.
    options = {'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'f32'}
    compiled = openvino.compile_model(path, 'CPU', options)
    yield f'OpenVINO {openvino.__version__.split("-")[0]}', lambda clip: compiled(np.asarray(clip, np.float32))[0]

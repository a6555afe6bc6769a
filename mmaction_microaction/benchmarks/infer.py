"""Inference in PyTorch against that in the runtimes that an exported network has."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from mmaction.apis import init_recognizer
from mmengine.config import Config

from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.recognizer import Recognizer
from mmaction_microaction.shipped import find_shipped

from .timing import alternate

MANET = 'configs/manet_r50_8x1_ma52.py'


def compare_runtimes(config=None, rounds=10):
    """Compare PyTorch with ONNX Runtime and, where it is installed, OpenVINO, on one clip on the CPU.

    Each starts from the clip as the test pipeline packs it, computes in float32, and uses as many threads as PyTorch.

    Args:
        config (str | Path, optional): Of the network, whose weights are random. Defaults to None: MANet's.
        rounds (int): How often each is timed. Defaults to 10.

    Yields:
        Comparison: Of PyTorch (baseline) with a runtime, as each is done.
    """
    config = Config.fromfile(config or find_shipped(MANET))
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, path = Path(folder, 'random.pth'), Path(folder, 'network.onnx')
        torch.save({'state_dict': init_recognizer(config, device='cpu').state_dict()}, checkpoint)
        export_onnx(config, checkpoint, path)
        pytorch = Recognizer(config, checkpoint, 'cpu')
        threads = torch.get_num_threads()
        clip = torch.randint(0, 256, (1, *OnnxRecognizer(path).shape), dtype=torch.uint8)
        for build in (_onnxruntime, _openvino):
            name, predict = build(path, threads)
            if predict:
                yield alternate(name, lambda: pytorch(clip), lambda predict=predict: predict(clip), rounds)


def _onnxruntime(path, threads):
    import onnxruntime

    return f'ONNX Runtime {onnxruntime.__version__}', OnnxRecognizer(path, num_threads=threads)


def _openvino(path, threads):
    if not find_spec('openvino'):
        return 'OpenVINO', None
    import openvino

    # Unless told, it computes in bfloat16 where the processor can.
    options = {'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'f32'}
    compiled = openvino.compile_model(path, 'CPU', options)
    return f'OpenVINO {openvino.__version__.split("-")[0]}', lambda clip: compiled(np.asarray(clip, np.float32))[0]

import sys

import numpy as np
import pytest
import torch

from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.label_sets import MA52

pytest.importorskip('onnx')
from helpers.onnx_files import PIPELINE, WEIGHTS

onnxruntime = pytest.importorskip('onnxruntime')


@pytest.mark.parametrize('kind', ['numpy', 'torch'])
def test_scores_frames_of_any_type(onnx_path, kind):
    brightest = np.array([50, 150, 250]).reshape(3, 1, 1, 1, 1)
    frames = np.random.default_rng(0).integers(0, brightest, (3, 2, 3, 4, 5), dtype=np.uint8)
    exponentials = np.exp(frames.mean(axis=(1, 2, 3, 4))[:, None] * WEIGHTS.astype(np.float64))
    scores = OnnxRecognizer(onnx_path, num_threads=1)(frames if kind == 'numpy' else torch.from_numpy(frames))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-4)


def test_reads_the_metadata(onnx_path):
    recognizer = OnnxRecognizer(str(onnx_path))
    # JSON has no tuples, but MMAction2's Resize needs one.
    assert recognizer.pipeline == PIPELINE
    assert (recognizer.label_set, recognizer.config, recognizer.shape) == (MA52, 'brightness', (2, 3, 4, 5))


@pytest.mark.parametrize('shape', [(2, 3, 4, 5), (1, 2, 3, 5, 4), (1, 3, 3, 4, 5), (0, 2, 3, 4, 5)])
def test_refuses_inputs_of_another_shape(onnx_path, shape):
    with pytest.raises(ValueError, match=r'inputs of shape \(N, 2, 3, 4, 5\)'):
        OnnxRecognizer(onnx_path)(np.zeros(shape))


def test_refuses_other_files(onnx_model, onnx_path):
    onnx_model.ClearField('metadata_props')
    onnx_path.write_bytes(onnx_model.SerializeToString())
    with pytest.raises(ValueError, match=r'lacks the metadata pipeline, .*: write it with "microaction export"'):
        OnnxRecognizer(onnx_path)
    onnx_path.write_text('<html>')
    with pytest.raises(ValueError, match=r'model\.onnx cannot be loaded as an ONNX file: '):
        OnnxRecognizer(onnx_path)
    onnx_path.unlink()
    with pytest.raises(FileNotFoundError, match='no such ONNX file'):
        OnnxRecognizer(onnx_path)


def test_refuses_missing_devices(onnx_path):
    for device in ('tpu', 'cuda:x'):
        with pytest.raises(ValueError, match=f"'cpu', 'cuda' or 'cuda:1', got '{device}'"):
            OnnxRecognizer(onnx_path, device)
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        with pytest.raises(ValueError, match=r'cuda:0: .*install onnxruntime-gpu'):
            OnnxRecognizer(onnx_path, 'cuda:0')


@pytest.mark.filterwarnings("ignore:Specified provider 'CUDAExecutionProvider'")
def test_error_reports_that_cuda_does_not_start(onnx_path, monkeypatch):
    # Without CUDA, onnxruntime-gpu falls back to the CPU like this.
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CUDAExecutionProvider'])
    with pytest.raises(ValueError, match='cuda: ONNX Runtime cannot start CUDA'):
        OnnxRecognizer(onnx_path, 'cuda')


def test_error_names_the_command_to_install_onnx_runtime(onnx_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnxruntime'):
        OnnxRecognizer(onnx_path)


def test_error_names_the_command_to_install_onnx(onnx_path, monkeypatch):
    for name in [name for name in sys.modules if name.split('.')[0] == 'onnx' or 'onnx_safety' in name.split('.')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(ImportError, match='pip install onnx'):
        OnnxRecognizer(onnx_path)

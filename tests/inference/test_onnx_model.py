import json
import sys

import numpy as np
import pytest
import torch

from mmaction_microaction.inference.onnx_model import OnnxRecognizer

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')

WEIGHTS = np.linspace(-0.02, 0.02, 52, dtype=np.float32)[None]
PIPELINE = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=2, test_mode=True, _scope_='mmaction'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 8)),
    dict(type='PackActionInputs', algorithm_keys=('emotion',)),
]
CLASSES = [f'action {number}' for number in range(52)]


@pytest.fixture
def model():
    """What tools/export.py writes, of a network that sees the brightness of two frames of 5 x 4 pixels and no more."""
    tensor = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node('ReduceMean', ['inputs', 'axes'], ['means'], keepdims=0),
        onnx.helper.make_node('Reshape', ['means', 'column'], ['brightness']),
        onnx.helper.make_node('MatMul', ['brightness', 'weights'], ['logits']),
        onnx.helper.make_node('Softmax', ['logits'], ['scores'], axis=1),
    ]
    constants = dict(axes=np.array([1, 2, 3, 4]), column=np.array([-1, 1]), weights=WEIGHTS)
    graph = onnx.helper.make_graph(
        nodes,
        'brightness',
        [tensor('inputs', onnx.TensorProto.FLOAT, ['batch', 2, 3, 4, 5])],
        [tensor('scores', onnx.TensorProto.FLOAT, ['batch', 52])],
        [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=10)
    metadata = dict(
        pipeline=json.dumps(PIPELINE), classes=json.dumps(CLASSES), config='brightness', mmaction_microaction='0.1.0'
    )
    onnx.helper.set_model_props(model, metadata)
    return model


@pytest.fixture
def path(model, tmp_path):
    onnx.save(model, tmp_path / 'model.onnx')
    return tmp_path / 'model.onnx'


@pytest.mark.parametrize('kind', ['numpy', 'torch'])
def test_scores_frames_of_any_type(path, kind):
    brightest = np.array([50, 150, 250]).reshape(3, 1, 1, 1, 1)
    frames = np.random.default_rng(0).integers(0, brightest, (3, 2, 3, 4, 5), dtype=np.uint8)
    exponentials = np.exp(frames.mean(axis=(1, 2, 3, 4))[:, None] * WEIGHTS.astype(np.float64))
    scores = OnnxRecognizer(path, num_threads=1)(frames if kind == 'numpy' else torch.from_numpy(frames))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-4)


def test_reads_what_the_file_says(path):
    recognizer = OnnxRecognizer(str(path))
    # JSON knows no tuples; MMAction2's Resize takes nothing else.
    assert recognizer.pipeline == PIPELINE
    assert (recognizer.classes, recognizer.config, recognizer.shape) == (CLASSES, 'brightness', (2, 3, 4, 5))


@pytest.mark.parametrize('shape', [(2, 3, 4, 5), (1, 2, 3, 5, 4), (1, 3, 3, 4, 5), (0, 2, 3, 4, 5)])
def test_refuses_inputs_of_another_shape(path, shape):
    with pytest.raises(ValueError, match=r'takes inputs of shape \(N, 2, 3, 4, 5\), as its pipeline packs them'):
        OnnxRecognizer(path)(np.zeros(shape))


def test_refuses_other_files(model, path):
    model.ClearField('metadata_props')
    onnx.save(model, path)
    with pytest.raises(ValueError, match=r'lacks the metadata pipeline, .*: write it with tools/export\.py'):
        OnnxRecognizer(path)
    path.write_text('<html>')
    with pytest.raises(ValueError, match=r'model\.onnx cannot be loaded as an ONNX file: '):
        OnnxRecognizer(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match='no such ONNX file'):
        OnnxRecognizer(path)


def test_refuses_devices_that_are_not_there(path):
    for device in ('tpu', 'cuda:x'):
        with pytest.raises(ValueError, match=f"'cpu', 'cuda' or 'cuda:1', got '{device}'"):
            OnnxRecognizer(path, device)
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        with pytest.raises(ValueError, match='cuda:0: this ONNX Runtime is for the CPU; install onnxruntime-gpu'):
            OnnxRecognizer(path, 'cuda:0')


@pytest.mark.filterwarnings("ignore:Specified provider 'CUDAExecutionProvider'")
def test_says_if_cuda_does_not_start(path, monkeypatch):
    # As of onnxruntime-gpu on a machine without CUDA, which then computes on the CPU.
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CUDAExecutionProvider'])
    with pytest.raises(ValueError, match='cuda: ONNX Runtime cannot start CUDA'):
        OnnxRecognizer(path, 'cuda')


def test_says_how_to_install_onnx_runtime(path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnxruntime'):
        OnnxRecognizer(path)

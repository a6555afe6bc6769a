import json
import sys

import numpy as np
import pytest
import torch

from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.label_sets import MA52, LabelSet

pytest.importorskip('onnx')
from helpers.label_sets import FOUR
from helpers.onnx_files import PIPELINE, WEIGHTS, brightness_model

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


def save(model, path, **metadata):
    """Write an exported network whose metadata are changed. Values other than texts are written as JSON."""
    for entry in model.metadata_props:
        if entry.key in metadata:
            value = metadata.pop(entry.key)
            entry.value = value if isinstance(value, str) else json.dumps(value)
    assert not metadata
    path.write_bytes(model.SerializeToString())
    return path


def test_older_files_have_the_label_set_of_their_names(tmp_path):
    old = save(brightness_model(with_label_set=False), tmp_path / 'old.onnx')
    assert OnnxRecognizer(old).label_set is MA52
    other = save(brightness_model(FOUR, with_label_set=False), tmp_path / 'other.onnx')
    assert OnnxRecognizer(other).label_set.names == FOUR.names


def test_label_set_of_a_file_has_all_that_is_known_of_it(tmp_path):
    actions = [
        {'name': 'нод', 'code': 'G1', 'group': 'голова', 'words': ['nod'], 'train_clips': 7},
        {'name': '点头', 'code': 'G2', 'group': 'hand'},
    ]
    label_set = LabelSet.from_dict({'name': 'x', 'title': 'X', 'group_term': 'Teil', 'actions': actions})
    recognizer = OnnxRecognizer(save(brightness_model(label_set), tmp_path / 'x.onnx'))
    assert recognizer.label_set.to_dict() == label_set.to_dict()
    assert recognizer(np.zeros((1, 2, 3, 4, 5))).shape == (1, 2)


@pytest.mark.parametrize(
    ('metadata', 'message'),
    [
        ({'label_set': '{'}, 'x.onnx is refused: '),
        ({'label_set': '[' * 100_000}, 'nested too deeply'),
        ({'label_set': ['nodding']}, 'its label set: expected a mapping'),
        ({'label_set': {'actions': ['a', 'A', 'b', 'c']}}, "its label set: the name 'a' occurs 2 times"),
        ({'label_set': {**FOUR.to_dict(), 'custom_imports': ['os']}}, "unknown key 'custom_imports'"),
        ({'label_set': {'actions': ['a', 'b', 'c', 'd']}}, 'its classes are not the names of its label set labels'),
        ({'classes': ['nodding', 'waving', 'shrugging', 'a']}, 'are not the names of its label set gestures'),
        ({'classes': {}}, 'are not the names of its label set'),
        ({'classes': ['a'], 'label_set': {'actions': ['a']}}, 'it names 1 classes for 4 scores'),
        ({'label_set': ' ' * (2**21 + 1)}, 'more than 2,097,152 characters of metadata in label_set'),
        ({'classes': ' ' * (2**20 + 1)}, 'more than 1,048,576 characters of metadata in classes'),
        ({'config': ' ' * (2**20 + 1)}, 'more than 1,048,576 characters of metadata in config'),
    ],
    ids=range(12),
)
def test_label_set_of_a_stranger_is_checked(metadata, message, tmp_path, monkeypatch):
    monkeypatch.setattr(onnxruntime, 'InferenceSession', None)
    path = save(brightness_model(FOUR), tmp_path / 'x.onnx', **metadata)
    with pytest.raises(ValueError, match=message) as raised:
        OnnxRecognizer(path)
    assert len(str(raised.value)) < 1000


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
        with pytest.raises(ValueError, match=f"'openvino', 'cuda' or 'cuda:1', got '{device}'"):
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

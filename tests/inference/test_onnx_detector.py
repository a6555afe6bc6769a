"""An exported detector finds actions, and a file of a stranger is checked as that of a recognizer."""

import json

import pytest
import torch
from helpers.support import write_clip

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.label_sets import MA52

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
from helpers.onnx_files import detector_model

from mmaction_microaction.inference.detector import OnnxDetector
from mmaction_microaction.inference.onnx_model import OnnxRecognizer


@pytest.fixture
def save(tmp_path):
    """Return a function that writes a detector whose graph or metadata are changed."""

    def save(graph=None, **metadata):
        model = detector_model(**graph or {})
        for entry in model.metadata_props:
            if entry.key in metadata:
                value = metadata[entry.key]
                entry.value = value if isinstance(value, str) else json.dumps(value)
        (tmp_path / 'x.onnx').write_bytes(model.SerializeToString())
        return tmp_path / 'x.onnx'

    return save


def test_an_exported_detector_finds_actions(save):
    detector = OnnxDetector(save())
    assert (detector.max_frames, detector.shape, detector.label_set) == (6, (6, 3, 4, 5), MA52)
    frames = torch.zeros(4, 3, 4, 5)
    frames[2] = 51  # a score of 0.2, in the third of four steps of half a second
    found = detector(frames, 2.0, 2.0)
    assert found.scores[0] == pytest.approx(0.2)
    assert found.segments[0].tolist() == [1, 1.5]


def test_fewer_frames_repeat_the_last_one_and_end_with_their_window(save):
    frames = torch.zeros(4, 3, 4, 5)
    frames[3] = 51
    found = OnnxDetector(save())(frames, 2.0, 2.0)
    # Without the limit, the actions of steps 4 and 5 would be as bright, and end after 3 s.
    assert found.segments[:52].tolist() == [[1.5, 2.0]] * 50
    with pytest.raises(ValueError, match='or fewer'):
        OnnxDetector(save())(torch.zeros(7, 3, 4, 5), 2.0, 3.5)


def test_windows_are_no_longer_than_the_input_of_an_exported_detector(save, tmp_path):
    write_clip(tmp_path / 'clip.mp4', num_frames=170)
    inferencer = MicroActionInferencer(save(detector=dict(feature_stride=1, test_cfg=dict(max_per_video=400))))
    assert (inferencer.window, inferencer.step) == (3, 2)  # 6 frames, 2 a second
    result = inferencer(tmp_path / 'clip.mp4')
    assert result.segments.max() == pytest.approx(170 / 30, abs=0.01)
    with pytest.raises(ValueError, match=r'window is 4.*at most 3 s'):
        MicroActionInferencer(save(), window=4)


def test_a_detector_is_no_recognizer(save):
    with pytest.raises(ValueError, match='SampleFramesAtRate'):
        OnnxRecognizer(save())


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(feature_stride=1, test_cfg=dict(max_candidates=10**9)), 'max_candidates=1000000000'),
        (dict(feature_stride=0, test_cfg={}), 'feature_stride=0'),
        (dict(feature_stride=1, test_cfg=dict(sigma=0)), 'sigma=0'),
        (dict(feature_stride=1, test_cfg=dict(surprise=1)), 'surprise=1'),
        (dict(feature_stride=1), 'test_cfg'),
        ([], 'test_cfg'),
        ('{', 'is refused'),
    ],
)
def test_settings_of_a_detector_are_checked(settings, message, save):
    with pytest.raises(ValueError, match=message):
        OnnxDetector(save(detector=settings))


@pytest.mark.parametrize(
    ('graph', 'message'),
    [
        (dict(shape=(6, 3, 4, None)), r'expected \(T, 3, H, W\)'),
        (dict(shape=(5000, 3, 4, 5)), 'T up to 1,024'),
        (dict(shape=(None, 8)), r'stored features.*join'),
        (dict(num_segments=3), r'expected \(P, C\)'),
    ],
)
def test_graphs_of_a_detector_are_checked(graph, message, save):
    with pytest.raises(ValueError, match=message):
        OnnxDetector(save(graph))


@pytest.mark.parametrize(
    ('pipeline', 'message'),
    [
        ([dict(type='SampleFramesAtRate', rate=1e9)], 'rate=1000000000'),
        ([dict(type='LoadFeatures', path='/etc')], 'LoadFeatures'),
        ([dict(type='DecordDecode')], 'must contain SampleFramesAtRate'),
        ([dict(type='DecordDecode'), *[dict(type='TenCrop', crop_size=1024)] * 3], 'pixels in all'),
    ],
)
def test_pipelines_of_a_detector_are_checked(pipeline, message, save):
    with pytest.raises(ValueError, match=message):
        MicroActionInferencer(save(pipeline=pipeline))

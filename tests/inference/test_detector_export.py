import json

import numpy as np
import pytest
import torch
from helpers.detection import make_sample
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

from mmaction_microaction.cli import main
from mmaction_microaction.inference.detector_export import DETECTOR, export_detector
from mmaction_microaction.inference.onnx_model import CLASSES
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.detectors import decode_detections

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')

CONFIGS = ROOT / 'configs' / 'mma52'
pytestmark = pytest.mark.usefixtures('tiny_resnets')


def read_config(name, in_channels=8, num_levels=2, **model):
    # The time of an export grows with the number of levels, which all have the same layers.
    config = Config.fromfile(CONFIGS / f'{name}.py')
    config.model.neck.update(in_channels=in_channels, channels=16, num_levels=num_levels, num_stem_layers=1)
    ranges = [[0, 4], [4, 8], [8, 16]][: num_levels - 1]
    config.model.head.update(in_channels=16, channels=16, regression_ranges=[*ranges, [ranges[-1][1], 1e6]])
    config.merge_from_dict(dict(model=model))
    return config


def save(config, path):
    torch.manual_seed(0)
    model = MODELS.build(config.model).eval()
    torch.nn.init.normal_(model.head.fc_cls.weight, std=1)  # so that scores differ from point to point
    torch.save({'state_dict': model.state_dict()}, path)
    return model


def run(path, inputs):
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(['scores', 'segments'], {'inputs': inputs.float().numpy()})


def detect(model, inputs, sample):
    with torch.no_grad():
        batch = model.data_preprocessor(dict(inputs=[inputs], data_samples=[sample]))
        return model(**batch, mode='predict')[0].pred_detections


def check_equal(path, model, inputs, rate):
    """Compare the detections of both networks, and return the number of points."""
    scores, segments = run(path, inputs)
    sample = make_sample(len(inputs), rate=rate)
    found = decode_detections(scores, segments, rate / model.feature_stride, sample.duration, **model.test_cfg)
    expected = detect(model, inputs, sample)
    assert np.ptp(scores) > 0.1  # a graph that ignores its input would have equal scores
    np.testing.assert_allclose(found.scores, expected['scores'], atol=1e-5)
    same = found.labels == expected['labels'].numpy()  # almost equal scores may be exchanged
    assert same.mean() > 0.95
    middle = np.abs(found.segments - expected['segments'].numpy())[same].max(axis=1)
    assert np.median(middle) < 1e-4
    return len(scores)


@pytest.mark.slow
def test_a_detector_of_features_is_exported_for_any_length(tmp_path):
    config = read_config('manet_r50_pyramid_mma52_perclass', num_levels=3)
    model = save(config, tmp_path / 'detector.pth')
    export = export_detector(config, tmp_path / 'detector.pth', tmp_path / 'detector.onnx')
    assert export.shape == (None, 8)
    for num_steps in (2, 31, 64, 113, 500):
        levels = [-(-num_steps // 2**level) for level in range(3)]
        assert check_equal(export.path, model, torch.randn(num_steps, 8), 7.5) == sum(levels)
    metadata = {entry.key: entry.value for entry in onnx.load(export.path).metadata_props}
    assert json.loads(metadata[CLASSES]) == list(MA52.names)
    assert json.loads(metadata[DETECTOR])['test_cfg'] == dict(sigma=0.5, max_per_video=200)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'channels', 'backbone', 'rate'),
    [
        ('manet_r18_e2e_mma52', 64, dict(pretrained=None), 7.5),
        (
            'videomae_vit-b_adatad_mma52',
            24,
            dict(img_size=32, embed_dims=24, depth=1, num_heads=4, init_cfg=None),
            15,
        ),
    ],
)
def test_a_detector_of_frames_is_exported_for_a_length(name, channels, backbone, rate, tmp_path, capsys):
    config = read_config(name, channels, backbone=backbone)
    for step in config.test_dataloader.dataset.pipeline:
        if 'crop_size' in step:
            step.crop_size = 32
    model = save(config, tmp_path / 'detector.pth')
    config.dump(tmp_path / 'tiny.py')
    out = tmp_path / 'detector.onnx'
    main('export', [str(tmp_path / 'tiny.py'), str(tmp_path / 'detector.pth'), '--out', str(out), '--frames', '24'])
    assert 'inputs      (24, 3, 32, 32) float32' in capsys.readouterr().out
    check_equal(out, model, torch.randint(256, (24, 3, 32, 32)), rate)
    metadata = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert json.loads(metadata[DETECTOR])['frames_per_second'] == rate


@pytest.mark.parametrize(
    ('name', 'num_frames', 'message'),
    [
        ('manet_r50_pyramid_mma52', 24, 'reads features: leave out the number of frames'),
        ('manet_r18_e2e_mma52', None, 'reads frames: set the number of frames'),
    ],
)
def test_the_number_of_frames_is_asked_for_where_it_is_needed(name, num_frames, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        export_detector(CONFIGS / f'{name}.py', tmp_path / 'none.pth', tmp_path / 'out.onnx', num_frames)


@pytest.mark.parametrize(
    ('num_frames', 'step', 'message'),
    [
        (1100, None, '1,100 frames.*allowed are 1,024 frames'),
        (24, dict(type='ColorJitter'), 'contains ColorJitter'),
    ],
)
def test_what_no_command_would_open_is_not_exported(num_frames, step, message, tmp_path):
    config = Config.fromfile(CONFIGS / 'manet_r18_e2e_mma52.py')
    config.test_dataloader.dataset.pipeline += [step] if step else []
    # Before the checkpoint is read.
    with pytest.raises(ValueError, match=f'manet_r18_e2e_mma52.*{message}'):
        export_detector(config, tmp_path / 'none.pth', tmp_path / 'out.onnx', num_frames)


def test_an_exported_graph_that_no_command_would_open_is_refused(tmp_path, monkeypatch):
    config = read_config('manet_r18_e2e_mma52', 64, backbone=dict(pretrained=None))
    for step in config.test_dataloader.dataset.pipeline:
        if 'crop_size' in step:
            step.crop_size = 32
    save(config, tmp_path / 'detector.pth')
    graph = onnx.helper.make_graph([onnx.helper.make_node('Identity', ['inputs'], ['scores'])], 'graph', [], [])
    content = onnx.helper.make_model(graph).SerializeToString()
    monkeypatch.setattr('mmaction_microaction.inference.detector_export._to_onnx', lambda *_: content)
    with pytest.raises(ValueError, match=r'manet_r18_e2e_mma52 cannot be exported: .*model\.onnx'):
        export_detector(config, tmp_path / 'detector.pth', tmp_path / 'detector.onnx', 8)
    assert not (tmp_path / 'detector.onnx').exists()


def test_a_recognizer_is_not_a_detector(tmp_path):
    config = ROOT / 'tests' / 'data' / 'manet_r18_tiny.py'
    with pytest.raises(ValueError, match='Recognizer2D, not a MicroActionDetector'):
        export_detector(config, tmp_path / 'none.pth', tmp_path / 'out.onnx')

import json

import numpy as np
import pytest
import torch
from helpers.detection import BarDetector, draw_bars, write_detector
from helpers.label_sets import FOUR
from helpers.mma52 import write_table
from helpers.support import write_clip
from mmaction.registry import DATASETS
from mmengine.config import Config

from mmaction_microaction.cli import main
from mmaction_microaction.inference import (
    DetectionResult,
    MicroActionInferencer,
    write_csv,
    write_detections,
    write_json,
)
from mmaction_microaction.inference.detector import TorchDetector
from mmaction_microaction.structures.intervals import read_intervals
from mmaction_microaction.video.writer import write_video

ACTIONS = [(0.5, 6.0, 9), (2.0, 4.0, 19), (3.0, 9.5, 24), (7.0, 8.0, 9)]
pytestmark = pytest.mark.usefixtures('tiny_resnets_in_module')
NETWORK = 'mmaction_microaction.inference.inferencer.load_network'


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    return write_detector(tmp_path_factory.mktemp('detector'))


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('videos') / 'val0007.mp4'
    write_clip(path, num_frames=170, seed=3)
    return path


def test_detections_equal_those_of_a_test_run(files, video, tmp_path):
    dataset = Config.fromfile(files[0]).test_dataloader.dataset
    dataset.ann_file = str(write_table(tmp_path / 'val.csv', [('val0007', 0, 30, 9, 170, 30.0)]))
    dataset.data_prefix = dict(video=str(video.parent))
    sample = DATASETS.build(dataset)[0]
    detector = TorchDetector(*files, 'cpu')
    batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
    with torch.no_grad():
        expected = detector.model.test_step(batch)[0].pred_detections
    result = MicroActionInferencer(*files, 'cpu')(video)
    assert isinstance(result, DetectionResult)
    assert len(result.labels) == 50
    assert np.ptp(result.scores) > 0.01
    assert result.labels.tolist() == expected['labels'].tolist()
    np.testing.assert_allclose(result.scores, expected['scores'], rtol=1e-5)
    np.testing.assert_allclose(result.segments, expected['segments'], atol=1e-4)


def test_label_set_is_that_of_the_checkpoint(video, tmp_path):
    inferencer = MicroActionInferencer(*write_detector(tmp_path, FOUR, len(FOUR)), 'cpu', min_score=0)
    assert inferencer.label_set == FOUR
    names = {interval.action.name for interval in inferencer(video).intervals}
    assert names
    assert names <= set(FOUR.names)


def test_detectors_of_features_are_refused_with_the_remedy(tmp_path):
    files = write_detector(tmp_path, features=True)
    with pytest.raises(ValueError, match=r'detector\.py describes a detector of stored features.*microaction join'):
        MicroActionInferencer(*files, 'cpu')


def test_infinite_scores_are_an_error_and_not_nothing():
    detector = BarDetector()
    detector._points = lambda frames: (np.full((3, 52), np.nan), np.zeros((3, 1, 2)))
    with pytest.raises(ValueError, match='NaN'):
        detector(torch.zeros(3, 3, 4, 4), 10, 0.3)


@pytest.fixture
def bars(monkeypatch):
    """Return a function that makes an inferencer with BarDetector."""
    monkeypatch.setattr(NETWORK, lambda *_: BarDetector())
    return lambda **options: MicroActionInferencer('unused', **options)


@pytest.fixture(scope='module')
def bar_video(tmp_path_factory):
    """Write 10 s at 20 fps in which the actions of ACTIONS happen."""
    path = tmp_path_factory.mktemp('bars') / 'bars.mp4'
    images = (draw_bars(ACTIONS, (index + 0.1) / 20, 52, height=8) for index in range(200))
    write_video(path, (image.repeat(4, axis=0).repeat(4, axis=1) for image in images), (208, 32), fps=20, crf=1)
    return path


@pytest.fixture
def wide_bars(bars, monkeypatch):
    """Like bars, for the video, in which each column is four pixels wide."""
    points = BarDetector._points
    monkeypatch.setattr(BarDetector, '_points', lambda self, frames: points(self, frames[..., 1::4]))
    return bars


def triples(result):
    return [(interval.start, interval.end, interval.label) for interval in result.intervals]


def test_intervals_overlap_and_ascend_in_time(wide_bars, bar_video):
    np.testing.assert_allclose(triples(wide_bars()(bar_video)), sorted(ACTIONS), atol=0.06)
    # A sample lasts 0.1 s. The windows of 4 s do not begin with a sample of the others.
    np.testing.assert_allclose(triples(wide_bars(window=4)(bar_video)), sorted(ACTIONS), atol=0.1)


def test_nothing_is_found_where_nothing_reaches_the_minimum(wide_bars, bar_video):
    result = wide_bars(min_score=0.95)(bar_video)
    assert result.intervals == result.to_rows() == result.to_dict()['intervals'] == []
    assert result.scores[:4] == pytest.approx(0.9)
    assert [label for _, _, label in triples(wide_bars(min_duration=3)(bar_video))] == [9, 24]


def test_defaults_depend_on_the_kind_of_network(bars, monkeypatch, brightness_recognizer):
    detecting = bars()
    assert (detecting.window, detecting.step, detecting.limits['min_score']) == (15, 10, 0.3)
    assert bars(window=6).step == 4
    with pytest.raises(ValueError, match='step is 7'):
        bars(window=6, step=7)
    monkeypatch.setattr(NETWORK, lambda *_: brightness_recognizer)
    recognizing = MicroActionInferencer('unused')
    assert (recognizing.window, recognizing.step, recognizing.limits['min_score']) == (1.5, 0.5, 0)


@pytest.mark.parametrize(
    'use',
    [
        lambda inferencer: inferencer.clip('video.mp4'),
        lambda inferencer: inferencer.timeline('video.mp4'),
        lambda inferencer: next(inferencer.live([], 30)),
    ],
)
def test_what_needs_a_recognizer_says_so(bars, use):
    with pytest.raises(ValueError, match='use detect'):
        use(bars())


def test_a_recognizer_does_not_detect(monkeypatch, brightness_recognizer):
    monkeypatch.setattr(NETWORK, lambda *_: brightness_recognizer)
    with pytest.raises(ValueError, match='recognizer of clips'):
        MicroActionInferencer('unused').detect('video.mp4')


def test_files_contain_overlapping_intervals(wide_bars, bar_video, tmp_path):
    result = wide_bars()(bar_video)
    write_json([result], tmp_path / 'x.json')
    [intervals] = read_intervals(tmp_path / 'x.json').values()
    assert [interval.label for interval in intervals] == [label for _, _, label in sorted(ACTIONS)]
    write_csv([result], tmp_path / 'x.csv')
    assert len((tmp_path / 'x.csv').read_text('utf-8-sig').splitlines()) == 1 + len(ACTIONS)


def test_tables_of_the_challenge_have_no_threshold(wide_bars, bar_video, tmp_path):
    write_detections([wide_bars(min_score=0.95)(bar_video)], tmp_path / 'found.csv')
    rows = [('bars', round(start * 20), round(end * 20), label, 200, 20.0) for start, end, label in ACTIONS]
    truth = write_table(tmp_path / 'val.csv', rows)
    out = tmp_path / 'scores.json'
    main('score-detections', [str(tmp_path / 'found.csv'), '--ann-file', str(truth), '--json', str(out)])
    assert json.loads(out.read_text())['action/mAP@0.5'] == pytest.approx(100)


@pytest.mark.slow
def test_the_exported_detector_finds_what_the_detector_finds(files, video, tmp_path):
    for package in ('onnx', 'onnxruntime', 'onnxscript'):
        pytest.importorskip(package)
    out = tmp_path / 'x.onnx'
    main('export', [*map(str, files), '--out', str(out), '--frames', '43'])  # 170 frames, 7.5 a second
    expected, exported = MicroActionInferencer(*files, 'cpu')(video), MicroActionInferencer(out)(video)
    np.testing.assert_allclose(exported.scores, expected.scores, atol=1e-4)
    same = exported.labels == expected.labels  # almost equal scores may be exchanged
    assert same.mean() > 0.9
    assert np.median(np.abs(exported.segments - expected.segments)[same]) < 1e-3

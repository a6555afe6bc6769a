import json

import numpy as np
import pytest

from mmaction_microaction.benchmarks.demo import DemoSpeed, compare_demo, repeat_video
from mmaction_microaction.cli import main
from mmaction_microaction.inference import onnx_model
from mmaction_microaction.inference.onnx_session import open_session
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
from helpers.onnx_files import brightness_model

PIPELINE = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=2, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(5, 4), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]


@pytest.fixture
def network(tmp_path):
    """Write an exported network whose scores depend on the brightness of two frames of a window."""
    model = brightness_model()
    next(entry for entry in model.metadata_props if entry.key == 'pipeline').value = json.dumps(PIPELINE)
    (tmp_path / 'network.onnx').write_bytes(model.SerializeToString())
    return tmp_path / 'network.onnx'


@pytest.fixture
def video(tmp_path):
    """Write 3 s at 10 fps, whose brightness rises from black to white."""
    frames = (np.full((16, 20, 3), 8 * index, np.uint8) for index in range(30))
    write_video(tmp_path / 'video.mp4', frames, (20, 16), fps=10)
    return tmp_path / 'video.mp4'


def test_speeds_are_seconds_of_video_per_second():
    seconds, baseline = [np.array([2, 1]), np.array([4, 2])], [np.array([5, 5]), np.array([4, 5])]
    speed = DemoSpeed.of('ours', 10, seconds, baseline, 98.5)
    assert (speed.cpu, speed.elapsed, speed.ratios) == ([5, 2.5], [10, 5], [2.5, 1])
    assert ' '.join(str(speed).split()) == 'ours 3.75 7.50 1.75x (1.00 to 2.50) same action 98.5 %'


def test_agreement_is_the_share_of_windows_with_the_same_best_action(network, video, monkeypatch):
    def open_other_session(path, content, device, *args, **kwargs):
        run = open_session(path, content, device, *args, **kwargs)
        if device != 'openvino':
            return run
        # The four windows have a brightness of about 60, 100, 140 and 180.
        return lambda clips: [np.where(clips.mean(axis=(1, 2, 3, 4))[:, None] > 160, *_both_ways(run(clips)[0]))]

    monkeypatch.setattr(onnx_model, 'open_session', open_other_session)
    onnxruntime, _, openvino, *_ = compare_demo([network], [video], rounds=1)
    assert (onnxruntime.agreement, openvino.agreement) == (100, 75)


def _both_ways(scores):
    return scores[:, ::-1], scores


@pytest.mark.usefixtures('memory_of_this_process')
def test_command_reports_runtimes_parts_and_memory(network, video, tmp_path, capsys):
    options = ['--model', network, '--rounds', 2, '--memory', '--json', tmp_path / 'x.json']
    main('benchmark', ['demo', str(video), *map(str, options)])
    output = capsys.readouterr().out
    rows = json.loads((tmp_path / 'x.json').read_text())['results']
    names = [row['title'] for row in rows]
    assert [name.split()[0] for name in names[:4]] == ['ONNX', 'ONNX', 'OpenVINO', 'OpenVINO']
    assert names[4:] == ['decoding', 'preparation', 'memory, 4 x as long']
    assert all(name in output for name in names)
    for whole, part in (rows[:2], rows[2:4]):
        assert part['title'] == f'{whole["title"]}, network'
        # The whole takes longer than its part.
        assert all(0 < whole['elapsed'][index] < part['elapsed'][index] for index in range(2))
    assert all(rows[6][side][0] > 1 for side in ('baseline', 'ours'))


def test_repeated_video_has_the_frames_of_all_copies(video, tmp_path):
    repeat_video(video, 3, tmp_path / 'long.mkv')
    long = Video(tmp_path / 'long.mkv')
    assert (long.num_frames, long.duration) == (90, pytest.approx(9))
    levels = [frame.to_rgb().mean() for frame in long.frames()]
    assert levels[30:60] == levels[:30]
    assert levels[29] > levels[0] + 200

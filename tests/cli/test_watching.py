"""Tests of watching a camera with demo.py, and of events that end it."""

import json
import runpy
import signal
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.support import ROOT
from rich.console import Console

from mmaction_microaction.cli.demo import print_skipped
from mmaction_microaction.inference import WRITERS
from mmaction_microaction.video.reader import Video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


@pytest.fixture
def watch(monkeypatch, capsys, checkpoint, clip, tmp_path):
    """Return a function that watches a file instead of a camera, with windows of 12 frames.

    The function calls a given function before each frame. It returns the exit status, output and errors.
    """

    def watch(before_frame, *options):
        def frames(camera, seconds):
            watch.camera = camera
            for frame in Video(clip).frames():
                before_frame(frame.index)
                if camera._stopped:
                    return
                yield frame

        monkeypatch.setattr('mmaction_microaction.inference.CameraStream.frames', frames)
        monkeypatch.setattr(warnings, 'showwarning', warnings.showwarning)
        arguments = ['--camera', clip, '--model', CONFIG, checkpoint, '--window', 0.4, '--step', 0.2]
        monkeypatch.setattr(sys, 'argv', ['demo', *map(str, [*arguments, '--json', tmp_path / 'x.json', *options])])
        try:
            runpy.run_path(str(ROOT / 'tools/demo.py'), run_name='__main__')
            status = 0
        except SystemExit as stop:
            status = stop.code
        return status, capsys.readouterr().out

    return watch


def seconds_written(tmp_path):
    [watched] = json.loads((tmp_path / 'x.json').read_text())
    return watched['duration'], watched['intervals'][-1]['end']


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM', 'SIGHUP'])
def test_signal_ends_watching_and_results_are_written(name, watch, tmp_path):
    before = signal.getsignal(getattr(signal, name))
    status, output = watch(lambda index: signal.raise_signal(getattr(signal, name)) if index == 30 else None)
    assert status == 0
    # Windows have 12 frames at 30 frames per second and start every 6 frames. The last complete one starts at frame 18.
    assert seconds_written(tmp_path) == (1.0, 1.0)
    assert f'camera {tmp_path}' not in output
    assert '1.0 s' in output
    assert signal.getsignal(getattr(signal, name)) == before


@pytest.mark.parametrize('error', [ConnectionError('no frame for 7 s'), MemoryError('Unable to allocate 9 TiB')])
def test_error_ends_watching_and_results_are_written(error, watch, tmp_path):
    def fail(index):
        if index == 30:
            raise error

    status, _ = watch(fail, '--reconnect', '7')
    assert str(error) in status
    assert watch.camera.max_absence == 7
    assert seconds_written(tmp_path) == (1.0, 1.0)


def test_skipped_windows_and_dropped_frames_are_counted(capsys):
    camera = SimpleNamespace(fps=30, num_dropped=1234)
    print_skipped(np.array([0, 0.5, 2, 2.5]), camera, 0.5, ', or there was no person', Console(soft_wrap=True))
    output = capsys.readouterr().out
    assert '2 of 6 windows were skipped: frames were missing, or there was no person. 1,234 frames' in output
    assert '--step' in output
    camera.num_dropped = 0
    print_skipped(np.array([0, 0.5, 2, 2.5]), camera, 0.5, '', Console(soft_wrap=True))
    assert 'dropped' not in capsys.readouterr().out


def test_network_failure_ends_watching_and_results_are_written(watch, tmp_path, monkeypatch):
    calls = []

    def call(self, inputs):
        calls.append(len(inputs))
        return np.full((1, 52), 1 / 52 if len(calls) < 4 else np.nan)

    monkeypatch.setattr('mmaction_microaction.inference.recognizer.TorchRecognizer.__call__', call)
    status, _ = watch(lambda index: None)
    assert status.startswith('error: ')
    assert '0.6 s' in status
    assert seconds_written(tmp_path) == (0.8, 0.8)


def test_results_are_written_after_a_full_disk_while_watching(watch, tmp_path, monkeypatch):
    now, written = [0.0], []
    monkeypatch.setattr('time.monotonic', lambda: now[0])

    def write(results, path):
        written.append(results[0].duration)
        if len(written) == 1:
            raise OSError(28, 'No space left on device', str(path))

    monkeypatch.setitem(WRITERS, '.json', write)

    def pass_time(index):
        now[0] += 8

    status, output = watch(pass_time)
    assert status == 0
    assert 'No space left on device' in output
    # Windows are complete at 12, 18, 24, 30 and 36 frames, of 8 s each: after 96, 144, 192, 240 and 288 s.
    assert written == pytest.approx([0.4, 0.8, 1.2, 1.2])


def test_improbable_actions_are_not_named(watch):
    _, output = watch(lambda index: None, '--min-score', '1')
    assert output.count('no action reaches --min-score') == 5

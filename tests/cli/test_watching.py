"""A camera that is watched by demo.py, and what may end it."""

import json
import runpy
import signal
import sys
import warnings

import numpy as np
import pytest
from helpers.support import ROOT

from mmaction_microaction.video.reader import Video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


@pytest.fixture
def watch(monkeypatch, capsys, checkpoint, clip, tmp_path):
    """Watch a file in place of a camera, with windows of 12 frames; something may happen before a frame.

    Gives exit status, output and errors.
    """

    def watch(before_frame, *options):
        def frames(camera, seconds):
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
def test_a_signal_ends_watching_with_its_results(name, watch, tmp_path):
    before = signal.getsignal(getattr(signal, name))
    status, output = watch(lambda index: signal.raise_signal(getattr(signal, name)) if index == 30 else None)
    assert status == 0
    # Windows of 12 frames of 30 a second, every 6: the last that is whole begins with frame 18.
    assert seconds_written(tmp_path) == (1.0, 1.0)
    assert f'camera {tmp_path}' not in output
    assert '1.0 s' in output
    assert signal.getsignal(getattr(signal, name)) == before


@pytest.mark.parametrize('error', [OSError(5, 'Input/output error'), MemoryError('Unable to allocate 9 TiB')])
def test_an_error_ends_watching_with_its_results(error, watch, tmp_path):
    def fail(index):
        if index == 30:
            raise error

    status, _ = watch(fail)
    assert str(error) in status
    assert seconds_written(tmp_path) == (1.0, 1.0)


def test_a_network_that_fails_ends_watching_with_its_results(watch, tmp_path, monkeypatch):
    calls = []

    def call(self, inputs):
        calls.append(len(inputs))
        return np.full((1, 52), 1 / 52 if len(calls) < 4 else np.nan)

    monkeypatch.setattr('mmaction_microaction.inference.recognizer.TorchRecognizer.__call__', call)
    status, _ = watch(lambda index: None)
    assert status.startswith('error: ')
    assert '0.6 s' in status
    assert seconds_written(tmp_path) == (0.8, 0.8)


def test_results_are_written_while_watching_even_if_the_disk_is_full_meanwhile(watch, tmp_path, monkeypatch):
    now, written = [0.0], []
    monkeypatch.setattr('time.monotonic', lambda: now[0])

    def write(results, path):
        written.append(results[0].duration)
        if len(written) == 1:
            raise OSError(28, 'No space left on device', str(path))

    monkeypatch.setattr('mmaction_microaction.inference.write_json', write)

    def pass_time(index):
        now[0] += 8

    status, output = watch(pass_time)
    assert status == 0
    assert 'No space left on device' in output
    # Windows are complete at 12, 18, 24, 30 and 36 frames, of 8 s each: after 96, 144, 192, 240 and 288 s.
    assert written == pytest.approx([0.4, 0.8, 1.2, 1.2])


def test_what_is_too_unlikely_is_not_named(watch):
    _, output = watch(lambda index: None, '--min-score', '1')
    assert output.count('no action reaches --min-score') == 5

import time
from fractions import Fraction

import av
import numpy as np
import pytest
from helpers.support import write_clip

from mmaction_microaction.webui import limits
from mmaction_microaction.webui.limits import LimitedVideo


def check(path, max_seconds=10):
    LimitedVideo(path, max_seconds, minutes=1)


def write(path, size, num_frames, rate=30):
    """Write grey frames as Motion JPEG."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mjpeg', rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuvj420p'
        stream.codec_context.time_base = Fraction(1, rate)
        frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 128, np.uint8), format='rgb24')
        for index in range(num_frames):
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_large_frames_are_rejected_from_the_header(tmp_path):
    # 16.8 million pixels: one row too many.
    with pytest.raises(ValueError, match=r'large\.avi has frames of 4096 x 4112 pixels, but at most 16[.]8 million'):
        check(write(tmp_path / 'large.avi', (4096, 4112), 1))
    check(write(tmp_path / 'wide.avi', (8192, 2048), 1))


def test_unknown_codec_is_rejected(tmp_path):
    write(tmp_path / 'a.mkv', (32, 32), 3)
    content = (tmp_path / 'a.mkv').read_bytes()
    assert content.count(b'V_MJPEG') == 1
    (tmp_path / 'a.mkv').write_bytes(content.replace(b'V_MJPEG', b'V_MJPEQ'))
    with pytest.raises(ValueError, match=r'a\.mkv has a codec that FFmpeg cannot decode'):
        check(tmp_path / 'a.mkv')


def test_too_many_frames_are_rejected_in_short_videos(tmp_path):
    fast = write(tmp_path / 'fast.mkv', (32, 32), 241, rate=1000)
    check(fast, max_seconds=2.01)
    with pytest.raises(ValueError, match=r'fast\.mkv has more than 240 frames'):
        check(fast, max_seconds=2)


def test_too_many_pixels_per_second_are_rejected(tmp_path, monkeypatch):
    write_clip(tmp_path / 'clip.mp4', num_frames=60, size=(96, 80))
    # 2 s at 30 frames per second.
    monkeypatch.setattr(limits, 'MAX_PIXEL_RATE', 96 * 80 * 30)
    check(tmp_path / 'clip.mp4')
    monkeypatch.setattr(limits, 'MAX_PIXEL_RATE', 96 * 80 * 30 - 1)
    with pytest.raises(ValueError, match=r'clip\.mp4 has more pixels per second'):
        check(tmp_path / 'clip.mp4')


def test_reading_stops_at_the_time_limit(tmp_path, monkeypatch):
    write_clip(tmp_path / 'clip.mp4', num_frames=12)
    now = [0.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now[0])
    video = LimitedVideo(tmp_path / 'clip.mp4', 10, minutes=2)
    seen = []

    def watch():
        for frame in video.frames():
            seen.append(frame.index)
            now[0] += 29

    with pytest.raises(ValueError, match=r'clip\.mp4 takes longer than the 2 minutes'):
        watch()
    # After 0, 29, 58, 87 and 116 seconds.
    assert seen == [0, 1, 2, 3, 4]

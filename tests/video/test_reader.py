import re
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from helpers.field_video import write_field_video
from helpers.odd_videos import cut_without_encoding, numbered, write_plain
from helpers.processes import run_python

from mmaction_microaction.video import reader
from mmaction_microaction.video.reader import Video


@pytest.mark.parametrize('name', ['a.mp4', 'b.mkv', 'c.avi', 'video mit Umlaut ö 世界.mp4'])
def test_frames_are_read_in_order_with_their_times(tmp_path, name):
    write_plain(tmp_path / name, numbered(30))
    video = Video(tmp_path / name)
    assert (video.width, video.height) == (64, 48)
    assert (video.num_frames, video.fps, video.duration) == (30, 25, 1.2)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(30) / 25, abs=0.002)
    assert [frame.to_rgb().mean() for frame in frames] == pytest.approx(20 + 4 * np.arange(30), abs=3)


def test_duration_of_browser_recording_is_that_of_its_frames(tmp_path):
    # The rate is 25 frames per second except for a gap.
    times = [40 * i for i in range(20)] + [2000, 2040, 2080]
    with av.open(str(tmp_path / 'rate.webm'), 'w') as container:
        stream = container.add_stream('libvpx')
        stream.width, stream.height = 64, 48
        for time, frame in zip(times, numbered(len(times))):
            video_frame = av.VideoFrame.from_ndarray(frame, format='rgb24')
            video_frame.pts, video_frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(video_frame))
        container.mux(stream.encode(None))
    # Browsers omit the rate, so a void element replaces it.
    content = (tmp_path / 'rate.webm').read_bytes()
    (tmp_path / 'recorded.webm').write_bytes(
        re.sub(rb'\x23\xe3\x83\x84....', b'\xec\x86' + bytes(6), content, flags=re.S)
    )
    video = Video(tmp_path / 'recorded.webm')
    assert video.num_frames == 23
    assert video.duration == pytest.approx(23 * 2.08 / 22, abs=0.05)
    assert [frame.time for frame in video.frames()] == pytest.approx(np.array(times) / 1000, abs=0.045)


@pytest.mark.parametrize('rotation', [90, -90, 180])
def test_frames_are_upright_as_in_opencv(tmp_path, rotation):
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:16, :16] = (250, 30, 30)
    frame[:16, -16:] = (30, 250, 30)
    write_plain(tmp_path / 'phone.mp4', [frame] * 5, rotation=rotation)
    ours = next(Video(tmp_path / 'phone.mp4').frames()).to_rgb().astype(int)
    theirs = cv2.VideoCapture(str(tmp_path / 'phone.mp4')).read()[1][..., ::-1]
    assert ours.shape == theirs.shape == ((64, 48, 3) if rotation % 180 else (48, 64, 3))
    assert np.abs(ours - theirs).mean() < 3


def test_variable_frame_rate_is_measured(tmp_path):
    # The rate is 20 frames per second for 0.5 s and 2 for 5 s. The header may contain 20.
    times = [*range(0, 500, 50), *range(500, 5500, 500)]
    for name in ('varying.mp4', 'varying.mkv'):
        with av.open(str(tmp_path / name), 'w') as container:
            stream = container.add_stream('libx264', rate=20, options={'bf': '0'})
            stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
            stream.codec_context.time_base = Fraction(1, 1000)
            for time, frame in zip(times, numbered(len(times))):
                video_frame = av.VideoFrame.from_ndarray(frame, format='rgb24')
                video_frame.pts, video_frame.time_base = time, Fraction(1, 1000)
                container.mux(stream.encode(video_frame))
            container.mux(stream.encode(None))
        video = Video(tmp_path / name)
        assert video.times == pytest.approx(np.array(times) / 1000, abs=0.002)
        assert [frame.time for frame in video.frames()] == pytest.approx(video.times, abs=0.002)
        assert video.fps == pytest.approx(19 / 5, rel=1e-3)
        assert video.duration == pytest.approx(20 / 3.8, rel=1e-3)


def test_frames_hidden_by_a_cut_are_not_counted(tmp_path):
    write_plain(tmp_path / 'whole.mp4', numbered(30))
    cut_without_encoding(tmp_path / 'whole.mp4', tmp_path / 'cut.mp4', first=7)
    with av.open(str(tmp_path / 'cut.mp4')) as container:
        assert container.streams.video[0].frames == 30  # number of frames in the header
    video = Video(tmp_path / 'cut.mp4')
    assert (video.num_frames, video.fps) == (23, 25)
    assert [frame.to_rgb().mean() for frame in video.frames()] == pytest.approx(20 + 4 * np.arange(7, 30), abs=3)


def grey_levels(frames):
    return [round(float(frame.to_rgb().mean() - 20) / 4) for frame in frames]


def test_b_frames_in_avi_are_read_in_order(tmp_path):
    write_plain(tmp_path / 'b.avi', numbered(30), bf='3')
    frames = list(Video(tmp_path / 'b.avi').frames())
    assert [frame.index for frame in frames] == list(range(30))
    assert grey_levels(frames) == list(range(30))


@pytest.mark.parametrize(('name', 'codec', 'pixels'), [('a.avi', 'mjpeg', 'yuvj420p'), ('a.mkv', 'libvpx', 'yuv420p')])
def test_a_damaged_frame_is_replaced_by_the_next_one(tmp_path, name, codec, pixels):
    # Every frame is a key frame.
    with av.open(str(tmp_path / name), 'w') as container:
        stream = container.add_stream(codec, rate=25, options={'g': '1'})
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for index, frame in enumerate([*numbered(30), None]):
            video_frame = frame if frame is None else av.VideoFrame.from_ndarray(frame, format='rgb24')
            for packet in stream.encode(video_frame):
                if index == 10:
                    damaged = av.Packet(b'\xff' * packet.size)
                    damaged.pts, damaged.dts, damaged.time_base = packet.pts, packet.dts, packet.time_base
                    damaged.stream, packet = stream, damaged
                container.mux(packet)
    video = Video(tmp_path / name)
    assert (video.num_frames, video.duration) == (30, 1.2)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(30))
    assert grey_levels(frames) == [*range(10), 11, *range(11, 30)]


def cut_between_key_frames(path, frames, lost):
    """Write a transport stream without its first packets, like a recording of a broadcast."""
    write_plain(path.with_name('whole.ts'), frames, g='10')
    content = path.with_name('whole.ts').read_bytes()
    packets = [content[start : start + 188] for start in range(0, len(content), 188)]
    # The tables at the start are kept. 0x100 is the ID of the video stream.
    video_packets = [packet for packet in packets if (packet[1] & 0x1F) << 8 | packet[2] == 0x100]
    starts = [index for index, packet in enumerate(video_packets) if packet[1] & 0x40]
    tables = [packet for packet in packets if (packet[1] & 0x1F) << 8 | packet[2] != 0x100][:3]
    path.write_bytes(b''.join([*tables, *video_packets[starts[lost] :]]))


def test_a_stream_that_begins_between_key_frames_keeps_its_times(tmp_path):
    cut_between_key_frames(tmp_path / 'cut.ts', numbered(40), lost=4)
    video = Video(tmp_path / 'cut.ts')
    assert (video.num_frames, video.duration) == (36, pytest.approx(1.44, abs=0.01))
    frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(36))
    # No frame before the next key frame (the tenth) can be decoded. The key frame also replaces the frames before it.
    assert grey_levels(frames) == [10] * 6 + list(range(10, 40))
    assert frames[6].time == pytest.approx(6 / 25, abs=0.01)


def test_streams_joined_byte_by_byte_are_rejected(tmp_path):
    write_plain(tmp_path / 'a.ts', numbered(30))
    (tmp_path / 'joined.ts').write_bytes((tmp_path / 'a.ts').read_bytes() * 2)
    with pytest.raises(ValueError, match=r'joined\.ts .*repeated timestamps'):
        Video(tmp_path / 'joined.ts')


def test_duration_is_computed_from_the_times_rather_than_the_header(tmp_path):
    with av.open(str(tmp_path / 'a.mkv'), 'w') as container:
        stream = container.add_stream('libx264', rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for index in range(600):
            if index % 60 != 59:
                video_frame = av.VideoFrame.from_ndarray(numbered(1)[0], format='rgb24')
                video_frame.pts, video_frame.time_base = index, Fraction(1, 30)
                container.mux(stream.encode(video_frame))
        container.mux(stream.encode(None))
    assert Video(tmp_path / 'a.mkv').duration == pytest.approx(20 - 1 / 30, abs=0.01)


def test_large_file_is_read_in_little_memory(tmp_path):
    code = """
import av, numpy as np
from mmaction_microaction.video import reader
from mmaction_microaction.video.reader import Video
with av.open('large.mkv', 'w') as container:
    stream = container.add_stream('rawvideo', rate=25)
    stream.width, stream.height, stream.pix_fmt = 1024, 1024, 'yuv420p'
    for index in range(80):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((1536, 1024), np.uint8), format='yuv420p')))
    container.mux(stream.encode(None))
peak = lambda: next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) // 1024
before = peak()
print(Video('large.mkv').num_frames, peak() - before)
"""
    done = run_python(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    frames, grown = map(int, done.stdout.split())
    assert frames == 80
    # MiB, for a file of 120 MiB
    assert grown < 30


def test_two_fields_are_read_as_one_frame(tmp_path):
    path = tmp_path / 'camcorder.mts'
    write_field_video(path, [np.full((64, 64), 40 + 5 * index, np.uint8) for index in range(20)])
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert (len(times), times.count(None)) == (40, 20)
    video = Video(path)
    assert (video.num_frames, video.fps, video.duration) == (20, 25, 0.8)
    assert [(frame.index, frame.time) for frame in video.frames()] == [(n, pytest.approx(n / 25)) for n in range(20)]


ODD_VIDEOS = {
    'plain.mp4': lambda path: write_plain(path, numbered(56), bf='3'),
    'b_frames.avi': lambda path: write_plain(path, numbered(56), bf='3'),
    'raw.h264': lambda path: write_plain(path, numbered(56), bf='3'),
    'key_frames.mkv': lambda path: write_plain(path, numbered(56), g='1'),
    'cut.ts': lambda path: cut_between_key_frames(path, numbered(56), lost=4),
    'fields.mts': lambda path: write_field_video(path, [np.full((64, 64), 40 + i, np.uint8) for i in range(60)]),
}


@pytest.mark.parametrize('step', [2, 7, 25, 100])
@pytest.mark.parametrize('name', ODD_VIDEOS)
def test_some_frames_are_the_same_as_among_all(name, step, tmp_path):
    ODD_VIDEOS[name](tmp_path / name)
    video = Video(tmp_path / name)
    expected = [frame for frame in video.frames() if frame.index % step == 0]
    found = list(video.frames(step))
    assert [frame[:2] for frame in found] == [frame[:2] for frame in expected]
    for frame, other in zip(found, expected, strict=True):
        assert (frame.to_rgb() == other.to_rgb()).all()


@pytest.mark.parametrize(('step', 'least', 'most'), [(1, 56, 56), (20, 3, 40)])
def test_frames_that_no_other_refers_to_are_not_decoded(step, least, most, tmp_path, monkeypatch):
    write_plain(tmp_path / 'a.mp4', numbered(56), bf='3')
    decoded, decode = [], reader._decode

    def count(*args):
        for frame in decode(*args):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(reader, '_decode', count)
    assert [frame.index for frame in Video(tmp_path / 'a.mp4').frames(step)] == list(range(0, 56, step))
    assert least <= len(decoded) <= most

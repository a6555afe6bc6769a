import struct

import av
import numpy as np
import pytest
from helpers.odd_videos import grey, write_frames
from helpers.processes import run_python

from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sparse_decoding import decode, open_video

LEVELS = np.arange(20, 200, 6)
"""Grey levels of 30 frames."""


def levels(images):
    return [round(float(image.mean() - 20) / 6) for image in images]


def patch(content, table, offset, *numbers, order='>'):
    """Overwrite numbers after the name of a table of a file."""
    content = bytearray(content)
    struct.pack_into(f'{order}{len(numbers)}I', content, content.index(table) + 4 + offset, *numbers)
    return content


def with_edits(content, count):
    """Change the edit list of an MP4 so that all frames are shown many times."""
    start = content.index(b'edts') - 4
    [size] = struct.unpack_from('>I', content, start)
    entries = struct.pack('>II', 0, count) + struct.pack('>IiI', 1000, 0, 65536) * count
    box = struct.pack('>I4sI4s', 16 + len(entries), b'edts', 8 + len(entries), b'elst') + entries
    longer = bytearray(content[:start] + box + content[start + size :])
    for name in (b'trak', b'moov'):
        offset = longer.index(name) - 4
        [old] = struct.unpack_from('>I', longer, offset)
        struct.pack_into('>I', longer, offset, old + len(box) - size)
    return longer


def in_sample_entry(content, table):
    """Move a table of an MP4 into its sample description."""
    offset = content.index(table) - 4
    [size] = struct.unpack_from('>I', content, offset)
    box, start = content[offset : offset + size], content.index(b'stsd') - 4
    [end] = struct.unpack_from('>I', content, start)
    content = content.replace(table, b'none')
    longer = content[: start + end] + box + content[start + end :]
    for name in (b'moov', b'trak', b'mdia', b'minf', b'stbl', b'stsd', b'avc1'):
        offset = longer.index(name, longer.index(b'moov')) - 4
        [old] = struct.unpack_from('>I', longer, offset)
        struct.pack_into('>I', longer, offset, old + size)
    return longer


@pytest.fixture(scope='module')
def wrong_headers(tmp_path_factory):
    """Write files of 30 frames with wrong headers."""
    folder = tmp_path_factory.mktemp('wrong_headers')
    for name, codec, options in (
        ('a.avi', 'mpeg4', {'flags': 'qscale', 'global_quality': '118'}),
        ('a.mp4', 'libx264', {'bf': '0', 'crf': '5'}),
        ('a.mkv', 'libx264', {'bf': '0', 'crf': '5'}),
    ):
        write_frames(folder / name, grey(LEVELS), codec, rate=30, options=options)
    avi, mp4, mkv = ((folder / f'a.{ending}').read_bytes() for ending in ('avi', 'mp4', 'mkv'))
    # Fields of the stream header: scale, rate, start, length.
    (folder / 'length.avi').write_bytes(patch(avi, b'strh', 4 + 32, 2**31 - 1, order='<'))
    (folder / 'slow.avi').write_bytes(patch(avi, b'strh', 4 + 20, 1_000_000_000, 1, order='<'))
    (folder / 'fast.avi').write_bytes(patch(avi, b'strh', 4 + 20, 1, 1_000_000_000, order='<'))
    (folder / 'times.mp4').write_bytes(patch(mp4, b'stts', 8, 2**31 - 1, 512))
    (folder / 'duration.mp4').write_bytes(patch(mp4, b'mdhd', 16, 2**32 - 2))
    sizes = patch(patch(mp4, b'stsz', 4, 1, 20_000_000), b'stsc', 8, 1, 20_000_000, 1)
    (folder / 'samples.mp4').write_bytes(patch(sizes, b'stts', 8, 20_000_000, 512))
    (folder / 'units.mp4').write_bytes(patch(sizes, b'stts', 8, 20_000_000, 1))
    (folder / 'behind.mp4').write_bytes(struct.pack('>I4s', 8, b'junk') + sizes)
    for name in (b'free', b'hoov'):
        (folder / f'{name.decode()}.mp4').write_bytes(sizes.replace(b'moov', name))
    (folder / 'sinf.mp4').write_bytes(sizes.replace(b'stbl', b'sinf'))
    (folder / 'entry.mp4').write_bytes(in_sample_entry(sizes, b'stsz'))
    (folder / 'edits.mp4').write_bytes(with_edits(mp4, 400_000))
    duration = mkv.index(b'\x44\x89\x88') + 3
    (folder / 'duration.mkv').write_bytes(mkv[:duration] + struct.pack('>d', 1e18) + mkv[duration + 8 :])
    fragmented = folder / 'fragments.mp4'
    with av.open(str(fragmented), 'w', options={'movflags': 'frag_keyframe+empty_moov'}) as container:
        stream = container.add_stream('libx264', rate=30, options={'bf': '0'})
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for image in [*grey(LEVELS), None]:
            container.mux(stream.encode(image if image is None else av.VideoFrame.from_ndarray(image, format='rgb24')))
    fragmented.write_bytes(patch(patch(fragmented.read_bytes(), b'trun', 0, 1), b'trun', 4, 50_000_000))
    return folder


@pytest.mark.parametrize('name', ['length.avi', 'times.mp4', 'duration.mp4', 'duration.mkv'])
def test_wrong_headers_change_nothing(wrong_headers, name):
    video = Video(wrong_headers / name)
    assert (video.num_frames, video.fps, video.duration) == (30, 30, pytest.approx(1, abs=0.002))
    assert levels(frame.to_rgb() for frame in video.frames()) == list(range(30))
    opened = open_video(wrong_headers / name)
    assert (opened.num_frames, opened.fps) == (30, 30)
    assert levels(dict(decode(opened, [3, 29])).values()) == [3, 29]


def test_missing_frames_are_counted_but_have_no_times(wrong_headers):
    video = Video(wrong_headers / 'length.avi')
    assert (video.num_lost, len(video.times)) == (2**31 - 1 - 30, 30)


@pytest.mark.parametrize('name', ['samples', 'units', 'behind', 'free', 'hoov', 'sinf', 'entry', 'edits', 'fragments'])
def test_tables_larger_than_the_file_are_rejected(wrong_headers, name):
    for open_ in (Video, open_video):
        with pytest.raises(ValueError, match=rf'{name}\.mp4 has [\d,]+ bytes, but claims [\d,]+ frames'):
            open_(str(wrong_headers / f'{name}.mp4'))


def test_implausible_frame_rates_are_rejected(wrong_headers):
    for open_ in (Video, open_video):
        with pytest.raises(ValueError, match=r'fast\.avi claims 1e\+09 frames per second'):
            open_(str(wrong_headers / 'fast.avi'))


def test_frames_that_last_decades_are_gaps(wrong_headers):
    video = Video(wrong_headers / 'slow.avi')
    assert (video.num_frames, len(video.gaps)) == (30, 29)
    assert video.fps == pytest.approx(1 / 120)


def test_wrong_headers_do_not_increase_memory(wrong_headers):
    code = """
import os
from mmaction_microaction.inference.windows import cut
from mmaction_microaction.video.reader import Video
peak = lambda: next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) // 1024
Video('a.avi')
before = peak()
for name in os.listdir():
    try:
        video = Video(name)
    except ValueError:
        continue
    assert len(cut(video.times, video.duration, 1.5, 0.5)) <= 300
print(peak() - before)
"""
    done = run_python(code, cwd=wrong_headers)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100  # MiB


@pytest.mark.parametrize('hours', [26.5, 24 * 365 * 30])
def test_clock_jump_leaves_a_gap(tmp_path, hours):
    jump = round(hours * 3_600_000)
    stamps = [33 * i + (jump if i >= 15 else 0) for i in range(30)]
    write_frames(tmp_path / 'jump.mkv', grey(LEVELS), options={'crf': '5'}, rate=30, stamps=stamps)
    video = Video(tmp_path / 'jump.mkv')
    assert video.fps == pytest.approx(1000 / 33, rel=0.03)
    assert video.gaps.tolist() == [pytest.approx([14 * 0.033, 15 * 0.033 + hours * 3600], abs=0.02)]
    assert levels(frame.to_rgb() for frame in video.frames()) == list(range(30))
    assert open_video(tmp_path / 'jump.mkv').fps == video.fps


def join(path, begins, b_frames):
    """Write recordings of 20 and 10 frames into one file, whose clocks start at the given times in seconds."""
    content = b''
    for part, start in zip((LEVELS[:20], LEVELS[20:]), begins):
        stamps = [1000 * start + 40 * i for i in range(len(part))]
        write_frames(path, grey(part), options={'crf': '5', 'bf': b_frames, 'g': '400'}, stamps=stamps)
        content += path.read_bytes()
    path.write_bytes(content)


@pytest.mark.parametrize('b_frames', ['0', '2'])
@pytest.mark.parametrize('step_back', [3, 40])
def test_times_continue_after_the_clock_is_set_back(tmp_path, step_back, b_frames):
    path = tmp_path / 'both.ts'
    join(path, (1000, 1000 - step_back), b_frames)
    video = Video(path)
    assert (video.num_frames, len(video.gaps)) == (30, 0)
    assert video.fps == pytest.approx(25)
    assert video.times == pytest.approx(np.arange(30) / 25, abs=0.05)
    assert levels(frame.to_rgb() for frame in video.frames()) == list(range(30))
    assert levels(dict(decode(open_video(path), range(30))).values()) == list(range(30))


def test_clock_set_back_by_hours_is_treated_as_wrapped(tmp_path):
    # The clock of a transport stream has 33 bits, at 90 kHz.
    path = tmp_path / 'both.ts'
    join(path, (36_000, 1000), '2')
    video = Video(path)
    assert video.gaps.tolist() == [pytest.approx([19 / 25, 2**33 / 90_000 - 35_000], abs=0.05)]
    assert video.fps == pytest.approx(25)
    assert levels(frame.to_rgb() for frame in video.frames()) == list(range(30))


def test_b_frames_are_not_mistaken_for_a_clock_set_back(tmp_path):
    # The rate is one frame per second. Two successive B-frames refer to the next frame, which is decoded first.
    stamps = [1000 * i for i in range(30)]
    write_frames(tmp_path / 'slow.mkv', grey(LEVELS), options={'crf': '5', 'bf': '3', 'b-adapt': '0'}, stamps=stamps)
    with av.open(str(tmp_path / 'slow.mkv')) as container:
        decoded = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert min(np.diff(decoded)) < -1000
    video = Video(tmp_path / 'slow.mkv')
    assert video.times == pytest.approx(np.arange(30), abs=0.002)
    assert levels(frame.to_rgb() for frame in video.frames()) == list(range(30))

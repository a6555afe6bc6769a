import av
import numpy as np
import pytest
from helpers.odd_videos import numbered, write_plain
from helpers.sounds import RATE, find_delay, make_clicks, read_sound, write_with_sound

from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sound import Sound
from mmaction_microaction.video.writer import write_playable_video

CLICKS = [0.6, 1.44, 3.2]  # at frames, and at different distances


def copy(source, target, left_out=()):
    video = Video(source)
    with Sound(video, left_out) as sound:
        frames = (frame.to_rgb() for frame in video.frames())
        write_playable_video(target, frames, (64, 48), fps=25, sound=sound)


def codec_of(path):
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams.audio]


@pytest.mark.parametrize(
    ('name', 'codec', 'packed', 'rate', 'copied'),
    [
        ('a.mp4', 'aac', 'flt', 48000, 'aac'),
        ('a.ts', 'aac', 'flt', 44100, 'aac'),
        ('a.mkv', 'libmp3lame', 'flt', 44100, 'mp3float'),
        ('a.mkv', 'libopus', 's16', 48000, 'opus'),
        ('a.mkv', 'flac', 's16', 48000, 'flac'),
        ('a.mov', 'pcm_s16le', 's16', 48000, 'aac'),
        ('a.avi', 'pcm_s16le', 's16', 44100, 'aac'),
        ('a.mkv', 'mp2', 's16', 44100, 'aac'),
    ],
)
def test_sound_of_any_codec_is_in_time(tmp_path, name, codec, packed, rate, copied):
    write_with_sound(tmp_path / name, CLICKS, codec=codec, packed=packed, rate=rate)
    copy(tmp_path / name, tmp_path / 'new.mp4')
    assert codec_of(tmp_path / 'new.mp4') == [copied]
    old, new = (read_sound(path, 4) for path in (tmp_path / name, tmp_path / 'new.mp4'))
    assert np.abs(new).max() > 0.4
    assert abs(find_delay(new, old)) < 0.003
    # The encoders of the test delay the sound by up to one frame of the video.
    assert abs(find_delay(new, make_clicks(CLICKS, 4))) < 0.045
    assert Video(tmp_path / 'new.mp4').num_frames == 100


@pytest.mark.parametrize('codec', ['aac', 'pcm_s16le'])
@pytest.mark.parametrize(
    ('start', 'sound_start', 'sound_seconds'), [(0, 0.52, 2.9), (0.52, 0, 4.6), (0, 0, 7), (1.52, 1.2, 1.5), (0, 0, 1)]
)
def test_sound_may_start_and_end_at_other_times_than_the_picture(tmp_path, codec, start, sound_start, sound_seconds):
    write_with_sound(
        *(tmp_path / 'a.mkv', CLICKS),
        codec=codec,
        packed='s16' if codec.startswith('pcm') else 'flt',
        start=start,
        sound_start=sound_start,
        sound_seconds=sound_seconds,
    )
    copy(tmp_path / 'a.mkv', tmp_path / 'new.mp4')
    new = read_sound(tmp_path / 'new.mp4', 8)
    clicks = [time for time in CLICKS if sound_start <= time + start < sound_start + sound_seconds]
    assert abs(find_delay(new, make_clicks(clicks, 8))) < 0.03
    loud = np.flatnonzero(np.abs(new) > 0.2) / RATE
    assert loud.max() < clicks[-1] + 0.06
    # The sound does not prolong the video.
    with av.open(str(tmp_path / 'new.mp4')) as container:
        assert container.duration / av.time_base == pytest.approx(4, abs=0.06)


@pytest.mark.parametrize('codec', ['aac', 'pcm_s16le'])
def test_sound_of_parts_that_are_left_out_is_left_out(tmp_path, codec):
    packed = 's16' if codec.startswith('pcm') else 'flt'
    write_with_sound(tmp_path / 'a.mkv', CLICKS, codec=codec, packed=packed, sound_seconds=6)
    # As if the picture had a gap.
    copy(tmp_path / 'a.mkv', tmp_path / 'new.mp4', left_out=[(1.0, 2.0)])
    new = read_sound(tmp_path / 'new.mp4', 4)
    assert abs(find_delay(new, make_clicks([0.6, 2.2], 4))) < 0.03
    assert np.abs(new[round(1.3 * RATE) : round(1.6 * RATE)]).max() < 0.05


def test_videos_without_sound_have_none(tmp_path, recwarn):
    write_plain(tmp_path / 'a.mp4', numbered(10))
    copy(tmp_path / 'a.mp4', tmp_path / 'new.mp4')
    assert codec_of(tmp_path / 'new.mp4') == []
    assert not recwarn.list


@pytest.mark.parametrize('share', [0.3, 1.0])
def test_damaged_sound_does_not_prevent_the_video(tmp_path, share, recwarn):
    write_with_sound(tmp_path / 'a.mp4', CLICKS)
    content = bytearray((tmp_path / 'a.mp4').read_bytes())
    with av.open(str(tmp_path / 'a.mp4')) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
    rng = np.random.default_rng(0)
    for position, size in places[-round(share * len(places)) :]:
        content[position : position + size] = rng.integers(0, 256, size, np.uint8).tobytes()
    (tmp_path / 'a.mp4').write_bytes(content)
    copy(tmp_path / 'a.mp4', tmp_path / 'new.mp4')
    assert Video(tmp_path / 'new.mp4').num_frames == 100
    if share < 1:
        assert not recwarn.list
        new = read_sound_until_damage(tmp_path / 'new.mp4')
        assert abs(find_delay(new, make_clicks([0.6, 1.44], 2.5))) < 0.04


def read_sound_until_damage(path):
    samples = []
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            try:
                samples += [frame.to_ndarray()[0] for frame in packet.decode()]
            except av.FFmpegError:
                continue
    return np.concatenate(samples)[: round(2.5 * RATE)]


def test_one_warning_says_why_sound_is_left_out(tmp_path):
    write_with_sound(tmp_path / 'a.mp4', CLICKS)
    video = Video(tmp_path / 'a.mp4')
    video.start = None  # as if its clock had been set back
    with pytest.warns(UserWarning, match=r'a\.mp4: its clock was set back.* no sound') as warned, Sound(video) as sound:
        write_playable_video(tmp_path / 'new.mp4', numbered(10), (64, 48), fps=25, sound=sound)
    assert len(warned) == 1
    assert codec_of(tmp_path / 'new.mp4') == []


def test_long_silence_is_not_kept_in_memory(tmp_path, monkeypatch):
    # The sound of a damaged file may claim to be hours late.
    write_with_sound(tmp_path / 'a.mkv', CLICKS, codec='pcm_s16le', packed='s16')
    video = Video(tmp_path / 'a.mkv')
    video.start -= 7200
    sizes = []
    made = Sound._samples

    def spied(self, *args):
        for samples in made(self, *args):
            sizes.append(samples.shape[1])
            yield samples

    monkeypatch.setattr(Sound, '_samples', spied)
    with Sound(video) as sound:
        write_playable_video(tmp_path / 'new.mp4', numbered(50), (64, 48), fps=25, sound=sound)
    assert sizes == [RATE] * len(sizes)
    assert 2 <= len(sizes) <= 5

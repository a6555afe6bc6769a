"""Tests of files that are opened as videos, and of files that are rejected."""

import av
import numpy as np
import pytest
from helpers.odd_videos import numbered, write_plain

from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sparse_decoding import decode, open_video


@pytest.mark.parametrize(
    ('content', 'message'), [(b'', 'cannot be read as a video'), (b'not a video' * 99, 'cannot be read as a video')]
)
def test_file_other_than_video_is_named(tmp_path, content, message):
    (tmp_path / 'x.mp4').write_bytes(content)
    with pytest.raises(ValueError, match=f'x.mp4 {message}'):
        Video(tmp_path / 'x.mp4')


def test_folder_and_missing_file_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'missing.mp4: no such video'):
        Video(tmp_path / 'missing.mp4')
    with pytest.raises(ValueError, match='cannot be read as a video'):
        Video(tmp_path)


def test_audio_file_is_rejected(tmp_path):
    with av.open(str(tmp_path / 'sound.mp4'), 'w') as container:
        stream = container.add_stream('aac', rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format='fltp', layout='mono')
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(ValueError, match=r'sound.mp4 has no video stream'):
        Video(tmp_path / 'sound.mp4')


def test_unknown_codec_is_named(tmp_path):
    write_plain(tmp_path / 'a.mkv', numbered(3))
    content = (tmp_path / 'a.mkv').read_bytes()
    assert content.count(b'V_MPEG4/ISO/AVC') == 1
    (tmp_path / 'a.mkv').write_bytes(content.replace(b'V_MPEG4/ISO/AVC', b'V_MPEG9/ISO/AVC'))
    for open_ in (Video, open_video):
        with pytest.raises(ValueError, match=r'a\.mkv .*codec'):
            open_(str(tmp_path / 'a.mkv'))


def test_playlists_and_lists_of_files_are_not_followed(tmp_path):
    write_plain(tmp_path / 'private.ts', numbered(30))
    playlist = f'#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n{tmp_path}/private.ts\n#EXT-X-ENDLIST\n'
    for name, content in (
        ('playlist.m3u8', playlist),
        ('playlist.mp4', playlist),
        ('list.mp4', "ffconcat version 1.0\nfile 'private.ts'\n"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match=f'{name} .*encode it again|{name} cannot be read as a video'):
            Video(tmp_path / name)
    assert Video(tmp_path / 'private.ts').num_frames == 30


def test_titles_in_other_alphabets_are_accepted(tmp_path):
    with av.open(str(tmp_path / 'old.avi'), 'w') as container:
        container.metadata['title'] = 'Gespraech ueber alles'
        stream = container.add_stream('mpeg4', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for frame in numbered(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))
    content = (tmp_path / 'old.avi').read_bytes()
    assert content.count(b'ueber') == 1
    (tmp_path / 'old.avi').write_bytes(content.replace(b'ueber', b'\xfcber '))
    assert Video(tmp_path / 'old.avi').num_frames == 5


def test_thumbnail_before_the_video_is_skipped(tmp_path):
    path = tmp_path / 'thumbnail.mkv'
    with av.open(str(path), 'w') as container:
        streams = [container.add_stream(codec, rate=25) for codec in ('mjpeg', 'libx264')]
        for stream, side, pixels in zip(streams, (16, 64), ('yuvj420p', 'yuv420p')):
            stream.width, stream.height, stream.pix_fmt = side, side, pixels
        container.mux(streams[0].encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format='rgb24')))
        for image in numbered(10, (64, 64)):
            container.mux(streams[1].encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(streams[1].encode(None))
    video = Video(path)
    assert video.num_frames == 10
    assert next(video.frames()).to_rgb().shape == (64, 64, 3)
    opened = open_video(path)
    assert opened.num_frames == 10
    assert dict(decode(opened, [9]))[9].shape == (64, 64, 3)

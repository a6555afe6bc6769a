import os
import time

import pytest
from helpers.support import write_clip

from mmaction_microaction.webui.uploads import Uploads


@pytest.fixture
def uploads(tmp_path):
    (tmp_path / 'uploads').mkdir()
    return Uploads(tmp_path / 'uploads', max_seconds=2, max_megabytes=1)


@pytest.fixture
def send(uploads):
    """Puts a clip of 12 frames where an upload arrives; gives its path."""

    def send(name='clip.mp4', **kwargs):
        write_clip(uploads.folder / name, **kwargs)
        return uploads.folder / name

    return send


def test_a_visitor_has_one_clip_at_a_time(uploads, send):
    first, second = send('first.mp4'), send('second.mp4')
    uploads.take('Ada', first)
    uploads.take('Ada', first)
    assert first.exists()
    uploads.take('Ada', second)
    assert not first.exists()
    uploads.forget('Ada')
    assert not any(uploads.folder.iterdir())


def test_results_go_with_the_clip(uploads, send):
    clip, found = send(), uploads.folder / 'found.json'
    found.write_text('[]')
    uploads.take('Ada', clip)
    uploads.add('Ada', found)
    uploads.take('Ada', clip)
    assert not found.exists()
    assert clip.exists()


def test_a_clip_that_two_visitors_sent_stays_for_the_second(uploads, send):
    clip = send()
    for visitor in ('Ada', 'Ben'):
        uploads.take(visitor, clip)
    uploads.forget('Ada')
    assert clip.exists()
    uploads.forget('Ben')
    assert not clip.exists()


def test_files_elsewhere_are_never_deleted(uploads, tmp_path):
    example = tmp_path / 'example.mp4'
    write_clip(example)
    uploads.take('Ada', example)
    uploads.take('Ada', uploads.folder / '..' / 'example.mp4')
    uploads.forget('Ada')
    assert example.exists()


def test_what_is_refused_is_deleted(uploads, send):
    (uploads.folder / 'empty.mp4').touch()
    (uploads.folder / 'noise.mp4').write_bytes(bytes(range(256)) * 40)
    (uploads.folder / 'text.mp4').write_text('not a video')
    with open(uploads.folder / 'large.mp4', 'wb') as file:
        file.truncate(1_200_000)
    send('long.mp4', num_frames=75)
    for name, message in {
        'empty.mp4': 'empty.mp4 is empty (0 bytes); upload another file.',
        'noise.mp4': 'noise.mp4 cannot be read as a video; upload another file, such as an MP4.',
        'text.mp4': 'text.mp4 cannot be read as a video; upload another file, such as an MP4.',
        'large.mp4': 'large.mp4 has 1.2 MB, but at most 1 MB are taken; cut or compress it.',
        'long.mp4': 'long.mp4 is 2.5 seconds long, but at most 2 are taken; cut it into pieces.',
        'gone.mp4': 'The clip is no longer here: uploads are deleted after a while. Upload it once more.',
    }.items():
        with pytest.raises(ValueError) as error:  # noqa: PT011
            uploads.take('Ada', uploads.folder / name)
        assert str(error.value) == message
    assert not any(uploads.folder.iterdir())


def test_nothing_gets_older_than_it_may(uploads, send):
    held, arrived, broken_off, fresh = (send(f'{name}.mp4') for name in ('held', 'arrived', 'broken_off', 'fresh'))
    (uploads.folder / 'own').mkdir()
    arrived = arrived.rename(uploads.folder / 'own' / arrived.name)
    uploads.take('Ada', held)
    for path in (held, arrived, broken_off):
        os.utime(path, (time.time() - 130,) * 2)
    uploads.sweep(minutes=3)
    assert held.exists()
    uploads.sweep(minutes=2)
    assert list(uploads.folder.iterdir()) == [fresh]
    assert uploads.size() == fresh.stat().st_size
    uploads.forget('Ada')


def test_sweeping_follows_no_links(uploads, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/letter.txt').touch()
    os.utime(tmp_path / 'mine/letter.txt', (0, 0))
    (uploads.folder / 'link').symlink_to(tmp_path / 'mine')
    uploads.sweep(minutes=1)
    assert (tmp_path / 'mine/letter.txt').exists()


def test_what_exhausts_memory_is_deleted(uploads, send, monkeypatch):
    def fail(*_):
        raise MemoryError('Unable to allocate 16 GiB')

    monkeypatch.setattr('mmaction_microaction.webui.uploads.check_video', fail)
    clip = send()
    with pytest.raises(MemoryError):
        uploads.take('Ada', clip)
    assert not clip.exists()

import os
import time

import av
import pytest
from helpers.support import write_clip

from mmaction_microaction.webui.uploads import Uploads


@pytest.fixture
def uploads(tmp_path):
    (tmp_path / 'uploads').mkdir()
    return Uploads(tmp_path / 'uploads', max_seconds=2, max_megabytes=1)


@pytest.fixture
def send(uploads):
    """Return a function that writes a clip of 12 frames to the folder of uploads."""

    def send(name='clip.mp4', **kwargs):
        write_clip(uploads.folder / name, **kwargs)
        return uploads.folder / name

    return send


def test_files_of_a_visitor_are_kept_until_the_end(uploads, send):
    first, second, found = send('first.mp4'), send('second.mp4'), uploads.folder / 'found.json'
    found.write_text('[]')
    uploads.hold('Ada', first)
    uploads.add('Ada', found)
    uploads.hold('Ada', second)
    uploads.drop('Ada', first)
    assert sorted(uploads.folder.iterdir()) == [found, second]
    uploads.release('Ada')
    assert not any(uploads.folder.iterdir())


def test_an_upload_is_read_once(uploads, send, monkeypatch):
    opened, open_file = [], av.open
    monkeypatch.setattr(av, 'open', lambda *args, **options: opened.append(args) or open_file(*args, **options))
    clip = send()
    opened.clear()
    video = uploads.hold('Ada', clip)
    assert (len(opened), video.num_frames) == (1, 12)
    uploads.open(clip)
    assert len(opened) == 2


def test_clip_sent_by_two_visitors_is_kept_for_the_second(uploads, send):
    clip = send()
    for visitor in ('Ada', 'Ben'):
        uploads.hold(visitor, clip)
    uploads.release('Ada')
    assert clip.exists()
    uploads.release('Ben')
    assert not clip.exists()


def test_files_outside_the_folder_are_never_deleted(uploads, tmp_path):
    example = tmp_path / 'example.mp4'
    write_clip(example)
    uploads.hold('Ada', example)
    uploads.hold('Ada', uploads.folder / '..' / 'example.mp4')
    uploads.release('Ada')
    assert example.exists()


def test_rejected_files_are_deleted(uploads, send):
    (uploads.folder / 'empty.mp4').touch()
    (uploads.folder / 'noise.mp4').write_bytes(bytes(range(256)) * 40)
    (uploads.folder / 'text.mp4').write_text('not a video')
    with open(uploads.folder / 'large.mp4', 'wb') as file:
        file.truncate(1_200_000)
    send('long.mp4', num_frames=75)
    # Messages name the file without its folder.
    for name, message in {
        'empty.mp4': r'^empty\.mp4 is empty',
        'noise.mp4': r'^noise\.mp4 .* video',
        'text.mp4': r'^text\.mp4 .* video',
        'large.mp4': r'^large\.mp4 .* 1\.2 MB.* 1 MB',
        'long.mp4': r'^long\.mp4 .* 2\.5 seconds.* 2 ',
        'gone.mp4': r'^gone\.mp4 is no longer here',
    }.items():
        with pytest.raises(ValueError, match=message):
            uploads.hold('Ada', uploads.folder / name)
    assert not any(uploads.folder.iterdir())


def test_old_uploads_are_deleted(uploads, send):
    held, arrived, broken_off, fresh = (send(f'{name}.mp4') for name in ('held', 'arrived', 'broken_off', 'fresh'))
    (uploads.folder / 'own').mkdir()
    arrived = arrived.rename(uploads.folder / 'own' / arrived.name)
    uploads.hold('Ada', held)
    for path in (held, arrived, broken_off):
        os.utime(path, (time.time() - 130,) * 2)
    uploads.delete_older(minutes=3)
    assert held.exists()
    uploads.delete_older(minutes=2)
    assert list(uploads.folder.iterdir()) == [fresh]
    assert uploads.size() == fresh.stat().st_size
    uploads.release('Ada')


def test_deleted_files_are_no_longer_held(uploads, send):
    old, fresh = send('old.mp4'), send('fresh.mp4')
    uploads.add('Ada', old)
    uploads.add('Ben', old, fresh)
    os.utime(old, (time.time() - 130,) * 2)
    uploads.delete_older(minutes=2)
    assert uploads.holds('Ben', fresh)
    assert not any(uploads.holds(visitor, old) for visitor in ('Ada', 'Ben'))
    # Clients without a page never release their files.
    assert list(uploads._held) == ['Ben']


def test_touched_files_are_not_old(uploads, send, tmp_path):
    held, named, outside = send('held.mp4'), send('named.mp4'), tmp_path / 'outside.mp4'
    outside.touch()
    uploads.hold('Ada', held)
    for path in (held, named, outside):
        os.utime(path, (time.time() - 130,) * 2)
    uploads.touch('Ada', str(named), str(outside), 'no\0path')
    uploads.delete_older(minutes=2)
    assert held.exists()
    assert named.exists()
    assert outside.stat().st_mtime < time.time() - 120


def test_deleting_old_uploads_follows_no_links(uploads, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/letter.txt').touch()
    os.utime(tmp_path / 'mine/letter.txt', (0, 0))
    (uploads.folder / 'link').symlink_to(tmp_path / 'mine')
    uploads.delete_older(minutes=1)
    assert (tmp_path / 'mine/letter.txt').exists()


def test_clip_that_exhausts_memory_is_deleted(uploads, send, monkeypatch):
    def fail(*_):
        raise MemoryError('Unable to allocate 16 GiB')

    monkeypatch.setattr('mmaction_microaction.webui.uploads.LimitedVideo', fail)
    clip = send()
    with pytest.raises(MemoryError):
        uploads.hold('Ada', clip)
    assert not clip.exists()

import errno
import os
import resource
import runpy
import shutil
import signal
import sys
import time
import tracemalloc
import urllib.error
import zipfile
from unittest.mock import Mock

import pytest
from helpers.odd_videos import cut_without_encoding
from helpers.processes import start
from helpers.support import ROOT, wait_until_gone, write_clip

from mmaction_microaction.datasets.preparation import ma52 as preparation
from mmaction_microaction.datasets.preparation.ma52 import prepare_split

NAMES = ['0001_00_0001.mp4', '0001_01_0002.mp4', '0001_02_0003.mp4']


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Downloaded: train.zip with a folder in it, an unpacked val/, and the lists beside them."""
    monkeypatch.setattr(preparation, 'SPLIT_SIZES', {'train': 3, 'val': 3})
    source = tmp_path / 'download'
    (source / 'val').mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        write_clip(source / 'val' / name, seed=seed)
    with zipfile.ZipFile(source / 'train.zip', 'w') as archive:
        for name in NAMES:
            archive.write(source / 'val' / name, f'train/{name}')
    for split in ('train', 'val'):
        (source / f'{split}_list_videos.txt').write_bytes(f'{NAMES[0]} 0\r\n{NAMES[1]} 5\r\n{NAMES[2]} 11'.encode())
    return source


def prepare(source, split='train', **kwargs):
    return prepare_split(split, source, source, source.parent / 'out', workers=2, **kwargs)


def snapshot(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_puts_clips_and_list_in_place(source, split):
    assert prepare(source, split) == 3
    out = source.parent / 'out'
    for name in NAMES:
        assert (out / f'videos_{split}' / name).read_bytes() == (source / 'val' / name).read_bytes()
    assert (out / f'{split}_list_videos.txt').read_bytes() == (source / f'{split}_list_videos.txt').read_bytes()


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_second_run_changes_nothing_and_needs_no_download(source, split):
    prepare(source, split)
    before = snapshot(source.parent / 'out')
    assert prepare(source, split) == 0
    assert snapshot(source.parent / 'out') == before
    shutil.move(source / f'{split}_list_videos.txt', source.parent)
    (source / 'train.zip').unlink()
    shutil.rmtree(source / 'val')
    assert prepare(source, split) == 0


def test_folder_that_is_already_in_place_is_only_checked(source):
    out = source.parent / 'out'
    out.mkdir()
    shutil.move(source / 'val', out / 'videos_val')
    shutil.move(source / 'val_list_videos.txt', out)
    before = snapshot(out)
    assert prepare_split('val', out, out, out, workers=1) == 3
    assert before.items() <= snapshot(out).items()


def test_interrupted_run_goes_on_where_it_was(source):
    class Killed(Exception):
        pass

    def stop_after_one(done, total):
        assert (done, total) == (1, 3)
        raise Killed

    with pytest.raises(Killed):
        prepare(source, progress=stop_after_one)
    out = source.parent / 'out'
    # What a kill at the worst moment leaves: a half-written clip under a temporary name and half a journal line.
    (out / 'videos_train' / f'.{NAMES[2]}.{"0" * 16}.unfinished').write_bytes(b'half')
    # What rsync or a browser may be writing at the same time.
    foreign = [out / 'videos_train' / f'.{NAMES[2]}.Xk3f9Q', out / 'videos_train' / f'{NAMES[2]}.part']
    for path in foreign:
        path.write_bytes(b'half')
    with open(out / '.checked_train.jsonl', 'a') as journal:
        journal.write('\n{"name": "0001_02')
    first = (out / 'videos_train' / NAMES[0]).stat().st_mtime_ns
    assert prepare(source) == 2
    assert (out / 'videos_train' / NAMES[0]).stat().st_mtime_ns == first
    assert sorted((out / 'videos_train').iterdir()) == sorted([*foreign, *(out / 'videos_train' / n for n in NAMES)])
    assert prepare(source) == 0


def test_clip_that_was_cut_short_is_replaced(source):
    prepare(source)
    damaged = source.parent / 'out' / 'videos_train' / NAMES[1]
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert prepare(source) == 1
    assert damaged.read_bytes() == (source / 'val' / NAMES[1]).read_bytes()


def test_refuses_clips_that_cannot_be_decoded(source):
    (source / 'val' / NAMES[1]).write_bytes(b'no video at all')
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of val cannot be decoded: {NAMES[1]}'):
        prepare(source, 'val')
    # The sound ones are done; the bad one is tried again.
    write_clip(source / 'val' / NAMES[1], seed=1)
    assert prepare(source, 'val') == 1


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_a_damaged_clip_is_replaced_by_a_sound_one_of_the_same_size(source, split):
    sound = (source / 'val' / NAMES[1]).read_bytes()

    def download(content):
        (source / 'val' / NAMES[1]).unlink()
        (source / 'val' / NAMES[1]).write_bytes(content)
        with zipfile.ZipFile(source / 'train.zip', 'w') as archive:
            for name in NAMES:
                archive.write(source / 'val' / name, f'train/{name}')

    download(bytes(len(sound)))
    placed = source.parent / 'out' / f'videos_{split}' / NAMES[1]
    for _ in range(2):
        with pytest.raises(ValueError, match=rf'1 of the 3 clips of {split} cannot be decoded: {NAMES[1]}'):
            prepare(source, split)
        assert not placed.exists()
    download(sound)
    assert prepare(source, split) == 1
    assert placed.read_bytes() == sound
    # It is not taken for sound because it once was, either.
    placed.unlink()
    download(bytes(len(sound)))
    for _ in range(2):
        with pytest.raises(ValueError, match='cannot be decoded'):
            prepare(source, split)


def test_a_clip_in_place_that_was_never_checked_is_taken_anew(source):
    placed = source.parent / 'out' / 'videos_val' / NAMES[1]
    placed.parent.mkdir(parents=True)
    sound = (source / 'val' / NAMES[1]).read_bytes()
    placed.write_bytes(bytes(len(sound)))
    assert prepare(source, 'val') == 3
    assert placed.read_bytes() == sound


def test_a_damaged_download_that_is_already_in_place_is_not_removed(source):
    out = source.parent / 'out'
    out.mkdir()
    shutil.move(source / 'val', out / 'videos_val')
    shutil.move(source / 'val_list_videos.txt', out)
    (out / 'videos_val' / NAMES[1]).write_bytes(bytes(5000))
    with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}'):
        prepare_split('val', out, out, out, workers=1)
    assert (out / 'videos_val' / NAMES[1]).read_bytes() == bytes(5000)


@pytest.mark.parametrize('alias', ['hard link', 'symbolic link', 'mount'])
@pytest.mark.parametrize('damaged', [False, True])
def test_source_and_target_under_two_names_lose_nothing(source, monkeypatch, alias, damaged):
    out, other = source.parent / 'out', source.parent / 'other'
    shutil.move(source / 'val', out / 'videos_val')
    if damaged:
        (out / 'videos_val' / NAMES[1]).write_bytes(b'damaged, but the only copy')
    clips = {name: (out / 'videos_val' / name).read_bytes() for name in NAMES}
    if alias == 'hard link':
        shutil.copytree(out, other, copy_function=os.link)
    elif alias == 'symbolic link':
        other.symlink_to(out)
    else:
        # As a folder that is mounted twice looks: other paths, the same files. A test cannot mount.
        other.symlink_to(out)
        monkeypatch.setattr(type(out), 'resolve', lambda self, strict=False: self.absolute())
        monkeypatch.setattr(os.path, 'realpath', os.path.abspath)
    if damaged:
        with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}'):
            prepare_split('val', other, source, out, workers=1)
    else:
        assert prepare_split('val', other, source, out, workers=1) == 3
    for folder in (out, other):
        assert {path.name: path.read_bytes() for path in (folder / 'videos_val').iterdir()} == clips


def test_a_damaged_download_takes_no_sound_clip_away(source):
    placed = source.parent / 'out' / 'videos_val' / NAMES[1]
    placed.parent.mkdir(parents=True)
    shutil.copy(source / 'val' / NAMES[1], placed)
    sound = placed.read_bytes()
    (source / 'val' / NAMES[1]).write_bytes(b'damaged')
    with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}') as error:
        prepare(source, 'val')
    assert 'unfinished' not in str(error.value)
    assert placed.read_bytes() == sound


def test_what_a_link_in_the_target_points_to_is_not_written(source):
    placed, mine = source.parent / 'out' / 'videos_train' / NAMES[1], source.parent / 'mine.mp4'
    mine.write_bytes(b'mine')
    placed.parent.mkdir(parents=True)
    placed.symlink_to(mine)
    assert prepare(source) == 3
    assert mine.read_bytes() == b'mine'
    assert placed.read_bytes() == (source / 'val' / NAMES[1]).read_bytes()


def test_a_member_that_cannot_be_unpacked_is_named(source):
    with zipfile.ZipFile(source / 'train.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.write(source / 'val' / name, f'train/{name}')
        start = archive.getinfo(f'train/{NAMES[1]}').header_offset + 60
    content = bytearray((source / 'train.zip').read_bytes())
    content[start : start + 200] = bytes([255]) * 200
    (source / 'train.zip').write_bytes(content)
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of train cannot be decoded: {NAMES[1]}'):
        prepare(source)


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_a_full_disk_ends_the_run_and_names_the_file(source, split, monkeypatch):
    monkeypatch.setattr(os, 'link', Mock(side_effect=OSError(errno.EXDEV, 'another disk')))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the workers inherit it
    try:
        with pytest.raises(OSError, match=rf'videos_{split}/{NAMES[0]} cannot be put in place \(.*too large.*again'):
            prepare(source, split)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((source.parent / 'out' / f'videos_{split}').iterdir())
    assert prepare(source, split) == 3


def test_a_full_disk_is_named_even_if_only_the_journal_is_written(source):
    # Clips that are links take no room.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80, hard))
    try:
        with pytest.raises(OSError, match=r'\.checked_val\.jsonl cannot be put in place'):
            prepare(source, 'val')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert prepare(source, 'val') > 0


def test_tool_ends_in_one_line_where_it_cannot_write(source, monkeypatch):
    (source.parent / 'out').write_text('a file')
    monkeypatch.setattr(sys, 'argv', ['prepare_ma52.py', str(source), '--out', str(source.parent / 'out')])
    with pytest.raises(SystemExit, match=r'^error: .*out/videos_train cannot be a folder') as error:
        runpy.run_path(str(ROOT / 'tools/prepare_ma52.py'), run_name='__main__')
    assert len(str(error.value).splitlines()) == 1


def test_tool_leaves_the_table_out_where_there_is_no_internet(source, monkeypatch, capfd):
    downloader = pytest.importorskip('gensim.downloader')

    def refuse(url):
        raise urllib.error.URLError('Connection refused')

    monkeypatch.setattr(downloader, 'urlopen', refuse)
    monkeypatch.setattr(downloader, 'BASE_DIR', str(source.parent / 'gensim-data'))
    out = source.parent / 'out'
    options = [str(source), '--out', str(out), '--splits', 'val', '--workers', '1']
    monkeypatch.setattr(sys, 'argv', ['prepare_ma52.py', *options])
    runpy.run_path(str(ROOT / 'tools/prepare_ma52.py'), run_name='__main__')
    printed, errors = capfd.readouterr()
    assert 'Traceback' not in errors
    assert 'val: 3 clips' in printed
    last = printed.splitlines()[-1]
    assert last.startswith(f'{out}/label_embeddings.npy was left out: ')
    assert 'build_label_embeddings.py' in last
    assert 'embed_dims=50' in last
    assert sorted(path.name for path in (out / 'videos_val').iterdir()) == NAMES


def test_a_clip_that_was_cut_without_encoding_is_sound(source):
    # Its file holds pictures that are never shown.
    (source / 'val' / NAMES[1]).rename(source / 'whole.mp4')
    cut_without_encoding(source / 'whole.mp4', source / 'val' / NAMES[1], first=5)
    assert prepare(source, 'val') == 3


def test_links_are_followed(source):
    (source / 'pool').mkdir()
    for name in NAMES:
        (source / 'val' / name).rename(source / 'pool' / name)
        (source / 'val' / name).symlink_to(f'../pool/{name}')
    assert prepare(source, 'val') == 3
    for name in NAMES:
        placed = source.parent / 'out' / 'videos_val' / name
        assert not placed.is_symlink()
        assert placed.read_bytes() == (source / 'pool' / name).read_bytes()


def test_refuses_missing_clips(source):
    (source / 'val' / NAMES[2]).unlink()
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of .*val_list_videos\.txt are not in .*: {NAMES[2]}'):
        prepare(source, 'val')


def test_refuses_a_list_of_the_wrong_length(source):
    (source / 'val_list_videos.txt').write_text(f'{NAMES[0]} 0\n')
    with pytest.raises(ValueError, match=r'val_list_videos\.txt: 1 clips, but MA-52 has 3 in val'):
        prepare(source, 'val')


def test_refuses_a_damaged_archive(source):
    archive = source / 'train.zip'
    archive.write_bytes(archive.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r'train\.zip is damaged or incomplete'):
        prepare(source)


def test_says_where_lists_and_videos_come_from(source):
    (source / 'train.zip').unlink()
    with pytest.raises(FileNotFoundError, match=r'none of train\.zip, train/ and videos_train/'):
        prepare(source)
    (source / 'train_list_videos.txt').unlink()
    with pytest.raises(FileNotFoundError, match=r'comes with the code of MA-52.*--lists'):
        prepare_split('train', source, source, source.parent / 'elsewhere', workers=1)


def test_a_worker_that_is_killed_ends_the_preparation(source, monkeypatch):
    with monkeypatch.context() as patch:
        # Forked workers inherit this.
        patch.setattr(preparation, 'open_video', lambda path: os.kill(os.getpid(), signal.SIGKILL))
        with pytest.raises(ValueError, match=r'A worker was killed, .*fewer workers'):
            prepare(source)
    assert prepare(source) == 3


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_no_half_clips_and_no_workers(source, number):
    out = source.parent / 'out'
    # A worker that takes long over the second clip.
    code = f"""
import time
from pathlib import Path
from mmaction_microaction.datasets import preparation
preparation.SPLIT_SIZES = {{'train': 3}}
open_video = preparation.open_video
preparation.open_video = lambda path: time.sleep(600) if {NAMES[1]!r} in path else open_video(path)
source = Path({str(source)!r})
preparation.prepare_split('train', source, source, Path({str(out)!r}), workers=2)
"""
    log = source.parent / 'log'
    process = start(code, output=log, errors=log)
    deadline = time.monotonic() + 300
    while not list((out / 'videos_train').glob(f'.{NAMES[1]}.*')):
        assert process.exitcode is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == -number
    wait_until_gone(process.pid)
    for path in (out / 'videos_train').glob('*.mp4'):
        assert path.read_bytes() == (source / 'val' / path.name).read_bytes()
    assert prepare(source) == 3


def test_a_clip_is_unpacked_in_little_memory_whatever_its_size(tmp_path):
    with zipfile.ZipFile(tmp_path / 'val.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.mp4', bytes(2**25))
    tracemalloc.start()
    try:
        preparation._fetch(tmp_path / 'val.zip', 'a.mp4', tmp_path / 'a.mp4')
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    assert (tmp_path / 'a.mp4').read_bytes() == bytes(2**25)

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
from helpers.ma52_download import NAMES, prepare
from helpers.odd_videos import cut_without_encoding
from helpers.processes import start
from helpers.support import ROOT, wait_until_gone

from mmaction_microaction.datasets.preparation import ma52 as preparation
from mmaction_microaction.datasets.preparation.ma52 import prepare_split


def snapshot(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_clips_and_list_are_written(source, split):
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


def test_folder_already_in_place_is_only_checked(source):
    out = source.parent / 'out'
    out.mkdir()
    shutil.move(source / 'val', out / 'videos_val')
    shutil.move(source / 'val_list_videos.txt', out)
    before = snapshot(out)
    assert prepare_split('val', out, out, out, workers=1) == 3
    assert before.items() <= snapshot(out).items()


def test_an_interrupted_run_is_continued(source):
    class Killed(Exception):
        pass

    def stop_after_one(done, total):
        assert (done, total) == (1, 3)
        raise Killed

    with pytest.raises(Killed):
        prepare(source, progress=stop_after_one)
    out = source.parent / 'out'
    # A killed run may leave a partial clip under a temporary name and a partial line of the journal.
    (out / 'videos_train' / f'.{NAMES[2]}.{"0" * 16}.unfinished').write_bytes(b'half')
    # rsync or a browser may be writing these files at the same time.
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


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_full_disk_ends_the_run_and_names_the_file(source, split, monkeypatch):
    monkeypatch.setattr(os, 'link', Mock(side_effect=OSError(errno.EXDEV, 'another disk')))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # Workers inherit the limit.
    try:
        with pytest.raises(OSError, match=rf'videos_{split}/{NAMES[0]} cannot be put in place \(.*too large.*again'):
            prepare(source, split)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((source.parent / 'out' / f'videos_{split}').iterdir())
    assert prepare(source, split) == 3


def test_full_disk_is_reported_while_the_journal_is_written(source):
    # Linked clips need no space.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80, hard))
    try:
        with pytest.raises(OSError, match=r'\.checked_val\.jsonl cannot be put in place'):
            prepare(source, 'val')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert prepare(source, 'val') > 0


def test_tool_reports_unwritable_folder_in_one_line(source, monkeypatch):
    (source.parent / 'out').write_text('a file')
    monkeypatch.setattr(sys, 'argv', ['prepare_ma52.py', str(source), '--out', str(source.parent / 'out')])
    with pytest.raises(SystemExit, match=r'^error: .*out/videos_train cannot be a folder') as error:
        runpy.run_path(str(ROOT / 'tools/prepare_ma52.py'), run_name='__main__')
    assert len(str(error.value).splitlines()) == 1


def test_tool_skips_the_table_without_internet(source, monkeypatch, capfd):
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
    assert 'microaction embed' in last
    assert 'embed_dims=50' in last
    assert sorted(path.name for path in (out / 'videos_val').iterdir()) == NAMES


def test_clip_cut_without_encoding_is_accepted(source):
    # The file contains frames that players do not show.
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


def test_errors_name_the_source_of_lists_and_videos(source):
    (source / 'train.zip').unlink()
    with pytest.raises(FileNotFoundError, match=r'train\.zip .*train/ .*videos_train/'):
        prepare(source)
    (source / 'train_list_videos.txt').unlink()
    with pytest.raises(FileNotFoundError, match=r'elsewhere \(no such folder\)\. It comes with the code.*--lists'):
        prepare_split('train', source, source, source.parent / 'elsewhere', workers=1)


def test_killed_worker_ends_the_preparation(source, monkeypatch):
    with monkeypatch.context() as patch:
        # Forked workers inherit this replacement.
        patch.setattr(preparation, 'open_video', lambda path: os.kill(os.getpid(), signal.SIGKILL))
        with pytest.raises(ValueError, match=r'A worker was killed, .*fewer workers'):
            prepare(source)
    assert prepare(source) == 3


@pytest.mark.slow
@pytest.mark.parametrize('signum', [signal.SIGTERM, signal.SIGKILL])
def test_signal_leaves_no_partial_clips_and_no_workers(source, signum):
    out = source.parent / 'out'
    # The first clip takes a worker a long time. Clips are recorded in order, so none is recorded before the signal.
    code = f"""
import time
from pathlib import Path
from mmaction_microaction.datasets.preparation import ma52 as preparation
preparation.SPLIT_SIZES = {{'train': 3}}
open_video = preparation.open_video
preparation.open_video = lambda path: time.sleep(600) if {NAMES[0]!r} in str(path) else open_video(path)
source = Path({str(source)!r})
preparation.prepare_split('train', source, source, Path({str(out)!r}), workers=2)
"""
    log = source.parent / 'log'
    process = start(code, output=log, errors=log)
    deadline = time.monotonic() + 300
    while not list((out / 'videos_train').glob(f'.{NAMES[0]}.*')):
        assert process.exitcode is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signum)
    process.join()
    assert process.exitcode == -signum
    wait_until_gone(process.pid)
    for path in (out / 'videos_train').glob('*.mp4'):
        assert path.read_bytes() == (source / 'val' / path.name).read_bytes()
    assert prepare(source) == 3


def test_large_clip_is_unpacked_in_little_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / 'val.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.mp4', bytes(2**25))
    tracemalloc.start()
    try:
        preparation._fetch(tmp_path / 'val.zip', 'a.mp4', tmp_path / 'a.mp4')
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    assert (tmp_path / 'a.mp4').read_bytes() == bytes(2**25)


def test_deleted_lists_and_clips_are_not_used(source):
    trash = source / '.Trash-1000'
    trash.mkdir()
    (trash / 'val_list_videos.txt').write_text('deleted.mp4 0\n')
    recycled = source / 'val' / '$RECYCLE.BIN'
    recycled.mkdir()
    shutil.copy(source / 'val' / NAMES[0], recycled)
    assert prepare(source, 'val') == 3

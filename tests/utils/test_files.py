import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mmaction_microaction.utils import files
from mmaction_microaction.utils.files import atomic_write, check_writable, file_identity, lock_for_link, write_whole


def test_the_target_of_a_link_is_written(tmp_path):
    (tmp_path / 'file').write_bytes(b'before')
    (tmp_path / 'link').symlink_to('file')
    write_whole(tmp_path / 'link', b'after')
    assert (tmp_path / 'link').is_symlink()
    assert (tmp_path / 'file').read_bytes() == b'after'
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / 'pipe').read_bytes()))
    reader.start()
    check_writable(tmp_path / 'pipe')
    write_whole(tmp_path / 'pipe', b'content')
    reader.join(10)
    assert read == [b'content']
    assert (tmp_path / 'pipe').is_fifo()


@pytest.mark.parametrize('mode', [0o600, 0o640, 0o664, 0o755])
def test_a_replaced_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / 'file'
    path.write_bytes(b'before')
    path.chmod(mode)
    write_whole(path, b'after')
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b'after'


@pytest.mark.parametrize(('umask', 'mode'), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / 'file', b'')
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / 'file').stat().st_mode) == mode


def test_replaced_file_keeps_its_owner_if_permitted(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    path.write_bytes(b'before')
    status = path.stat()
    owners = []
    monkeypatch.setattr(os, 'fchown', lambda descriptor, *owner: owners.append(owner))
    monkeypatch.setattr(Path, 'stat', lambda self, **_: os.stat_result([*status[:4], 12345, 23456, *status[6:]]))
    write_whole(path, b'after')
    assert owners == [(12345, -1), (-1, 23456)]


@pytest.mark.parametrize(
    'name', ['a' * 251 + '.txt', 'ü' * 125 + '.txt', '雪' * 85, '.' * 255, 'a\nb', '\udcff.json', '-f']
)
def test_any_file_name_can_be_written(tmp_path, name):
    path = tmp_path / name
    assert len(os.fsencode(name)) <= 255
    for content in (b'first', b'second'):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_simultaneous_writers_do_not_mix_content(tmp_path):
    path = tmp_path / 'file'
    contents = [bytes([letter]) * 100_000 for letter in b'abcd']
    failures = []

    def write(content):
        try:
            for _ in range(10):
                write_whole(path, content)
                assert path.read_bytes() in contents
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(tmp_path.iterdir()) == [path]


def test_only_temporary_files_of_killed_writers_are_removed(tmp_path):
    # Temporary files of rsync, a browser, and earlier versions of this project.
    foreign = {tmp_path / name for name in ('.a.mp4.Xk3f9Q', 'a.mp4.part', 'a.json.part', '.a.unfinished')}
    for path in foreign:
        path.write_bytes(b'foreign')
    code = """
import os, runpy, signal, sys
with runpy.run_path(sys.argv[1])['atomic_write'](sys.argv[2]) as unfinished:
    unfinished.write_bytes(b'half')
    if sys.argv[3] == 'die':
        os.kill(os.getpid(), signal.SIGKILL)
"""

    def write(name, end):
        return subprocess.run([sys.executable, '-c', code, files.__file__, tmp_path / name, end]).returncode

    with atomic_write(tmp_path / 'b') as living:
        assert write('a', 'die') == -signal.SIGKILL
        assert len(set(tmp_path.iterdir()) - foreign - {living}) == 1
        assert write('c', 'live') == 0
        assert set(tmp_path.iterdir()) == foreign | {living, tmp_path / 'c'}
    assert set(tmp_path.iterdir()) == foreign | {tmp_path / 'b', tmp_path / 'c'}


def test_a_hard_link_to_a_held_file_is_not_removed(tmp_path):
    source, folder = tmp_path / 'source', tmp_path / 'folder'
    source.write_bytes(b'whole')
    folder.mkdir()
    code = 'import runpy, sys; runpy.run_path(sys.argv[1])["write_whole"](sys.argv[2], b"other")'
    with lock_for_link(source), atomic_write(folder / 'target') as unfinished:
        os.link(source, folder / 'second')
        (folder / 'second').replace(unfinished)
        subprocess.run([sys.executable, '-c', code, files.__file__, folder / 'other'], check=True)
    assert (folder / 'target').read_bytes() == b'whole'


def test_content_and_folder_are_on_the_disk_before_the_writer_returns(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor):
        events.append(stat.S_IFMT(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    def note_replace(*names):
        events.append('replace')
        replace(*names)

    monkeypatch.setattr(os, 'fsync', note_fsync)
    monkeypatch.setattr(os, 'replace', note_replace)
    write_whole(tmp_path / 'file', b'content')
    assert events == [stat.S_IFREG, 'replace', stat.S_IFDIR]


def test_errors_name_the_file_and_leave_it_unchanged(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'before')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=r'File too large; the file is unchanged.*/file') as error:
            write_whole(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.value.filename == str(path)
    with pytest.raises(FileNotFoundError, match=r'absent/file'):
        write_whole(tmp_path / 'absent/file', b'')
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        write_whole(tmp_path, b'')
    with pytest.raises(FileNotFoundError, match=r'other\.txt'), atomic_write(path):
        (tmp_path / 'other.txt').read_bytes()

    def be_interrupted():
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(b'half')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]


def test_all_names_of_a_file_are_one_file(tmp_path, monkeypatch):
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'other').symlink_to('folder')
    (tmp_path / 'folder/a').write_bytes(b'a')
    (tmp_path / 'folder/b').write_bytes(b'b')
    (tmp_path / 'hard').hardlink_to(tmp_path / 'folder/a')
    monkeypatch.chdir(tmp_path)
    assert (
        len({file_identity(path) for path in ('folder/a', tmp_path / 'folder/a', 'other/a', 'hard', 'other/../hard')})
        == 1
    )
    assert file_identity('folder/a') != file_identity('folder/b')
    # Files that do not exist yet.
    assert file_identity('folder/new/c') == file_identity('other/new/c') == file_identity(tmp_path / 'folder/new/c')
    assert len({file_identity(path) for path in ('folder/c', 'folder/d', 'c', 'folder/new/c', 'folder')}) == 5


def test_a_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    path.write_bytes(b'before')
    path.chmod(0o444)
    access = os.access
    # Root may write to any file, so os.access is replaced.
    monkeypatch.setattr(os, 'access', lambda name, mode: access(name, mode) and Path(name) != path)
    with pytest.raises(OSError, match=r'file cannot be written, since it is write-protected'):
        check_writable(path)
    with pytest.raises(PermissionError, match=r'write-protected.*file'):
        write_whole(path, b'after')
    assert path.read_bytes() == b'before'

import os
import runpy
import signal
import subprocess
import sys
import tempfile

import pytest
from helpers.support import ROOT

pytest.importorskip('fcntl', reason='needs POSIX locks')
FILE = ROOT / 'mmaction_microaction/webui/folders.py'
folders = runpy.run_path(str(FILE))
SERVER = f"""
import runpy, time
with runpy.run_path({str(FILE)!r})['private_folder']() as folder:
    (folder / 'interview.mp4').touch()
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    monkeypatch.setattr(tempfile, 'tempdir', None)
    return tmp_path


@pytest.fixture
def server(temporary):
    """Start the process of another server, and return it and its folder."""
    process = subprocess.Popen([sys.executable, '-c', SERVER], stdout=subprocess.PIPE, text=True)
    yield process, process.stdout.readline().strip()
    process.kill()
    process.wait()


def test_the_folder_is_private_and_deleted_with_the_server(temporary):
    with folders['private_folder']() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0
        (folder / 'uploads').mkdir()
    assert list(temporary.iterdir()) == []


def test_folder_of_a_killed_server_is_deleted_by_the_next(server, temporary):
    process, folder = server
    with folders['private_folder']():
        assert os.listdir(folder)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert os.path.exists(os.path.join(folder, 'interview.mp4'))
    with folders['private_folder']() as own:
        assert list(temporary.iterdir()) == [own]


def test_unrelated_folders_of_a_similar_name_are_kept(temporary, tmp_path_factory, monkeypatch):
    mine = tmp_path_factory.mktemp('mine')
    (mine / 'lock').touch()
    (temporary / 'micro-actions-link').symlink_to(mine)
    (temporary / 'micro-actions-report.pdf').touch()
    (temporary / 'micro-actions-notes').mkdir()
    (temporary / 'micro-actions-linked').mkdir()
    (temporary / 'micro-actions-linked/lock').symlink_to(mine / 'lock')
    (temporary / 'micro-actions-of-others').mkdir()
    (temporary / 'micro-actions-of-others/lock').touch()
    others = os.lstat(temporary).st_uid + 1
    monkeypatch.setattr(os, 'geteuid', lambda: others)
    folders['remove_abandoned'](temporary)
    assert len(list(temporary.iterdir())) == 5
    monkeypatch.undo()
    folders['remove_abandoned'](temporary)
    left = {path.name.removeprefix('micro-actions-') for path in temporary.iterdir()}
    assert left == {'link', 'report.pdf', 'notes', 'linked'}
    assert (mine / 'lock').exists()

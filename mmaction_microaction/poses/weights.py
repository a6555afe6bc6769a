"""The two networks of BlazePose, which one download from the package index brings."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.messages import last_line

WHEEL = 'mediapipe==0.10.21'
"""Package whose wheel contains the networks, under the Apache licence 2.0. Later versions contain none."""
NETWORKS = {
    'detector': (
        'mediapipe/modules/pose_detection/pose_detection.tflite',
        '9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c',
    ),
    'landmarks': (
        'mediapipe/modules/pose_landmark/pose_landmark_full.tflite',
        'e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f',
    ),
}
"""Path in the wheel and SHA-256 of each network, by what it does."""
# The package itself is not installed: it needs NumPy 1. The wheel for this platform exists everywhere, and the networks
# in the wheels of all platforms are the same.
_DOWNLOAD = (
    *('-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'),
    *('--only-binary=:all:', '--python-version=3.11', '--platform=manylinux_2_28_x86_64', WHEEL),
)


def cache_folder() -> Path:
    """Return the folder of the downloaded networks.

    Returns:
        Path: ``$MA52_CACHE``, or ``mmaction-microaction`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``.
    """
    if os.environ.get('MA52_CACHE'):
        return Path(os.environ['MA52_CACHE'])
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'mmaction-microaction'


def are_networks_cached() -> bool:
    """Return whether the cache folder contains the networks, so that nothing has to be downloaded.

    Returns:
        bool: True if their files exist. :func:`load_networks` checks the content.
    """
    return all((cache_folder() / Path(path).name).is_file() for path, _ in NETWORKS.values())


def load_networks() -> dict[str, bytes]:
    """Load the networks from the cache folder. The first call downloads a wheel of 36 MB with pip, and says so.

    Without a connection, pip gives up within seconds, or after 20 seconds if packets are dropped. The environment
    variables of pip, such as ``PIP_DEFAULT_TIMEOUT`` and ``PIP_RETRIES``, change this.

    Several processes may call this function at the same time. Later calls need no network connection. A file in the
    cache folder that is damaged is downloaded again.

    Returns:
        dict[str, bytes]: Content of the ``.tflite`` file of each network, by its key in :data:`NETWORKS`.

    Raises:
        OSError: If the networks cannot be downloaded, or the cache folder cannot be written.
        ValueError: If the downloaded wheel contains other networks.
    """
    folder = cache_folder()
    networks = {name: _read(folder / Path(path).name, digest) for name, (path, digest) in NETWORKS.items()}
    if None in networks.values():
        networks = _download(folder)
        make_folder(folder)
        for name, content in networks.items():
            write_whole(folder / Path(NETWORKS[name][0]).name, content)
    return networks


def _read(path: Path, digest: str) -> bytes | None:
    """Return the content of a file, or None if the file is missing or damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def _download(folder: Path) -> dict[str, bytes]:
    """Return the networks in the wheel, which pip downloads with the settings of the user."""
    print(f'downloading the networks of BlazePose (36 MB), once, into {folder}', file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        process = subprocess.run(
            [sys.executable, *_DOWNLOAD, '--dest', temporary],
            capture_output=True,
            text=True,
            check=False,
            # By default, pip waits for 15 s and tries six times.
            env={'PIP_DEFAULT_TIMEOUT': '10', 'PIP_RETRIES': '1', **os.environ},
        )
        wheels = list(Path(temporary).glob('*.whl'))
        if process.returncode or not wheels:
            paths = ' and '.join(path for path, _ in NETWORKS.values())
            reason = last_line(ValueError(process.stderr or process.stdout))
            raise OSError(
                f'BlazePose cannot be downloaded with pip ({reason}). Connect to the internet once, or copy {paths} '
                f'out of the wheel {WHEEL} (a zip archive on pypi.org) into {folder}'
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            networks = {name: wheel.read(path) for name, (path, _) in NETWORKS.items()}
    for name, (path, digest) in NETWORKS.items():
        if hashlib.sha256(networks[name]).hexdigest() != digest:
            raise ValueError(
                f'{path} in the wheel {WHEEL} has another SHA-256 than {digest}; the package index that pip uses '
                'delivers a changed file: use pypi.org'
            )
    return networks

"""Tests of the errors when the package is imported without OpenCV or a recent PyAV."""

import re
from importlib.metadata import requires

import pytest
from helpers.processes import run_python

from mmaction_microaction.utils import environment


def error_of(tmp_path, files):
    """Import the package with files that hide installed ones, and return the last line of the error."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    # The server that forks the process has imported OpenCV already.
    code = (
        'import sys; [sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] in ("cv2", "av")]; '
        f'sys.path.insert(0, {str(tmp_path)!r}); import mmaction_microaction'
    )
    process = run_python(code)
    assert process.returncode == 1
    return process.stderr.strip().splitlines()[-1]


def test_error_of_missing_opencv_library_names_the_remedy(tmp_path):
    # This is the message on a server without libGL.
    library = 'libGL.so.1: cannot open shared object file: No such file or directory'
    error = error_of(tmp_path, {'cv2.py': f'raise ImportError({library!r})'})
    assert error.startswith('ImportError: ')
    assert library in error
    assert 'pip install' in error
    assert 'opencv-contrib-python-headless' in error


@pytest.mark.parametrize('old', ['12.3.0', '17.1.0'])
def test_error_of_old_pyav_names_the_remedy(tmp_path, old):
    metadata = f'Metadata-Version: 2.1\nName: av\nVersion: {old}\n'
    error = error_of(tmp_path, {f'av-{old}.dist-info/METADATA': metadata})
    assert error.startswith('ImportError: ')
    assert f'is {old}' in error
    assert f'pip install "av>={environment.OLDEST_PYAV}"' in error


def test_minimum_pyav_version_matches_the_requirements():
    (declared,) = [text for text in requires('mmaction-microaction') if re.match(r'av\b', text)]
    assert declared == f'av>={environment.OLDEST_PYAV}'

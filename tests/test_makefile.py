"""Tests of `make install` on other machines, with a fake Python."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from helpers.support import ROOT

from mmaction_microaction.cli import parse_arguments

pytestmark = pytest.mark.skipif(not shutil.which('make'), reason='make is not installed')


def make(*args):
    # Ignore the options of a make process that runs these tests.
    environment = {name: value for name, value in os.environ.items() if 'MAKE' not in name}
    process = subprocess.run(['make', *args], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    return process.returncode, process.stdout, process.stderr


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize('version', ['2, 7', '3, 10', '3, 14'])
def test_other_python_versions_are_rejected_before_installation(tmp_path, version):
    pretend = f'import sys; sys.version_info = ({version}); exec(sys.argv[1])'
    python = script(tmp_path / 'python', f'exec {shlex.quote(sys.executable)} -c "{pretend}" "$2"')
    status, output, errors = make('install', f'PYTHON={python}', f'VENV={tmp_path / "venv"}')
    assert status != 0
    assert f'error: {python} is Python {version.replace(", ", ".")}' in errors
    assert '3.11 to 3.13' in errors
    assert not (tmp_path / 'venv').exists()
    # An environment that an earlier `make install` created.
    script(tmp_path / 'venv' / 'bin' / 'python', python.read_text())
    status, output, errors = make('install', f'VENV={tmp_path / "venv"}')
    assert status != 0
    assert 'Installing' not in output
    assert f'delete {tmp_path / "venv"}' in errors


@pytest.mark.parametrize(
    ('errors', 'replaced'),
    [
        (['ERROR: No matching distribution found for decord'], True),
        (['ERROR: Cannot install decord and numpy==99 because these package versions have conflicts'], False),
        (['WARNING: Retrying after connection broken', 'ERROR: No matching distribution found for decord'], False),
    ],
)
def test_decord_is_replaced_without_a_wheel_and_other_errors_are_shown(tmp_path, errors, replaced):
    lines = '; '.join(f'echo "{error}" >&2' for error in errors)
    script(
        tmp_path / 'venv' / 'bin' / 'python',
        f'case "$*" in *"only-binary decord"*) {lines}; exit 1;; *no_decord*) echo an empty package;; esac',
    )
    status, output, shown = make('install', f'VENV={tmp_path / "venv"}')
    assert (status == 0) == replaced
    assert ('an empty package' in output) == replaced
    assert all((error in shown) != replaced for error in errors)


def test_matrix_reports_missing_python_versions():
    status, output, _ = make('test-matrix', 'PYTHONS=9.8 9.9')
    assert status != 0
    assert 'not tested: 9.8 9.9' in output


def test_quickstart_runs_and_names_commands_that_exist():
    status, output, errors = make('--dry-run', 'quickstart')
    assert status == 0, errors
    output = re.sub(r'\$\([^()]*\)', 'VALUE', output.replace('\\\n', ' '))
    commands = [shlex.split(line.rstrip('"')) for line in re.findall(r'microaction ([a-z]+ .*)', output)]
    assert [words[0] for words in commands] == ['synthesize', 'analyze', 'demo']
    *_, demo = [parse_arguments(name, arguments) for name, *arguments in commands]
    # The network saw whole clips. A search for people would find nobody, or two, in some of 64 x 76 pixels.
    assert demo.crop == 'none'

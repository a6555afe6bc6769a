import os
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from mmengine.config import Config
from support import MIM, ROOT

from mmaction_microaction.label_embeddings import SHIPPED_TABLE as TABLE


def run(*command, **kwargs):
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        **kwargs,
    )


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """A folder that holds what `pip install .` puts into site-packages."""
    folder = tmp_path_factory.mktemp('wheel')
    # Of a copy: setuptools leaves its build folder beside the sources, where it would mix with other builds.
    left_out = shutil.ignore_patterns('.*', 'build', 'data', 'work_dirs', '*.egg-info', '__pycache__')
    sources = shutil.copytree(ROOT, folder / 'sources', ignore=left_out)
    shutil.copytree(ROOT / 'data' / 'ma52', sources / 'data' / 'ma52', ignore=lambda _, names: {*names} - {TABLE.name})
    pip = [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation']
    process = run(*pip, '--wheel-dir', folder, sources)
    assert process.returncode == 0, process.stdout
    (wheel,) = folder.glob('*.whl')
    site = folder / 'site'
    zipfile.ZipFile(wheel).extractall(site)
    return site


@pytest.mark.slow
def test_installed_package_carries_configs_tools_and_index(installed):
    mim = installed / 'mmaction_microaction' / '.mim'
    for folder in ('configs', 'tools'):
        shipped = {path.relative_to(mim) for path in (mim / folder).rglob('*') if path.is_file()}
        ours = {path.relative_to(ROOT) for path in (ROOT / folder).rglob('*') if path.is_file()}
        assert shipped == {path for path in ours if '__pycache__' not in path.parts}
    assert (mim / 'model-index.yml').is_file()
    assert [path.relative_to(mim) for path in (mim / 'data').rglob('*') if path.is_file()] == [TABLE]
    assert (installed / 'mmaction_microaction' / 'report' / 'report.html').is_file()
    assert not (installed / 'tests').exists()


@pytest.mark.slow
def test_label_embeddings_of_the_synthetic_config_are_found_from_any_folder(installed, tmp_path):
    config = Config.fromfile(ROOT / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py')
    head = config.model.cls_head
    code = (
        'from mmaction_microaction.label_embeddings import load_label_embeddings\n'
        f'print(load_label_embeddings({head.label_embeddings!r}, (52, {head.embed_dims})).sum(dtype=float))'
    )
    process = run(sys.executable, '-c', code, cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(installed)})
    assert process.returncode == 0, process.stdout
    assert float(process.stdout.splitlines()[-1]) == np.load(ROOT / TABLE).sum(dtype=float)


@pytest.mark.slow
def test_mim_finds_configs_by_base_name_from_any_folder(installed, tmp_path):
    environment = {**os.environ, 'PYTHONPATH': str(installed)}
    process = run(MIM, 'train', 'mmaction_microaction', 'manet_r50_8x1_ma52.py', cwd=tmp_path, env=environment)
    assert f'we find the config file in codebase mmaction_microaction, will use {installed}' in process.stdout
    # It was run: there is no data here.
    assert 'data/ma52/train_list_videos.txt: no such annotation list' in process.stdout
    process = run(MIM, 'search', 'mmaction_microaction', '--model', 'manet', cwd=tmp_path, env=environment)
    assert 'manet_r50_8x1_ma52' in process.stdout
    assert '65.59' in process.stdout


@pytest.mark.parametrize(
    ('script', 'arguments', 'expected'),
    [
        (
            'dist_train.sh',
            'CONFIG 2',
            'torch.distributed.launch --nnodes=1 .*--nproc_per_node=2 .*mmaction/.mim/tools/train.py',
        ),
        ('dist_test.sh', 'CONFIG CKPT 2', '--nproc_per_node=2 .*mmaction/.mim/tools/test.py CONFIG CKPT'),
        ('slurm_train.sh', 'PART JOB CONFIG --resume', 'srun -p PART --job-name=JOB .*train.py CONFIG .*--resume'),
        ('slurm_test.sh', 'PART JOB CONFIG CKPT', 'srun -p PART --job-name=JOB .*test.py CONFIG CKPT'),
    ],
)
def test_launch_scripts_call_those_of_mmaction(tmp_path, script, arguments, expected):
    """With `python` and `srun` that only say how they were called."""
    python = tmp_path / 'python'
    python.write_text(f'#!/bin/sh\ncase "$*" in *.upstream*) exec {sys.executable} "$@";; esac\necho python "$@"\n')
    (tmp_path / 'srun').write_text('#!/bin/sh\necho srun "$@"\n')
    for path in (python, tmp_path / 'srun'):
        path.chmod(0o755)
    environment = {**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}'}
    process = run('bash', ROOT / 'tools' / script, *arguments.split(), cwd=ROOT, env=environment)
    assert process.returncode == 0, process.stdout
    assert re.search(expected, process.stdout), process.stdout


@pytest.mark.slow
def test_the_empty_decord_satisfies_pip_and_cannot_be_imported(tmp_path):
    pip = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation']
    sources = shutil.copytree(ROOT / 'tools' / 'no_decord', tmp_path / 'sources')
    process = run(*pip, '--target', tmp_path / 'site', sources)
    assert process.returncode == 0, process.stdout
    code = (
        'import importlib.metadata, importlib.machinery\n'
        f'(found,) = importlib.metadata.distributions(name="decord", path=[{str(tmp_path / "site")!r}])\n'
        f'print(found.version, importlib.machinery.PathFinder.find_spec("decord", [{str(tmp_path / "site")!r}]))'
    )
    # MMAction2 asks for decord>=0.4.1.
    assert run(sys.executable, '-c', code).stdout == '0.6.0 None\n'

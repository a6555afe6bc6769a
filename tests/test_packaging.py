import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path

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


def build(kind, sources, out, before=''):
    """Have setuptools build a kind of distribution of the sources in a folder, as `python -m build` and pip do."""
    code = f'{before}\nfrom setuptools import build_meta; build_meta.build_{kind}({str(out)!r})'
    process = run(sys.executable, '-c', code, cwd=sources)
    assert process.returncode == 0, process.stdout
    return process.stdout


@pytest.fixture
def sources(sources_of_all, tmp_path):
    """A copy of the checkout of one's own."""
    return shutil.copytree(sources_of_all, tmp_path / 'sources')


@pytest.fixture(scope='module')
def sources_of_all(tmp_path_factory):
    """A copy of the checkout: setuptools leaves its build folder beside the sources, where it would mix with others."""
    folder = tmp_path_factory.mktemp('a checkout')
    left_out = shutil.ignore_patterns('.*', 'build', 'data', 'work_dirs', '*.egg-info', '__pycache__')
    copy = shutil.copytree(ROOT, folder / 'sources', ignore=left_out)
    shutil.copytree(ROOT / 'data' / 'ma52', copy / 'data' / 'ma52', ignore=lambda _, names: {*names} - {TABLE.name})
    return copy


@pytest.fixture(scope='module')
def installed(sources_of_all, tmp_path_factory):
    """A folder that holds what `pip install .` puts into site-packages: a wheel made of the source distribution."""
    folder = tmp_path_factory.mktemp('wheel')
    build('sdist', sources_of_all, folder)
    (archive,) = folder.glob('*.tar.gz')
    shutil.unpack_archive(archive, folder)
    (sources,) = (path for path in folder.iterdir() if path.is_dir())
    build('wheel', sources, folder)
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


def mim_files(sources):
    folder = sources / 'mmaction_microaction' / '.mim'
    return folder, {path.relative_to(folder) for path in folder.glob('**/*') if path.is_file()}


def test_editable_installs_link_to_the_checkout_or_copy_it(sources, tmp_path):
    build('editable', sources, tmp_path)
    folder, _ = mim_files(sources)
    assert (folder / 'configs').readlink() == Path('..', '..', 'configs')
    # exFAT, and network shares of Windows.
    no_links = 'import errno, os; os.symlink = lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no links"))'
    output = build('editable', sources, tmp_path, no_links)
    folder, found = mim_files(sources)
    assert not (folder / 'configs').is_symlink()
    assert {Path('configs/manet_r50_8x1_ma52.py'), Path('tools/train.py'), Path('model-index.yml'), TABLE} <= found
    assert 'configs is a copy (no links)' in output


def test_what_messages_tell_to_install_is_what_the_metadata_asks_for():
    """The package itself is on no index; what it needs, is."""
    paths = [*(ROOT / 'mmaction_microaction').rglob('*.py'), *(ROOT / 'tools').glob('*.py')]
    texts = '\n'.join(path.read_text() for path in paths)
    told = re.findall(r"""pip install ['"]?([\w-]+)(\[\w+\])?([<>=.\d,]*)""", texts)
    assert {'gradio', 'gensim', 'onnxruntime', 'umap-learn'} <= {name for name, _, _ in told}
    assert [name for name, _, _ in told if name.startswith('mmaction-microaction')] == []
    declared = dict(re.match(r'([\w-]+)([^;]*)', text).groups() for text in requires('mmaction-microaction'))
    for name, _, versions in told:
        if versions:
            assert set(versions.split(',')) == set(declared[name].strip().split(',')), name


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
    exec_python = f'exec {shlex.quote(sys.executable)} "$@"'
    python.write_text(f'#!/bin/sh\ncase "$*" in *.upstream*) {exec_python};; esac\necho python "$@"\n')
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

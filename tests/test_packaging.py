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
from helpers.processes import run_python
from helpers.shell import quick_programs
from helpers.support import ROOT
from mmengine.config import Config

from mmaction_microaction.models.label_embeddings import SHIPPED_TABLE as TABLE

DATA_GUIDES = sorted(path.relative_to(ROOT) for path in ROOT.glob('data/*/README.md'))
COMMAND = 'import mmaction_microaction_command; mmaction_microaction_command.main()'


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
    """Build a wheel or source distribution of a folder with setuptools, like `python -m build` and pip."""
    code = f'{before}\nfrom setuptools import build_meta; build_meta.build_{kind}({str(out)!r})'
    process = run(sys.executable, '-c', code, cwd=sources)
    assert process.returncode == 0, process.stdout
    return process.stdout


@pytest.fixture
def sources(shared_sources, tmp_path):
    """Make a private copy of the checkout."""
    return shutil.copytree(shared_sources, tmp_path / 'sources')


@pytest.fixture(scope='module')
def shared_sources(tmp_path_factory):
    """Make a shared copy of the checkout, since setuptools writes its build folder next to the sources."""
    folder = tmp_path_factory.mktemp('a checkout')
    left_out = shutil.ignore_patterns('.*', 'build', 'data', 'work_dirs', '*.egg-info', '__pycache__')
    copy = shutil.copytree(ROOT, folder / 'sources', ignore=left_out)
    for path in (TABLE, *DATA_GUIDES):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    return copy


@pytest.fixture(scope='module')
def installed(shared_sources, tmp_path_factory):
    """Build a wheel from the source distribution, and return a folder with its contents, like site-packages."""
    folder = tmp_path_factory.mktemp('wheel')
    build('sdist', shared_sources, folder)
    (archive,) = folder.glob('*.tar.gz')
    shutil.unpack_archive(archive, folder)
    (sources,) = (path for path in folder.iterdir() if path.is_dir())
    build('wheel', sources, folder)
    (wheel,) = folder.glob('*.whl')
    site = folder / 'site'
    zipfile.ZipFile(wheel).extractall(site)
    return site


@pytest.fixture
def quick_environment():
    with quick_programs() as environment:
        yield environment


def run_installed(installed, code, *args, cwd):
    """Run Python code with the package of a folder like site-packages."""
    return run_python(f'import sys; sys.path.insert(0, {str(installed)!r})\n{code}', *args, cwd=cwd)


@pytest.mark.slow
def test_installed_package_contains_configs_tools_and_index(installed):
    mim = installed / 'mmaction_microaction' / '.mim'
    for folder in ('configs', 'tools'):
        shipped = {path.relative_to(mim) for path in (mim / folder).rglob('*') if path.is_file()}
        ours = {path.relative_to(ROOT) for path in (ROOT / folder).rglob('*') if path.is_file()}
        assert shipped == {path for path in ours if '__pycache__' not in path.parts}
    assert (mim / 'model-index.yml').is_file()
    shipped = {path.relative_to(mim) for folder in ('data', 'docs') for path in (mim / folder).rglob('*.*')}
    assert shipped == {TABLE, *DATA_GUIDES, *(path.relative_to(ROOT) for path in ROOT.glob('docs/*.md'))}
    assert (installed / 'mmaction_microaction' / 'report' / 'report.html').is_file()
    assert not (installed / 'tests').exists()


@pytest.mark.slow
def test_label_embeddings_of_the_synthetic_config_are_found_from_any_folder(installed, tmp_path):
    config = Config.fromfile(ROOT / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py')
    head = config.model.cls_head
    code = (
        'from mmaction_microaction.models.label_embeddings import load_label_embeddings\n'
        f'print(load_label_embeddings({head.label_embeddings!r}, (52, {head.embed_dims})).sum(dtype=float))'
    )
    process = run_installed(installed, code, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert float(process.stdout.splitlines()[-1]) == np.load(ROOT / TABLE).sum(dtype=float)


@pytest.mark.slow
def test_guides_and_configs_are_found_from_any_folder(installed, tmp_path):
    help_text = run_installed(installed, COMMAND, 'agree', '--help', cwd=tmp_path).stdout
    code = (
        'from mmaction_microaction.inference.loading import describe_shipped_network\n'
        'from mmaction_microaction.inference.recognizer import read_config\n'
        'from mmaction_microaction.structures.detection_annotations import read_detection_annotations\n'
        'print(describe_shipped_network(), read_config("configs/manet_r50_8x1_ma52.py").filename)\n'
        'read_detection_annotations("nowhere.csv")'
    )
    process = run_installed(installed, code, cwd=tmp_path)
    shipped = re.findall(r'\S+/\.mim/(\S+\.(?:md|py))', help_text + process.stdout + process.stderr)
    assert shipped == [
        'docs/agreement.md',
        'docs/model_card.md',
        'configs/manet_r50_8x1_ma52.py',
        'data/mma52/README.md',
    ]
    assert 'nowhere.csv: no such' in process.stderr


@pytest.mark.slow
def test_mim_finds_configs_by_base_name_from_any_folder(installed, quick_environment, tmp_path):
    environment = quick_environment | {'PYTHONPATH': str(installed)}
    process = run('mim', 'train', 'mmaction_microaction', 'manet_r50_8x1_ma52.py', cwd=tmp_path, env=environment)
    assert f'we find the config file in codebase mmaction_microaction, will use {installed}' in process.stdout
    # The run has started: it fails since there is no data.
    assert 'data/ma52/train_list_videos.txt: no such annotation list' in process.stdout
    process = run('mim', 'search', 'mmaction_microaction', '--model', 'manet', cwd=tmp_path, env=environment)
    assert 'manet_r50_8x1_ma52' in process.stdout
    assert '65.59' in process.stdout


@pytest.mark.slow
def test_the_installed_command_and_mim_run_find_the_tools(installed, quick_environment, tmp_path):
    (metadata,) = installed.glob('*.dist-info')
    assert 'microaction = mmaction_microaction_command:main' in (metadata / 'entry_points.txt').read_text()
    # mim interprets the first argument as the package.
    assert (metadata / 'top_level.txt').read_text().split()[0] == 'mmaction_microaction'
    process = run_installed(installed, COMMAND, 'score', '--help', cwd=tmp_path)
    assert process.stdout.startswith('usage: microaction score ')
    (tmp_path / 'found.json').write_text('[]')
    process = run(
        *('mim', 'run', 'mmaction_microaction', 'score_timeline', 'found.json', '--truth', 'absent.json'),
        cwd=tmp_path,
        env=quick_environment | {'PYTHONPATH': str(installed)},
    )
    # mim itself prints a traceback afterwards.
    assert re.search(r'^error: .*absent\.json', process.stdout, re.M)


def mim_files(sources):
    folder = sources / 'mmaction_microaction' / '.mim'
    return folder, {path.relative_to(folder) for path in folder.glob('**/*') if path.is_file()}


def test_editable_installs_link_to_the_checkout_or_copy_it(sources, tmp_path):
    build('editable', sources, tmp_path)
    folder, _ = mim_files(sources)
    assert (folder / 'configs').readlink() == Path('..', '..', 'configs')
    # exFAT and network shares of Windows do not support links.
    no_links = 'import errno, os; os.symlink = lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no links"))'
    output = build('editable', sources, tmp_path, no_links)
    folder, found = mim_files(sources)
    assert not (folder / 'configs').is_symlink()
    files = 'configs/manet_r50_8x1_ma52.py', 'tools/train.py', 'model-index.yml', 'docs/faq.md', 'data/ma52/README.md'
    assert {*map(Path, files), TABLE} <= found
    assert 'configs is a copy (no links)' in output


def test_install_commands_in_messages_match_the_metadata():
    """The package is not on PyPI, but its dependencies are."""
    paths = (ROOT / 'mmaction_microaction').rglob('*.py')
    texts = '\n'.join(path.read_text() for path in paths)
    told = re.findall(r"""pip install ['"]?([\w-]+)(\[\w+\])?([<>=.\d,]*)""", texts)
    assert {'gradio', 'gensim', 'onnxruntime', 'umap-learn'} <= {name for name, _, _ in told}
    assert [name for name, _, _ in told if name.startswith('mmaction-microaction')] == []
    declared = dict(re.match(r'([\w-]+)([^;]*)', text).groups() for text in requires('mmaction-microaction'))
    for name, _, versions in told:
        if versions:
            assert set(versions.split(',')) == set(declared[name].strip().split(',')), name


# Output of sinfo for the nodes of a partition: GPUs and processors.
NODES = {
    'eight GPUs': 'gpu:8 128',
    'mixed': '(null) 2\ngpu:h100:8(S:0-1) 96\ngpu:a100:4(S:0-1),shard:16 16',
    'slices': 'gpu:1g.10gb:7,gpu:h100:1 128',
    'without GPUs': '(null) 2\n(null) 64',
}
# Options of srun.
TASKS = '--ntasks={} --ntasks-per-node={} --cpus-per-task={}'
JOB = {'SLURM_JOB_ID': '7'}


@pytest.fixture
def launch(tmp_path):
    """Return a function that runs a launcher with fake `python`, `srun` and `sinfo`, which print their arguments."""
    folder = tmp_path / 'with a space'
    shutil.copytree(ROOT / 'tools', folder / 'tools')
    python, config = folder / 'bin' / 'python', folder / 'a config.py'
    config.touch()
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nif [ "$1" = -c ]; then exec {shlex.quote(sys.executable)} "$@"; fi\necho "$@"\n')
    (folder / 'bin' / 'srun').write_text('#!/bin/sh\necho port $MASTER_PORT "$@"\n')
    (folder / 'bin' / 'sinfo').write_text('#!/bin/sh\necho "$NODES"\n')
    for path in (folder / 'bin').iterdir():
        path.chmod(0o755)

    def launch(script, *arguments, path=f'{folder / "bin"}:{os.environ["PATH"]}', **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(('GPUS', 'SLURM', 'MASTER'))}
        process = run(
            'bash', folder / 'tools' / script, *arguments, cwd=folder, env={**kept, 'PATH': path, **environment}
        )
        return process.returncode, process.stdout.splitlines()[-1]

    return launch


@pytest.mark.parametrize(
    ('script', 'arguments', 'expected'),
    [
        ('dist_train.sh', ['a config.py', '2'], 'train.py --launcher pytorch a config.py'),
        ('dist_test.sh', ['a config.py', 'c.pth', '2', '--dump', 'p.pkl'], 'test.py .* a config.py c.pth --dump p.pkl'),
    ],
)
def test_torchrun_launchers_pass_their_arguments(launch, script, arguments, expected):
    status, called = launch(script, *arguments)
    assert status == 0
    assert re.search(f'torch.distributed.run --nnodes=1 .*--nproc_per_node=2 .*/with a space/tools/{expected}$', called)


def test_torchrun_uses_a_free_port_on_one_node_and_an_agreed_port_on_several(launch):
    arguments = ['dist_train.sh', 'a config.py', '2']
    ports = {re.search(r'--master_port=(\d+)', launch(*arguments)[1])[1] for _ in range(3)}
    assert len(ports) > 1
    _, called = launch(*arguments, NNODES='2', NODE_RANK='1', MASTER_ADDR='first', PORT='5')
    assert '--nnodes=2 --node_rank=1 --master_addr=first --master_port=5 ' in called
    assert '--master_port=29500 ' in launch(*arguments, NNODES='2')[1]


@pytest.mark.parametrize(
    ('nodes', 'environment', 'gpus', 'tasks'),
    [
        ('eight GPUs', {}, 8, TASKS.format(8, 8, 5)),
        ('eight GPUs', {'GPUS': '2'}, 2, TASKS.format(2, 2, 5)),
        ('eight GPUs', {'GPUS': '16', 'CPUS_PER_TASK': '9'}, 8, TASKS.format(16, 8, 9)),
        ('eight GPUs', {'GPUS': '2', 'GPUS_PER_NODE': '1'}, 1, TASKS.format(2, 1, 5)),
        ('eight GPUs', {'GPUS': '2', 'GPUS_PER_NODE': '8'}, 2, TASKS.format(2, 2, 5)),
        ('eight GPUs', {'GPUS': '2', 'GPUS_PER_NODE': '0'}, 0, '--ntasks=2 --cpus-per-task=5'),
        ('mixed', {}, 4, TASKS.format(4, 4, 4)),
        ('slices', {}, 8, TASKS.format(8, 8, 5)),
        ('without GPUs', {}, 0, '--ntasks=1 --cpus-per-task=2'),
        ('without GPUs', {'GPUS': '4'}, 0, '--ntasks=4 --cpus-per-task=1'),
        ('without GPUs', {'GPUS': '2', 'GPUS_PER_NODE': '1'}, 0, TASKS.format(2, 1, 2)),
        ('eight GPUs', JOB, 0, ''),
        ('eight GPUs', {**JOB, 'SLURM_CPUS_PER_TASK': '3'}, 0, '--cpus-per-task=3'),
        ('eight GPUs', {**JOB, 'GPUS': '2', 'GPUS_PER_NODE': '1', 'CPUS_PER_TASK': '4'}, 0, TASKS.format(2, 1, 4)),
    ],
)
def test_slurm_launchers_request_only_existing_resources(launch, nodes, environment, gpus, tasks):
    environment = {**environment, 'NODES': NODES[nodes], 'SRUN_ARGS': '--qos=long  --exclusive'}
    status, called = launch('slurm_train.sh', 'part', 'name', 'a config.py', '--resume', **environment)
    assert status == 0
    options, command = called.split(' python ')
    partition = '' if 'SLURM_JOB_ID' in environment else ' --partition=part'
    gres = f' --gres=gpu:{gpus}' if gpus else ''
    expected = f'--job-name=name --kill-on-bad-exit=1{partition}{gres} {tasks}'.rstrip() + ' --qos=long --exclusive'
    assert re.fullmatch(rf'port \d+ {re.escape(expected)}', options)
    assert command.endswith('/with a space/tools/train.py --launcher slurm a config.py --resume')


def test_slurm_tests_have_a_checkpoint_and_random_ports(launch):
    arguments, environment = ['slurm_test.sh', 'part', 'name', 'a config.py', 'c.pth'], {'NODES': NODES['mixed']}
    called = [launch(*arguments, **environment)[1] for _ in range(3)]
    for line in called:
        assert f' --partition=part --gres=gpu:4 {TASKS.format(4, 4, 4)} ' in line
        assert line.endswith('/with a space/tools/test.py --launcher slurm a config.py c.pth')
    assert len({line.split()[1] for line in called}) > 1
    assert launch(*arguments, **environment, PORT='5')[1].startswith('port 5 ')


def test_launchers_report_errors_in_one_line(launch):
    for script, before in (('dist_train.sh', []), ('slurm_train.sh', ['part', 'name'])):
        status, message = launch(script)
        assert (status, f'usage: tools/{script} ' in message) == (1, True)
        status, message = launch(script, *before, 'missing.py', '2', NODES='gpu:8 2')
        assert (status, 'error: missing.py: no such config' in message) == (1, True)
        status, message = launch(script, *before, 'a config.py', '2', path='/usr/bin:/bin')
        assert (status, '/.venv/bin/activate' in message) == (1, True)
    assert 'error: part: no such partition' in launch('slurm_train.sh', 'part', 'name', 'a config.py', NODES='')[1]


@pytest.mark.slow
def test_empty_decord_satisfies_pip_and_cannot_be_imported(tmp_path):
    pip = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation']
    sources = shutil.copytree(ROOT / 'tools' / 'no_decord', tmp_path / 'sources')
    process = run(*pip, '--target', tmp_path / 'site', sources)
    assert process.returncode == 0, process.stdout
    code = (
        'import importlib.metadata, importlib.machinery\n'
        f'(found,) = importlib.metadata.distributions(name="decord", path=[{str(tmp_path / "site")!r}])\n'
        f'print(found.version, importlib.machinery.PathFinder.find_spec("decord", [{str(tmp_path / "site")!r}]))'
    )
    # MMAction2 requires decord>=0.4.1.
    assert run(sys.executable, '-c', code).stdout == '0.6.0 None\n'

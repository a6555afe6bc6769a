"""Every command, snippet and link of the README and the guides works as printed."""

import ast
import copy
import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.processes import run_python
from helpers.support import ROOT, write_clip
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config, DictAction
from mmengine.fileio import dump

from mmaction_microaction.cli import COMMANDS, parse_arguments
from mmaction_microaction.label_sets import find_label_set, get_label_set
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.video.reader import Video

PAGES = sorted(
    path
    for pattern in ('*.md', '.github/**/*.md', 'docs/**/*.md', 'configs/**/*.md', 'data/**/README.md')
    for path in ROOT.glob(pattern)
    if path.name != 'CHANGELOG.md' and '_build' not in path.parts
)


def blocks(language):
    """Return the code blocks of all pages in a language as pairs of page and text."""
    for page in PAGES:
        for match in re.finditer(
            rf'^( *)```(?:{{code-cell}} )?{language}\n(.*?)^ *```', page.read_text(encoding='utf-8'), re.M | re.S
        ):
            yield page, match[2]


def commands():
    """Yield the commands of all shell blocks, with joined lines and without comments and leading variables."""
    for page, block in blocks('bash'):
        # A quoted value may continue on the next line, like a command after a backslash.
        text = re.sub(r'"[^"\n]*\n[^"]*"', lambda value: value[0].replace('\n', ' '), block.replace('\\\n', ' '))
        text = re.sub(r'\$\([^()]*\)', 'VALUE', text)
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r'[A-Z_0-9]+=.*', words[0]):
                words = words[1:]
            if words:
                yield pytest.param(words, id=f'{page.name}: {" ".join(words)[:60]}')
    for name in COMMANDS:
        text = import_module(f'mmaction_microaction.cli.{name.replace("-", "_")}').__doc__
        for line in re.findall(r'^ +(microaction .*)$', text, re.M):
            yield pytest.param(shlex.split(line), id=f'{name} --help: {line[:60]}')


def find_config(name):
    """Return the path of the config in a command, or None for placeholders and for configs of the reader."""
    return None if name.isupper() or 'FOLDER' in name or '$' in name or 'my_config' in name else ROOT / name


@pytest.mark.parametrize('words', [*commands()])
def test_commands_are_accepted(words):
    if words[0] == 'microaction':
        if words[1] not in ('--help', '--version'):
            check_arguments(words[1], words[2:])
    elif words[0] == 'python' and words[1].startswith('tools/'):
        check_tool(ROOT / words[1], words[2:])
    elif words[:3] == ['mim', 'run', 'mmaction_microaction']:
        check_tool(ROOT / 'tools' / f'{words[3]}.py', words[4:])
    elif words[0].startswith('tools/'):
        assert (ROOT / words[0]).is_file()
    elif words[:3] in (['mim', 'train', 'mmaction'], ['mim', 'test', 'mmaction']) and find_config(words[3]):
        config = copy.deepcopy(load_config(find_config(words[3])))
        if '--cfg-options' in words:
            for option in words[words.index('--cfg-options') + 1 :]:
                if option.startswith('--'):
                    break
                check_option(config, *option.split('=', 1))


@cache
def load_config(path):
    return Config.fromfile(path)


def check_arguments(command, arguments):
    """Fail unless a command accepts its arguments."""
    assert command in COMMANDS
    if '--help' not in arguments:
        parse_arguments(command, arguments)


def check_tool(path, arguments):
    """Fail unless a script in ``tools`` exists and, if it is a command, accepts its arguments."""
    assert path.is_file()
    for name, command in COMMANDS.items():
        if command.tool == path.stem:
            check_arguments(name, arguments)


def test_commands_of_the_text_exist():
    named = {
        (page.name, name)
        for page in PAGES
        for name in re.findall(r'`microaction ([a-z][a-z0-9-]*)', page.read_text(encoding='utf-8'))
    }
    assert named
    for _, name in named:
        assert name in COMMANDS


def test_files_named_in_the_text_exist():
    for page in PAGES:
        named = re.findall(
            r'`((?:configs|docs|mmaction_microaction|tests)/[\w/-]+\.(?:md|py))`', page.read_text(encoding='utf-8')
        )
        assert [name for name in named if not (ROOT / name).is_file()] == [], page.name


def check_option(config, key, value):
    """Fail unless a config has all but the last part of an option's name, or the option is the type of a new part."""
    part = config
    for name in key.removesuffix('.type').split('.')[:-1]:
        part = part[int(name)] if name.isdigit() else part[name]
    config.merge_from_dict({key: DictAction._parse_iterable(value)})


@pytest.mark.parametrize(
    'code', [pytest.param(code, id=f'{page.name}-{index}') for index, (page, code) in enumerate(blocks('python'))]
)
def test_imports_of_snippets_exist(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            # The extra "web" is optional.
            module = (pytest.importorskip if node.module == 'gradio_client' else import_module)(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@cache
def anchors(page):
    """Return the anchors of the headings of a page like GitHub and MyST."""
    text = re.sub(r'^( *)```.*?^ *```', '', page.read_text(encoding='utf-8'), flags=re.M | re.S)
    headings = re.findall(r'^#+ (.*)$', text, re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-') for heading in headings}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_have_targets(page):
    links = re.findall(r'\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)]*))?\)', page.read_text(encoding='utf-8'))
    for file, anchor in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), f'{file}#{anchor}'


def run_snippet(page, text):
    """Run the snippet of a guide that contains a text in the working folder, and return its variables."""
    code = next(code for path, code in blocks('python') if path.name == page and text in code)
    namespace = {'__name__': 'snippet'}
    exec(code, namespace)
    return namespace


def test_head_of_the_guide_uses_the_largest_score():
    run_snippet('extending.md', 'MaxScoreHead')
    head = MODELS.build(
        dict(type='MaxScoreHead', num_classes=2, in_channels=3, embed_dims=4, num_segments=2, loss_emb=None)
    )
    frames = torch.rand(5, 2, 3)
    each = torch.stack([head.fc_cls(frames[:, index]) for index in range(2)])
    assert torch.equal(head.classify(frames), torch.maximum(each[0], each[1]))


def test_metric_of_the_guide():
    metric = run_snippet('extending.md', 'TopThree')['TopThree']()
    scores = torch.linspace(0, 1, 52)
    metric.process({}, [dict(pred_score=scores, gt_label=torch.tensor([label])) for label in (51, 50, 49, 48)])
    assert metric.evaluate(4) == {'top3': 75}


def test_dataset_of_the_guide(tmp_path):
    run_snippet('extending.md', 'JsonLines')
    (tmp_path / 'list.jsonl').write_text('{"file": "a b.mp4", "action": 9}\n{"file": "c.mp4", "action": 51}\n')
    dataset = DATASETS.build(
        dict(type='JsonLines', ann_file=f'{tmp_path}/list.jsonl', pipeline=[], data_prefix=dict(video='clips'))
    )
    assert [dataset.get_data_info(index)['filename'] for index in range(2)] == ['clips/a b.mp4', 'clips/c.mp4']
    assert [dataset.get_data_info(index)['label'] for index in range(2)] == [9, 51]
    config = run_snippet('extending.md', 'metainfo=dict(label_set')['dataset']
    dataset = DATASETS.build(dict(**config, ann_file=f'{tmp_path}/list.jsonl', pipeline=[]))
    assert find_label_set(dataset.metainfo, 2, 'list.jsonl').names == ('nodding', 'waving')


@pytest.fixture
def dumps(tmp_path, monkeypatch):
    """Write two dumps of three clips to the working folder, and return their probabilities, shape (2, 3, 52)."""
    monkeypatch.chdir(tmp_path)
    scores = np.random.default_rng(0).dirichlet(np.ones(52), (2, 3))
    for name, rows in zip(('a.pkl', 'b.pkl'), scores):
        samples = [
            dict(video_id=f'{index}.mp4', pred_score=torch.tensor(row), gt_label=torch.tensor([index]))
            for index, row in enumerate(rows)
        ]
        dump(samples, name)
    return scores


def test_figure_of_the_guide(dumps, tmp_path):
    (tmp_path / 'a.pkl').rename('predictions.pkl')
    run_snippet('extending.md', 'plot_confidences')
    assert (tmp_path / 'confidences.png').stat().st_size > 1000


def test_folds_by_subject(tiny_ma52, tmp_path, monkeypatch):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'ma52').symlink_to(tiny_ma52)
    monkeypatch.chdir(tmp_path)
    run_snippet('data.md', 'subjects')
    folds = [[read_annotations(f'fold{fold}_{split}.txt') for split in ('train', 'val')] for fold in range(2)]
    for train, val in folds:
        subjects = [{Path(clip.filename).name[:4] for clip in clips} for clips in (train, val)]
        assert len(train) + len(val) == 12
        assert subjects[0].isdisjoint(subjects[1])
        assert all(Path(clip.filename).is_file() for clip in val)


def test_clips_of_smg(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for person, num_frames, table in ('0001', 20, '9,1,8\n5,5,20\n'), ('0033', 9, '17,2,3\n'), ('0040', 9, '1,9,9\n'):
        folder = tmp_path / 'data' / 'smg' / 'raw' / f'Sample{person}'
        folder.mkdir(parents=True)
        write_clip(folder / f'Sample{person}_color.mp4', num_frames)
        (folder / f'Sample{person}_finelabels.csv').write_text(table)
    run_snippet('README.md', 'finelabels')
    lists = {
        split: read_annotations(f'data/smg/{split}_list_videos.txt', label_set=get_label_set('smg'))
        for split in ('train', 'val', 'test')
    }
    assert lists == {
        'train': [('Sample0001_1_8.mp4', 8), ('Sample0001_5_20.mp4', 4)],
        'val': [('Sample0033_2_3.mp4', 16)],
        'test': [('Sample0040_9_9.mp4', 0)],
    }
    lengths = {
        clip.filename: Video(f'data/smg/clips/{clip.filename}').num_frames for clips in lists.values() for clip in clips
    }
    assert list(lengths.values()) == [8, 16, 2, 1]


def test_label_set_files_of_the_guide(tmp_path):
    page = (ROOT / 'docs' / 'own_classes.md').read_text(encoding='utf-8')
    for language, name in ('text', 'own.txt'), ('yaml', 'own.yaml'):
        block = next(text for text in re.findall(rf'^```{language}\n(.*?)^```', page, re.M | re.S) if 'hand' in text)
        (tmp_path / name).write_text(block, encoding='utf-8')
        label_set = get_label_set(tmp_path / name)
        assert label_set.groups == ('head', 'hands')
    assert label_set.title == 'Gestures of our lab'
    assert label_set.reversed_pairs == ((1, 2),)


MESSAGES_OF_LIBRARIES = {
    'ImportError: libGL.so.1: cannot open shared object file',  # OpenCV
    'No matching distribution found for decord',  # pip
    'No matching distribution found for mmaction-microaction',  # pip
    "No module named 'mmaction.models.localizers.drn'",  # Python, in MMAction2's wheel
    'Failed to import myhead',  # MMEngine
    'Cannot infer the rule for F1_mean',  # MMEngine
    'DataLoader worker (pid …) is killed',  # PyTorch
    'Bus error',  # the operating system
    "KeyError: 'F1_mean'",  # MMEngine
}
"""Messages in the headings of troubleshooting.md that this project does not write."""


def messages_of_the_package():
    """Return the strings in the calls of the package, which include its messages. Placeholders divide a message."""
    return {
        node.value
        for path in (ROOT / 'mmaction_microaction').rglob('*.py')
        for call in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(call, ast.Call)
        for node in ast.walk(call)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_messages_in_troubleshooting_exist():
    page = (ROOT / 'docs' / 'troubleshooting.md').read_text(encoding='utf-8')
    headings = re.findall(r'^\*\*(.+?)\*\*', page, re.M)
    # A message has several words. Other code in a heading is a name, an option or a file.
    quoted = {text for heading in headings for text in re.findall('`([^`]+)`', heading) if ' ' in text}
    assert quoted > MESSAGES_OF_LIBRARIES
    messages = messages_of_the_package()
    for text in quoted - MESSAGES_OF_LIBRARIES:
        for part in text.split('…'):
            assert any(part.strip() in message for message in messages), text


def test_targets_of_make_exist():
    targets = re.search(r'^\.PHONY: (.*)', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.M)[1].split()
    for page in PAGES:
        named = re.findall(r'(?:^|`|&& )make ([a-z][a-z-]*)', page.read_text(encoding='utf-8'), re.M)
        assert set(named) <= set(targets), page.name


def test_extras_exist():
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    for page in PAGES:
        for extras in re.findall(r'\.\[([a-z,]+)\]|EXTRAS=([a-z,]+)', page.read_text(encoding='utf-8')):
            for extra in ''.join(extras).split(','):
                assert f"'{extra}': [" in setup, f'{page.name}: {extra}'


def test_table_of_extras_lists_all():
    page = (ROOT / 'docs' / 'installation.md').read_text(encoding='utf-8')
    table = page.partition('| extra | needed for |')[2].partition('\n\n')[0]
    extras = re.findall(r"^        '([a-z]+)': \[", (ROOT / 'setup.py').read_text(encoding='utf-8'), re.M)
    assert sorted(re.findall(r'^\| `([a-z]+)`', table, re.M)) == sorted(extras)


def test_numbers_of_training_clips_are_those_of_ma52():
    page = (ROOT / 'docs' / 'own_classes.md').read_text(encoding='utf-8')
    fewest, most = re.search(r'MA-52 has between ([0-9,]+) and\s+([0-9,]+) training clips', page).groups()
    clips = get_label_set('ma52').train_clips
    assert (fewest, most) == (f'{min(clips):,}', f'{max(clips):,}')


@pytest.mark.slow
def test_documentation_builds_without_warnings(tmp_path):
    """As ``make docs``, but no page is written, which takes half of the time and gives no warning."""
    options = ['--quiet', '--fail-on-warning', '--keep-going', '-b', 'dummy', ROOT / 'docs', tmp_path]
    done = run_python('import sys; from sphinx.cmd.build import main; sys.exit(main(sys.argv[1:]))', *options)
    assert done.returncode == 0, done.stderr

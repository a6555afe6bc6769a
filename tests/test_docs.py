"""Every command and snippet of the README and the guides can be run as it is printed."""

import ast
import re
import shlex
from importlib import import_module

import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config, DictAction

from mmaction_microaction.cli import COMMANDS, parse_arguments

PAGES = sorted(
    path
    for pattern in ('*.md', 'docs/*.md', 'configs/**/*.md', 'data/**/README.md')
    for path in ROOT.glob(pattern)
    if path.name != 'CHANGELOG.md'
)


def blocks(language):
    """Code blocks of all pages in a language, as parameters of a test."""
    for page in PAGES:
        for match in re.finditer(rf'^( *)```{language}\n(.*?)^ *```', page.read_text(encoding='utf-8'), re.M | re.S):
            yield page, match[2]


def commands():
    """Commands of all shell blocks: those of several lines joined, without comments and variables before them."""
    for page, block in blocks('bash'):
        # A quoted value may go on in the next line, as a command does after a backslash.
        text = re.sub(r'"[^"\n]*\n[^"]*"', lambda value: value[0].replace('\n', ' '), block.replace('\\\n', ' '))
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r'[A-Z_0-9]+=.*', words[0]):
                words = words[1:]
            if words:
                yield pytest.param(words, id=f'{page.name}: {" ".join(words)[:60]}')


def config_of(name):
    """Path of a config that a command names; None for placeholders such as CONFIG."""
    return None if name.isupper() or 'FOLDER' in name or '$' in name else ROOT / name


@pytest.mark.parametrize('words', [*commands()])
def test_commands_are_accepted(words):
    if words[0] == 'python' and words[1].startswith('tools/'):
        assert (ROOT / words[1]).is_file()
        names = {f'tools/{command.tool}.py': name for name, command in COMMANDS.items()}
        if words[1] in names and '--help' not in words:
            parse_arguments(names[words[1]], words[2:])
    elif words[0] == 'microaction':
        assert words[1] in COMMANDS or words[1] in ('--help', '--version')
        if not {'--help', '--version'} & set(words):
            parse_arguments(words[1], words[2:])
    elif words[0].startswith('tools/'):
        assert (ROOT / words[0]).is_file()
    elif words[:3] in (['mim', 'train', 'mmaction'], ['mim', 'test', 'mmaction']) and config_of(words[3]):
        config = Config.fromfile(config_of(words[3]))
        if '--cfg-options' in words:
            for option in words[words.index('--cfg-options') + 1 :]:
                if option.startswith('--'):
                    break
                check_option(config, *option.split('=', 1))


def check_option(config, key, value):
    """Fail unless a config has all but the last part of an option's name."""
    part = config
    for name in key.split('.')[:-1]:
        part = part[int(name)] if name.isdigit() else part[name]
    config.merge_from_dict({key: DictAction._parse_iterable(value)})


@pytest.mark.parametrize(
    'code', [pytest.param(code, id=f'{page.name}-{index}') for index, (page, code) in enumerate(blocks('python'))]
)
def test_imports_of_snippets_exist(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r'\]\((?!https?://|mailto:)([^)#\s]*)(?:#[^)]*)?\)', page.read_text(encoding='utf-8'))
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_head_of_the_guide_takes_the_largest_score():
    code = next(code for page, code in blocks('python') if page.name == 'extending.md' and 'MaxScoreHead' in code)
    namespace = {}
    exec(code, namespace)
    head = MODELS.build(
        dict(type='MaxScoreHead', num_classes=2, in_channels=3, embed_dims=4, num_segments=2, loss_emb=None)
    )
    frames = torch.rand(5, 2, 3)
    each = torch.stack([head.fc_cls(frames[:, index]) for index in range(2)])
    assert torch.equal(head.classify(frames), torch.maximum(each[0], each[1]))

"""No module imports from a layer above its own."""

import ast

import pytest
from support import ROOT

LAYERS = [
    {
        'checkpoints', 'environment', 'errors', 'files', 'intervals', 'label_embeddings', 'mp4_tables', 'pickle_limits',
        'pickles', 'pictures', 'shipped', 'signals', 'taxonomy', 'untrusted', 'video_files', 'video_times', 'videos',
        'workers',
    },
    {'evaluation.functional', 'faces', 'synthetic'},
    {'datasets', 'engine', 'evaluation', 'models', 'submission'},
]  # fmt: skip
PACKAGE = ROOT / 'mmaction_microaction'
# The package itself, and compat, which reaches into it when upstream asks for something.
MODULES = [
    path for path in sorted(PACKAGE.rglob('*.py')) if path.parent != PACKAGE or path.stem not in ('__init__', 'compat')
]


def layer(module):
    """Number of the first layer that names a module or the package that it is in; what none names lies above all."""
    parts = module.split('.')
    names = {'.'.join(parts[:length]) for length in (1, 2)}
    return next((number for number, layer in enumerate(LAYERS) if names & layer), len(LAYERS))


def imported(path):
    """Names of the package's modules that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module.startswith(f'{PACKAGE.name}'):
            inside = node.module.partition('.')[2]
            yield from [inside] if inside else [alias.name for alias in node.names]


@pytest.mark.parametrize('path', MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_nothing_from_above(path):
    own = layer('.'.join(path.relative_to(PACKAGE).with_suffix('').parts))
    assert [name for name in imported(path) if layer(name) > own] == []

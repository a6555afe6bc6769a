"""Every package belongs to a layer, and no module imports from a higher layer."""

import ast

import pytest
from helpers.support import ROOT

LAYERS = [
    {'utils', 'video', 'label_sets'},
    {'compat', 'structures'},
    {'coding.formats', 'evaluation.functional', 'faces', 'poses', 'synthetic'},
    {'datasets', 'engine', 'evaluation.metrics', 'models', 'submission'},
    {'visualization'},
    {'inference', 'report'},
    {'benchmarks', 'coding', 'webui'},
    {'cli'},
]
PACKAGE = ROOT / 'mmaction_microaction'
MODULES = [path for path in sorted(PACKAGE.rglob('*.py')) if path.parent != PACKAGE and '.mim' not in path.parts]


def get_name(path):
    """Return the dotted name of a module, or of the package of an ``__init__.py``, relative to the project."""
    parts = path.relative_to(PACKAGE).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def get_layer(module):
    """Return the index of the layer of a module."""
    parts = module.split('.')
    names = {'.'.join(parts[:length]) for length in (1, 2)}
    return next((index for index, layer in enumerate(LAYERS) if names & layer), None)


def find_imports(path):
    """Return the names of all imports of a module from the project's package, relative to the package."""
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = '.'.join([*start, *([node.module] if node.module else [])])
            yield from (f'{module}.{alias.name}' for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def inside(names):
    return [name.partition('.')[2] for name in names if name.startswith(f'{PACKAGE.name}.')]


def test_package_root_has_at_most_three_modules():
    assert len(list(PACKAGE.glob('*.py'))) <= 3


def test_every_package_has_a_layer():
    packages = {path.parent.relative_to(PACKAGE).parts[0] for path in MODULES}
    assert packages == {name.partition('.')[0] for layer in LAYERS for name in layer}


@pytest.mark.parametrize('path', MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_do_not_import_from_higher_layers(path):
    own = get_layer(get_name(path))
    if own is None:  # the __init__.py of a package whose modules belong to several layers
        own = len(LAYERS)
    above = [name for name in inside(find_imports(path)) if get_layer(name) is not None and get_layer(name) > own]
    assert above == []

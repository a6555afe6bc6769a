"""The types in docstrings are those of the annotations."""

import ast
import re

import pytest
from helpers.support import ROOT

MODULES = [path for path in sorted((ROOT / 'mmaction_microaction').rglob('*.py')) if '.mim' not in path.parts]


def functions_of(path):
    """Functions with the docstrings of their arguments: for a constructor, the docstring of its class."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == '__init__':
                    yield item, ast.get_docstring(node) or ''
        elif isinstance(node, ast.FunctionDef) and node.name != '__init__':
            yield node, ast.get_docstring(node) or ''


def section(docstring, title):
    """Text of a section of a docstring, without its indentation."""
    match = re.search(rf'^{title}:\n((?:    .*\n|\n)*)', f'{docstring}\n', re.M)
    return re.sub('^    ', '', match[1], flags=re.M) if match else ''


def normal(annotation):
    """Annotation in one notation, without the quotes of a name that is not imported."""
    return ast.unparse(ast.parse(annotation.strip("'"), mode='eval'))


@pytest.mark.parametrize('path', MODULES, ids=lambda path: '/'.join(path.parts[-2:]))
def test_docstrings_have_the_types_of_the_annotations(path):
    differences = []
    for function, docstring in functions_of(path):
        documented = dict(re.findall(r'^(\w+) \((.+?)\): ', section(docstring, 'Args'), re.M))
        arguments = function.args
        for argument in arguments.posonlyargs + arguments.args + arguments.kwonlyargs:
            if argument.annotation and argument.arg in documented:
                expected, stated = normal(ast.unparse(argument.annotation)), documented[argument.arg]
                if stated.endswith(', optional'):
                    expected, stated = expected.removesuffix(' | None'), stated.removesuffix(', optional')
                if normal(stated) != expected:
                    differences.append(f'line {argument.lineno}: {argument.arg} ({stated}) is {expected}')
        for title, wrapper in (('Returns', '{}'), ('Yields', 'Iterator[{}]')):
            stated = re.match(r'(.+?):\s', section(docstring, title))
            if (
                function.returns
                and stated
                and wrapper.format(normal(stated[1])) != normal(ast.unparse(function.returns))
            ):
                differences.append(f'line {function.lineno}: {title} {stated[1]}')
    assert not differences

"""Configs as the runner writes them into a work dir, read without running them."""

import ast
import math

from .untrusted import read_limited

MAX_SIZE = 2**20
"""Bytes; those of this project have 20,000 at most."""
_NUMBERS = {'inf': math.inf, 'nan': math.nan}


def read_plain_config(path):
    """Read a config of plain values. Nothing in it is run.

    MMEngine's ``Config.dump``, by which the runner writes the config of a run, makes one assignment for each key, of
    numbers, strings, lists, tuples and ``dict(…)``.

    Args:
        path (str | Path): The config.

    Returns:
        dict[str, Any]: The values, by name.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it holds anything else. The message names file and line.
    """
    try:
        text = read_limited(path, MAX_SIZE, 'a config that the runner wrote').decode('utf-8-sig')
        statements = ast.parse(text).body
    except (MemoryError, RecursionError):
        raise ValueError(f'{path} is no config that the runner wrote: it is nested too deep') from None
    except SyntaxError as error:
        where = f'{path}, line {error.lineno}' if error.lineno else path
        raise ValueError(f'{where}: {error.msg}') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is no text in UTF-8 ({error})') from None
    except ValueError as error:  # of a null byte, or of the size, which names the file itself
        raise ValueError(str(error) if str(path) in str(error) else f'{path}: {error}') from None
    values = {}
    for statement in statements:
        try:
            name, value = _assignment(statement)
        except RecursionError:
            raise ValueError(f'{path}, line {statement.lineno}: nested too deep') from None
        except _NotPlain as error:
            source = (ast.get_source_segment(text, error.node) or '')[:80]
            raise ValueError(
                f'{path}, line {error.node.lineno}: {source!r} is no plain value; the runner writes no others, '
                'and nothing is run'
            ) from None
        values[name] = value
    return values


class _NotPlain(Exception):
    """Holds the part of a config that would have to be run."""

    def __init__(self, node):
        self.node = node


def _assignment(statement):
    """Return name and value of ``name = value``; a config that inherits another is not whole."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name != '_base_':
            return name, _value(value)
    raise _NotPlain(statement)


def _value(node):
    """Return a plain value."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id='inf' | 'nan' as name):
            return _NUMBERS[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float()) | ast.Name() as operand):
            return -_value(operand)
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return {key.value: _value(value) for key, value in zip(keys, values)}
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=items) if all(item.arg for item in items):
            return {item.arg: _value(item.value) for item in items}
        case ast.Call(func=ast.Name(id='dict'), args=[ast.Dict() as only], keywords=[]):
            return _value(only)
    raise _NotPlain(node)

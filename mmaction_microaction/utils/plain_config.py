"""Reading of the configs that the runner writes into a work dir, without executing them."""

import ast
import math
from pathlib import Path
from typing import Any

from .untrusted import read_limited

MAX_SIZE = 2**20
"""Largest size of a config in bytes. The configs of this project have at most 20,000."""
_NUMBERS = {'inf': math.inf, 'nan': math.nan}


def read_plain_config(path: str | Path) -> dict[str, Any]:
    """Read a config of plain values without executing it.

    The runner writes the config of a run with MMEngine's ``Config.dump``. Such a file has one assignment per key, whose
    value consists of numbers, strings, lists, tuples and ``dict(…)``.

    Args:
        path (str | Path): Path of the config.

    Returns:
        dict[str, Any]: Value of each key.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If the file contains anything else. The message contains the file and the line.
    """
    try:
        text = read_limited(path, MAX_SIZE, 'a config that the runner wrote').decode('utf-8-sig')
        statements = ast.parse(text).body
    except (MemoryError, RecursionError):
        raise ValueError(f'{path} is not a config written by the runner: it is nested too deeply') from None
    except SyntaxError as error:
        where = f'{path}, line {error.lineno}' if error.lineno else path
        raise ValueError(f'{where}: {error.msg}') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not UTF-8 text ({error})') from None
    except ValueError as error:  # a null byte, or too large a file, whose message contains the path already
        raise ValueError(str(error) if str(path) in str(error) else f'{path}: {error}') from None
    values = {}
    for statement in statements:
        try:
            name, value = _assignment(statement)
        except RecursionError:
            raise ValueError(f'{path}, line {statement.lineno}: nested too deeply') from None
        except _NotPlainError as error:
            source = (ast.get_source_segment(text, error.node) or '')[:80]
            raise ValueError(
                f'{path}, line {error.node.lineno}: {source!r} is not a plain value; configs written by the runner '
                'have no other values, and nothing is executed'
            ) from None
        values[name] = value
    return values


class _NotPlainError(Exception):
    """Part of a config that would have to be executed."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    """Return the name and the value of an assignment, except of ``_base_``: a config that inherits is incomplete."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name != '_base_':
            return name, _value(value)
    raise _NotPlainError(statement)


def _value(node: ast.expr) -> Any:
    """Return the plain value that an expression states."""
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
    raise _NotPlainError(node)

"""Where the installed MMAction2 keeps its own scripts."""

from importlib.util import find_spec
from pathlib import Path


def find_tool(name):
    """Find one of MMAction2's scripts.

    Args:
        name (str): File name, such as ``train.py`` or ``dist_train.sh``.

    Returns:
        Path: The script in the installed package.

    Raises:
        FileNotFoundError: If this MMAction2 does not ship it.
    """
    path = Path(find_spec('mmaction').origin).parent / '.mim' / 'tools' / name
    if not path.is_file():
        raise FileNotFoundError(f'{path}: MMAction2 ships its scripts only in its wheel: pip install mmaction2==1.2.0')
    return path

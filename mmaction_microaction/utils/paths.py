"""Paths of the files that this project and MMAction2 ship beside their modules."""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def find_shipped(name: str) -> Path:
    """Find a file of this project, in an installed package or in a checkout.

    Args:
        name (str): Path in the repository, such as ``configs/manet_r50_8x1_ma52.py`` or ``model-index.yml``.

    Returns:
        Path: Path of the file.

    Raises:
        FileNotFoundError: If neither the package nor the checkout has the file.
    """
    candidates = PACKAGE / '.mim' / name, PACKAGE.parent / name
    for path in candidates:
        if path.is_file():
            return path
    raise FileNotFoundError(
        f'neither {candidates[0]} nor {candidates[1]} exists: install the package again, pip install .'
    )


def find_guide(name: str) -> str:
    """Return the path under which a guide of this project can be opened, for messages.

    Args:
        name (str): Path in the repository, such as ``docs/faq.md`` or ``data/ma52/README.md``.

    Returns:
        str: The same path in the folder of a checkout, otherwise that of the installed file. The same path if the
        installation lacks the file.

    Examples:
        >>> Path(find_guide('docs/faq.md')).name
        'faq.md'
    """
    if Path(name).is_file():
        return name
    try:
        return str(find_shipped(name).resolve())
    except FileNotFoundError:  # an error that names a guide should not be hidden by this one
        return name


def find_upstream_tool(name: str) -> Path:
    """Find one of MMAction2's scripts in the installed package.

    Args:
        name (str): File name, such as ``train.py`` or ``dist_train.sh``.

    Returns:
        Path: Path of the script.

    Raises:
        FileNotFoundError: If the installed MMAction2 does not include the script.
    """
    path = Path(find_spec('mmaction').origin).parent / '.mim' / 'tools' / name
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: only the wheel of MMAction2 includes its scripts: pip install mmaction2==1.2.0'
        )
    return path

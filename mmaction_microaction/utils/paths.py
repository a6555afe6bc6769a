"""Where configs, model index and label embeddings of this project are, in an installed package and in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def find_shipped(name):
    """Find a file that comes with the project beside its modules.

    Args:
        name (str): Path in the repository, such as ``configs/manet_r50_8x1_ma52.py`` or ``model-index.yml``.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If it is in neither place.
    """
    places = PACKAGE / '.mim' / name, PACKAGE.parent / name
    for path in places:
        if path.is_file():
            return path
    raise FileNotFoundError(f'{name} is neither {places[0]} nor {places[1]}: install the package anew, pip install .')

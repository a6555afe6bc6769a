"""Label embeddings: one word vector per action, the mean over the words of its name (Guo et al., section IV-C)."""

from pathlib import Path

import numpy as np

from mmaction_microaction.utils.paths import find_shipped

SHIPPED_TABLE = Path('data/ma52/label_embeddings_glove50.npy')
"""Table of 50-dimensional label embeddings that is part of this project."""
USE_SHIPPED = f'--cfg-options model.cls_head.label_embeddings={SHIPPED_TABLE} model.cls_head.embed_dims=50'
"""Command-line options that select :data:`SHIPPED_TABLE`."""


def load_label_embeddings(path: str | Path | None, shape: tuple[int, int]) -> np.ndarray:
    """Read a table of label embeddings.

    Args:
        path (str | Path | None): Path of the ``.npy`` file. If it does not exist, the file of this path that is part of
            the project is read, if there is one.
        shape (tuple[int, int]): Expected shape: number of classes, number of dimensions.

    Returns:
        np.ndarray: The table, float32, of the expected shape.

    Raises:
        FileNotFoundError: If ``path`` is None or the file does not exist. The message contains the command that builds
            the table.
        ValueError: If the file is not an array of finite floats of the expected shape.
    """
    remedy = _remedy(path, shape[1])
    if path is None:
        raise FileNotFoundError(f'The embedding loss needs a table, but label_embeddings is None. {remedy}')
    try:
        # Memory-mapped, so that the shape is checked before the content is read.
        table = np.load(_find(path), mmap_mode='r', allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such table of label embeddings. {remedy}') from None
    except Exception as error:  # a damaged file can fail in any way
        raise ValueError(f'{path} is not a table of label embeddings ({error}). {remedy}') from None
    if not isinstance(table, np.ndarray):
        raise ValueError(f'{path} contains several arrays, not one table of label embeddings. {remedy}')
    if table.shape == shape and table.dtype.kind == 'f':
        with np.errstate(over='ignore'):
            embeddings = table.astype(np.float32)
        if np.isfinite(embeddings).all():
            return embeddings
    raise ValueError(
        f'{path} contains {table.dtype} of shape {table.shape}; expected finite floats of shape {shape}: one row per '
        f'class and embed_dims columns. {remedy}'
    )


def _find(path: str | Path) -> str | Path:
    """Return the path if it exists, or else the path of the project's own file of this name, if there is one."""
    if not Path(path).exists():
        try:
            return find_shipped(path)
        except FileNotFoundError:
            pass
    return path


def _remedy(path: str | Path | None, dimensions: int) -> str:
    """Return the sentence of an error message that explains how to get a usable table."""
    if path is not None and Path(path) == SHIPPED_TABLE:
        return (
            'This table of the project has 50 dimensions: set model.cls_head.embed_dims=50. If the file is missing or '
            'damaged, reinstall the package with pip install .'
        )
    # gensim.downloader offers the GloVe 6B vectors in these dimensions.
    vectors = f'glove-wiki-gigaword-{dimensions}' if dimensions in (50, 100, 200, 300) else f'{dimensions}-D_VECTORS'
    return (
        f'Build it with "microaction embed {vectors} --out {path or "FILE"}", or use the 50-d '
        f'table of the project: {USE_SHIPPED}.'
    )

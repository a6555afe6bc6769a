"""Label embeddings: one word vector per action, the mean over the words of its name (Guo et al., section IV-C)."""

from pathlib import Path

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.utils.paths import find_shipped

SHIPPED_TABLE = Path('data/ma52/label_embeddings_glove50.npy')
"""Table of 50-dimensional label embeddings of MA-52's actions that is part of this project."""
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
        ValueError: If the file is not an array of finite floats of the expected shape. The message says how to build
            a table of the label set of the run.
    """
    remedy = _remedy(path, shape)
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
    if table.ndim == 2 and table.shape[0] != shape[0]:
        raise ValueError(
            f'{path} has {table.shape[0]:,} rows of label embeddings, but the network has {shape[0]:,} classes. The '
            f'table needs one row for each action of the label set; if it has, set model.cls_head.num_classes to '
            f'{table.shape[0]}. {remedy}'
        )
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


def _remedy(path: str | Path | None, shape: tuple[int, int]) -> str:
    """Return the sentence of an error message that explains how to get a usable table."""
    num_classes, dimensions = shape
    shipped = path is not None and Path(path) == SHIPPED_TABLE
    if shipped and num_classes == len(MA52):
        return (
            'This table of the project has 50 dimensions: set model.cls_head.embed_dims=50. If the file is missing or '
            'damaged, reinstall the package with pip install .'
        )
    # gensim.downloader offers the GloVe 6B vectors in these dimensions.
    vectors = f'glove-wiki-gigaword-{dimensions}' if dimensions in (50, 100, 200, 300) else f'{dimensions}-D_VECTORS'
    if num_classes != len(MA52):
        out = 'FILE' if shipped or path is None else path
        return (
            f'Build it with "microaction embed {vectors} --label-set LABEL_SET --out {out}", where LABEL_SET is the '
            'label_set of the dataset, or train without label embeddings: --cfg-options model.cls_head.loss_emb=None.'
        )
    return (
        f'Build it with "microaction embed {vectors} --out {path or "FILE"}", or use the 50-d '
        f"table of the project for MA-52's actions: {USE_SHIPPED}."
    )

"""Label embeddings: one word vector per action, the mean over the words of its name (Guo et al., section IV-C)."""

from pathlib import Path

import numpy as np

from mmaction_microaction.utils.paths import find_shipped

SHIPPED_TABLE = Path('data/ma52/label_embeddings_glove50.npy')
"""The 50-d table that comes with the project."""
USE_SHIPPED = f'--cfg-options model.cls_head.label_embeddings={SHIPPED_TABLE} model.cls_head.embed_dims=50'
"""What trains with that table."""


def load_label_embeddings(path, shape):
    """Read a table of label embeddings.

    Args:
        path (str | Path | None): ``.npy`` file; where there is none, the file of that name that comes with the project.
        shape (tuple[int, int]): Classes and dimensions that the table must have.

    Returns:
        np.ndarray: float32, of that shape.

    Raises:
        FileNotFoundError: If no file is named or it does not exist. The message gives the command that builds it.
        ValueError: If the file is no array of finite numbers of that shape.
    """
    remedy = _remedy(path, shape[1])
    if path is None:
        raise FileNotFoundError(f'The embedding loss needs a table, but label_embeddings is None. {remedy}')
    try:
        # Mapped: its shape is checked before any of it is read.
        table = np.load(_find(path), mmap_mode='r', allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such table of label embeddings. {remedy}') from None
    except Exception as error:  # a damaged file can fail in any way
        raise ValueError(f'{path} is not a table of label embeddings ({error}). {remedy}') from None
    if not isinstance(table, np.ndarray):
        raise ValueError(f'{path} holds several arrays, not one table of label embeddings. {remedy}')
    if table.shape == shape and table.dtype.kind == 'f':
        with np.errstate(over='ignore'):
            numbers = table.astype(np.float32)
        if np.isfinite(numbers).all():
            return numbers
    raise ValueError(
        f'{path} holds {table.dtype} of shape {table.shape}; expected finite floats of shape {shape}: a row per '
        f'class and embed_dims columns. {remedy}'
    )


def _find(path):
    """Return the path of a file, or else of the one of that name that comes with the project, if any does."""
    if not Path(path).exists():
        try:
            return find_shipped(path)
        except FileNotFoundError:
            pass
    return path


def _remedy(path, dimensions):
    """Say what to do where a table is missing or unusable."""
    if path is not None and Path(path) == SHIPPED_TABLE:
        return (
            'This table of the project has 50 dimensions: model.cls_head.embed_dims=50. If it is missing or damaged, '
            'install the package anew, pip install .'
        )
    # The GloVe 6B vectors that gensim.downloader has.
    vectors = f'glove-wiki-gigaword-{dimensions}' if dimensions in (50, 100, 200, 300) else f'{dimensions}-D_VECTORS'
    return (
        f'Build it with "python tools/build_label_embeddings.py {vectors} --out {path or "FILE"}", or use the 50-d '
        f'table of the project: {USE_SHIPPED}.'
    )

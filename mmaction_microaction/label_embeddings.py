"""Label embeddings: one word vector per action, the mean over the words of its name (Guo et al., section IV-C)."""

import hashlib
import io
import json
import logging
import socket
from pathlib import Path

import numpy as np

from mmaction_microaction.errors import last_line
from mmaction_microaction.files import check_writable, make_folder, write_whole
from mmaction_microaction.shipped import find_shipped
from mmaction_microaction.taxonomy import ACTIONS

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'
"""gensim.downloader's name of the 300-d GloVe 6B vectors that the paper uses."""
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


def average_words(vectors):
    """Average the word vectors of every action's name, leaving out words that have none.

    Args:
        vectors (gensim.models.KeyedVectors): Word vectors of D dimensions, by lower-case word.

    Returns:
        tuple[np.ndarray, list[str]]: The table, float32 of shape (52, D), and the words without a vector, sorted.

    Raises:
        ValueError: If no word of some name has a vector.
    """
    missing = {word for action in ACTIONS for word in action.words if word not in vectors}
    rows = []
    for action in ACTIONS:
        known = [vectors[word] for word in action.words if word not in missing]
        if not known:
            raise ValueError(
                f'no word of "{action.name}" (label {action.index}) has a vector; use vectors of English words'
            )
        rows.append(np.mean(known, axis=0, dtype=np.float64))
    return np.float32(rows), sorted(missing)


def load_word_vectors(source):
    """Load word vectors with gensim.

    Args:
        source (str): GloVe text file, word2vec file (text, or binary if it ends in ``.bin``), either also packed
            (``.gz``), or a name of ``gensim.downloader``, which downloads Python code together with the vectors and
            runs it.

    Returns:
        gensim.models.KeyedVectors: The vectors.

    Raises:
        ImportError: If gensim is missing.
        OSError: If a download fails.
        ValueError: If the source is no file and no known name, or the file holds no word vectors, or is a pickle.
    """
    try:
        import gensim.downloader
        from gensim.models import KeyedVectors
    except ImportError:
        raise ImportError('Word vectors are read with gensim: pip install "gensim>=4.3".') from None
    path = Path(source)
    if not path.is_file():
        if path.suffix in ('.txt', '.bin', '.kv', '.gz', '.vec') or len(path.parts) > 1:
            raise ValueError(f'{source}: no such file of word vectors')
        return _download(gensim.downloader, source)
    if path.suffix == '.kv':
        raise ValueError(
            f'{source} is a pickle of gensim, which may run code when it is read; where you trust it, write it anew '
            'with KeyedVectors.load(…).save_word2vec_format("vectors.bin", binary=True)'
        )
    try:
        binary = '.bin' in path.suffixes[-2:]  # word2vec's own is a .bin.gz
        _check_size(gensim.utils.open, source, binary)
        if binary:
            return KeyedVectors.load_word2vec_format(source, binary=True)
        with gensim.utils.open(source, encoding='utf-8') as file:
            # word2vec text files open with "words dimensions", GloVe's at once with a word and its vector.
            has_header = len(file.readline().split()) == 2
        return KeyedVectors.load_word2vec_format(source, no_header=not has_header)
    except (EOFError, MemoryError, OSError, ValueError) as error:
        raise ValueError(f'{source} holds no word vectors that gensim can read ({error})') from None


def _download(downloader, name):
    """Load word vectors by their name in ``gensim.downloader``, whose own errors do not say what is wrong."""
    logger = logging.getLogger(downloader.__name__)
    disabled, logger.disabled = logger.disabled, True  # it would print a traceback where there is no internet
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(30)  # seconds; a firewall may answer nothing at all
    try:
        known = downloader.info(name_only=True)['models']
        if name in known:
            return downloader.load(name)
    except Exception as error:  # a plain Exception for a wrong checksum, a ValueError where there is no internet
        raise OSError(
            f'{name} cannot be downloaded ({last_line(error)}). On a machine with internet, the same command downloads '
            f'it to ~/gensim-data, which can be copied here; or name a file of word vectors that you have; or use the '
            f'50-d table of the project, which needs no download: {USE_SHIPPED}'
        ) from None
    finally:
        logger.disabled = disabled
        socket.setdefaulttimeout(timeout)
    raise ValueError(f'{name} is neither a file nor a name of gensim.downloader, such as {DEFAULT_VECTORS}')


def _check_size(open_packed, source, binary):
    """Raise a ValueError if a file is packed far smaller than numbers can be, or says that it holds more of them."""
    size = Path(source).stat().st_size
    if Path(source).suffix in ('.gz', '.bz2', '.xz', '.zst'):
        most, size = 20 * size + 2**24, 0
        with open_packed(source, 'rb') as file:
            while part := file.read(2**20):
                size += len(part)
                if size > most:
                    raise ValueError(f'it unpacks to more than {most / 2**20:,.0f} MiB, which no numbers do')
    with open_packed(source, 'rb') as file:
        header = file.readline(2**20).split()
    if len(header) == 2 and all(number.isdigit() and len(number) < 20 for number in header):
        words, dimensions = map(int, header)
        if words * dimensions * (4 if binary else 2) > size:
            raise ValueError(f'it should hold {words:,} words of {dimensions:,} numbers, but has {size:,} bytes')


def build_label_embeddings(source, out):
    """Build a table and, beside it, a JSON file that records where it comes from.

    Args:
        source (str): See :func:`load_word_vectors`.
        out (str | Path): ``.npy`` file to write; the side file has the ending ``.json``.

    Returns:
        list[str]: Words without a vector, left out of the means.

    Raises:
        ImportError, OSError, ValueError: See :func:`load_word_vectors` and :func:`average_words`; also if ``out`` has
            another ending or cannot be written, which is found out first.
    """
    out = Path(out)
    # Before a long download; and np.load reads any name, but the side file must have another.
    if out.suffix != '.npy':
        raise ValueError(f'{out}: the table is an .npy file; give it that ending')
    make_folder(out.parent)
    check_writable(out)
    vectors = load_word_vectors(source)
    table, missing = average_words(vectors)
    file = io.BytesIO()
    np.save(file, table)
    record = {
        'source': Path(source).name,
        'vocabulary': len(vectors),
        'shape': list(table.shape),
        'words_without_vector': missing,
        'sha256': hashlib.sha256(file.getvalue()).hexdigest(),
    }
    # The table comes last: where it is, all is done.
    write_whole(out.with_suffix('.json'), (json.dumps(record, indent=2) + '\n').encode())
    write_whole(out, file.getvalue())
    return missing

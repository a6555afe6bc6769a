"""Builds tables of label embeddings from word vectors, with gensim."""

import hashlib
import io
import json
import logging
import socket
from pathlib import Path

import numpy as np

from mmaction_microaction.label_sets.ma52 import ACTIONS
from mmaction_microaction.models.label_embeddings import USE_SHIPPED
from mmaction_microaction.utils.files import check_writable, make_folder, write_whole
from mmaction_microaction.utils.messages import last_line

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'
"""gensim.downloader's name of the 300-d GloVe 6B vectors that the paper uses."""


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

"""Builds tables of label embeddings from word vectors, with gensim."""

import hashlib
import io
import json
import logging
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.models.label_embeddings import USE_SHIPPED
from mmaction_microaction.utils.files import check_writable, make_folder, write_whole
from mmaction_microaction.utils.messages import last_line

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'
"""Name in ``gensim.downloader`` of the 300-d GloVe 6B vectors that the paper uses."""


def average_words(vectors: 'KeyedVectors', label_set: LabelSet = MA52) -> tuple[np.ndarray, list[str]]:
    """Average the word vectors of the name of each action, without words that have no vector.

    A word without a vector is looked up in lower case, and then in parts: ``Hand-waving`` has the vectors of ``hand``
    and ``waving``.

    Args:
        vectors (KeyedVectors): Word vectors of D dimensions, by word.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        tuple[np.ndarray, list[str]]: Table of label embeddings, float32 of shape (C, D) for C actions, and the sorted
        words without a vector.

    Raises:
        ValueError: If a name has no word with a vector.
    """
    missing, rows = set(), []
    for action in label_set.actions:
        words = [part for word in action.words for part in _split_unless_known(word, vectors)]
        known = [vectors[word] for word in words if word in vectors]
        missing.update(word for word in words if word not in vectors)
        if not known:
            raise ValueError(
                f'no word of "{action.name}" (label {action.index}) has a vector; use vectors of the language of the '
                'names, or add "words" that have vectors to the action in the file of the label set. To train without '
                'label embeddings, set model.cls_head.loss_emb=None'
            )
        rows.append(np.mean(known, axis=0, dtype=np.float64))
    return np.float32(rows), sorted(missing)


def _split_unless_known(word, vectors):
    """Return a word as it is, in lower case, or in parts; the first form that has a vector."""
    for form in (word, word.lower()):
        if form in vectors:
            return [form]
    return [part for part in re.split(r'[\W_]+', word.lower()) if part]


def load_word_vectors(source: str) -> 'KeyedVectors':
    """Load word vectors with gensim.

    Args:
        source (str): Path of a GloVe text file or a word2vec file (text, or binary with the suffix ``.bin``), which may
            be compressed (``.gz``); or a name in ``gensim.downloader``, which downloads Python code with the vectors
            and runs it.

    Returns:
        KeyedVectors: Word vectors.

    Raises:
        ImportError: If gensim is not installed.
        OSError: If the download fails.
        ValueError: If ``source`` is neither a file nor a known name, or the file is a pickle or contains no word
            vectors.
    """
    try:
        import gensim.downloader
        from gensim.models import KeyedVectors
    except ImportError:
        raise ImportError('gensim is needed to read word vectors: pip install "gensim>=4.3".') from None
    path = Path(source)
    if not path.is_file():
        if path.suffix in ('.txt', '.bin', '.kv', '.gz', '.vec') or len(path.parts) > 1:
            raise ValueError(f'{source}: no such file of word vectors')
        return _download(gensim.downloader, source)
    if path.suffix == '.kv':
        raise ValueError(
            f'{source} is a pickle of gensim, which may run code when it is read; if you trust it, convert it '
            'with KeyedVectors.load(…).save_word2vec_format("vectors.bin", binary=True)'
        )
    try:
        binary = '.bin' in path.suffixes[-2:]  # word2vec itself publishes a .bin.gz
        _check_size(gensim.utils.open, source, binary)
        if binary:
            return KeyedVectors.load_word2vec_format(source, binary=True)
        with gensim.utils.open(source, encoding='utf-8') as file:
            # word2vec text files start with the line "words dimensions", GloVe files with a word and its vector.
            has_header = len(file.readline().split()) == 2
        return KeyedVectors.load_word2vec_format(source, no_header=not has_header)
    except (EOFError, MemoryError, OSError, ValueError) as error:
        raise ValueError(f'{source} contains no word vectors that gensim can read ({error})') from None


def _download(downloader, name):
    """Load word vectors with ``gensim.downloader``, and raise errors that state the reason."""
    logger = logging.getLogger(downloader.__name__)
    disabled, logger.disabled = logger.disabled, True  # without internet, it would print a traceback
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(30)  # seconds; a firewall may never answer
    try:
        known = downloader.info(name_only=True)['models']
        if name in known:
            return downloader.load(name)
    except Exception as error:  # Exception for a wrong checksum, ValueError without internet
        raise OSError(
            f'{name} cannot be downloaded ({last_line(error)}). On a machine with internet, the same command downloads '
            'it to ~/gensim-data, which can be copied here; or pass a file of word vectors. MA-52 has a '
            f'50-d table here: {USE_SHIPPED}. Without any table: model.cls_head.loss_emb=None'
        ) from None
    finally:
        logger.disabled = disabled
        socket.setdefaulttimeout(timeout)
    raise ValueError(f'{name} is neither a file nor a name of gensim.downloader, such as {DEFAULT_VECTORS}')


def _check_size(open_packed, source, binary) -> None:
    """Raise a ValueError if a file has an implausible compression ratio, or a header that claims too many numbers."""
    size = Path(source).stat().st_size
    if Path(source).suffix in ('.gz', '.bz2', '.xz', '.zst'):
        maximum, size = 20 * size + 2**24, 0
        with open_packed(source, 'rb') as file:
            while chunk := file.read(2**20):
                size += len(chunk)
                if size > maximum:
                    raise ValueError(f'it unpacks to more than {maximum / 2**20:,.0f} MiB, too much for word vectors')
    with open_packed(source, 'rb') as file:
        header = file.readline(2**20).split()
    if len(header) == 2 and all(number.isdigit() and len(number) < 20 for number in header):
        words, dimensions = map(int, header)
        if words * dimensions * (4 if binary else 2) > size:
            raise ValueError(f'its header claims {words:,} words of {dimensions:,} numbers, but it has {size:,} bytes')


def build_label_embeddings(source: str, out: str | Path, label_set: LabelSet = MA52) -> list[str]:
    """Write a table of label embeddings, and a JSON file next to it that records its source.

    Args:
        source (str): Source of the word vectors, see :func:`load_word_vectors`.
        out (str | Path): Path of the table, with the suffix ``.npy``. The JSON file has the suffix ``.json``.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        list[str]: Words without a vector, which are not in the averages.

    Raises:
        ImportError: If gensim is not installed.
        OSError: If the download fails, or ``out`` cannot be written, which is checked before the download.
        ValueError: If ``out`` has another suffix, or the word vectors cannot be used; see :func:`load_word_vectors` and
            :func:`average_words`.
    """
    out = Path(out)
    # Checked before a long download. np.load reads files of any suffix, but the JSON file must have another name.
    if out.suffix != '.npy':
        raise ValueError(f'{out}: the table must have the suffix .npy')
    make_folder(out.parent)
    check_writable(out)
    vectors = load_word_vectors(source)
    table, missing = average_words(vectors, label_set)
    file = io.BytesIO()
    np.save(file, table)
    record = {
        'source': Path(source).name,
        'label_set': label_set.name,
        'vocabulary': len(vectors),
        'shape': list(table.shape),
        'words_without_vector': missing,
        'sha256': hashlib.sha256(file.getvalue()).hexdigest(),
    }
    # The table is written last, so that its presence means that both files are complete.
    write_whole(out.with_suffix('.json'), (json.dumps(record, indent=2) + '\n').encode())
    write_whole(out, file.getvalue())
    return missing

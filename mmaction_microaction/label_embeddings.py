"""Label embeddings: one word vector per action, the mean over the words of its name (Guo et al., section IV-C)."""

import hashlib
import json
from pathlib import Path

import numpy as np

from mmaction_microaction.taxonomy import ACTIONS

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'
"""gensim.downloader's name of the 300-d GloVe 6B vectors that the paper uses."""


def load_label_embeddings(path, shape):
    """Read a table of label embeddings.

    Args:
        path (str | Path | None): ``.npy`` file.
        shape (tuple[int, int]): Classes and dimensions that the table must have.

    Returns:
        np.ndarray: float32, of that shape.

    Raises:
        FileNotFoundError: If no file is named or it does not exist. The message gives the command that builds it.
        ValueError: If the file is no array of finite numbers of that shape.
    """
    remedy = (
        f'Build it with "python tools/build_label_embeddings.py --out {path or "FILE"}", or use the 50-d table of the '
        'project: --cfg-options '
        'model.cls_head.label_embeddings=data/ma52/label_embeddings_glove50.npy model.cls_head.embed_dims=50.'
    )
    if path is None:
        raise FileNotFoundError(f'The embedding loss needs a table, but label_embeddings is None. {remedy}')
    try:
        table = np.load(path, allow_pickle=False)
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
        source (str): GloVe text file, word2vec file (text, or binary if it ends in ``.bin``), gensim ``KeyedVectors``
            file (``.kv``), or a name of ``gensim.downloader``.

    Returns:
        gensim.models.KeyedVectors: The vectors.

    Raises:
        ImportError: If gensim is missing.
        OSError: If a download fails.
        ValueError: If the source is no file and no known name, or the file holds no word vectors.
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
        try:
            return gensim.downloader.load(source)
        except ValueError:
            raise ValueError(
                f'{source} is neither a file nor a name of gensim.downloader, such as {DEFAULT_VECTORS}'
            ) from None
    if path.suffix == '.kv':
        return KeyedVectors.load(source)
    try:
        if path.suffix == '.bin':
            return KeyedVectors.load_word2vec_format(source, binary=True)
        with open(source, encoding='utf-8') as file:
            # word2vec text files open with "words dimensions", GloVe's at once with a word and its vector.
            has_header = len(file.readline().split()) == 2
        return KeyedVectors.load_word2vec_format(source, no_header=not has_header)
    except (ValueError, EOFError) as error:
        raise ValueError(f'{source} holds no word vectors that gensim can read ({error})') from None


def build_label_embeddings(source, out):
    """Build a table and, beside it, a JSON file that records where it comes from.

    Args:
        source (str): See :func:`load_word_vectors`.
        out (str | Path): ``.npy`` file to write; the side file has the ending ``.json``.

    Returns:
        list[str]: Words without a vector, left out of the means.

    Raises:
        ImportError, OSError, ValueError: See :func:`load_word_vectors` and :func:`average_words`.
    """
    vectors, out = load_word_vectors(source), Path(out)
    table, missing = average_words(vectors)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.save(out, table)
    record = {
        'source': Path(source).name,
        'vocabulary': len(vectors),
        'shape': list(table.shape),
        'words_without_vector': missing,
        'sha256': hashlib.sha256(out.read_bytes()).hexdigest(),
    }
    out.with_suffix('.json').write_text(json.dumps(record, indent=2) + '\n', encoding='utf-8')
    return missing

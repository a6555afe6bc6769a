"""Embedding of features in two dimensions by t-SNE or UMAP."""

from typing import Literal

import numpy as np

METHODS = {'tsne': 't-SNE', 'umap': 'UMAP'}
"""Options for the method of embedding, and their names in figures."""


def embed_features(features: np.ndarray, method: Literal['tsne', 'umap'] = 'tsne', seed: int = 0) -> np.ndarray:
    """Embed features in two dimensions so that neighbours stay neighbours.

    Args:
        features (np.ndarray): Features, shape (N, C), N at least 4.
        method (Literal['tsne', 'umap']): Method, t-SNE (van der Maaten and Hinton, JMLR 2008) or UMAP (McInnes et al.,
            2018). Defaults to ``'tsne'``.
        seed (int): Random seed; the same seed produces the same points. Defaults to 0.

    Returns:
        np.ndarray: Points, shape (N, 2). Their axes and the distances between far points have no meaning.

    Raises:
        ImportError: If the package of the method is not installed.
        ValueError: If there are fewer than four features, a feature is not finite, or the method is unknown.
    """
    if method not in METHODS:
        raise ValueError(f'expected one of {", ".join(METHODS)} for a method, got {method!r}')
    features = np.asarray(features, dtype=np.float32)
    if len(features) < 4 or not np.isfinite(features).all():
        raise ValueError(f'expected four features or more, all finite, got shape {features.shape}')
    return (_embed_by_umap if method == 'umap' else _embed_by_tsne)(features, seed)


def _embed_by_tsne(features: np.ndarray, seed: int) -> np.ndarray:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise ImportError('t-SNE needs scikit-learn: pip install scikit-learn') from None
    # Perplexity, roughly the number of neighbours, must be below the number of features.
    return TSNE(init='pca', perplexity=min(30, (len(features) - 1) / 3), random_state=seed).fit_transform(features)


def _embed_by_umap(features: np.ndarray, seed: int) -> np.ndarray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ImportError(f'UMAP needs umap-learn ({error}): pip install umap-learn') from None
    # With a seed UMAP runs a single job, and warns unless n_jobs is 1.
    return UMAP(n_neighbors=min(15, len(features) - 1), random_state=seed, n_jobs=1).fit_transform(features)

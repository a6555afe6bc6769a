"""Features before the classifier, embedded in the plane by t-SNE, as in Fig. 5 of Guo et al., or by UMAP."""

import numpy as np
from matplotlib.colors import to_rgb

from mmaction_microaction.label_sets.ma52 import BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS, NUM_BODY_PARTS
from mmaction_microaction.structures.annotations import is_anonymised, read_annotations
from mmaction_microaction.utils.pickles import load_pickle

from .style import BODY_PART_COLOURS, new_figure

METHODS = {'tsne': 't-SNE', 'umap': 'UMAP'}
"""How features may be embedded: the options, and their names in figures."""

_MARKERS = 'osD^vPX'


def read_features(path, ann_file):
    """Read features that ``mim test`` wrote with MMAction2's ``FeatureHead``, without running code from the file.

    Args:
        path (str | Path): Pickled list of features, each of shape (C,), in the order of the list.
        ann_file (str | Path): The list that was tested, for the labels, which the head does not pass on.

    Returns:
        tuple[np.ndarray, np.ndarray]: Features, shape (N, C), and true fine labels, shape (N,).

    Raises:
        FileNotFoundError: If one of the files is missing.
        ValueError: If the file holds something else, or not as many features as the list has clips, or the list is
            anonymised.
    """
    annotations = read_annotations(ann_file, check_names=False)
    if is_anonymised(annotations):
        raise ValueError(f'{ann_file} is anonymised, so nothing is known to colour by; test the validation split.')
    try:
        features = np.stack([np.asarray(feature, dtype=np.float32) for feature in load_pickle(path)])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'{path} holds no features ({type(error).__name__}: {error}); test with model.cls_head.type=FeatureHead, '
            'as tools/plot_features.py --help shows.'
        ) from None
    if features.ndim != 2 or len(features) != len(annotations):
        raise ValueError(
            f'{path} holds features of shape {features.shape}, but {ann_file} lists {len(annotations):,} clips: is it '
            'the list that was tested?'
        )
    return features, np.array([annotation.label for annotation in annotations])


def embed_features(features, seed=0, method='tsne'):
    """Embed features in the plane so that neighbours stay neighbours.

    Args:
        features (np.ndarray): Shape (N, C), N at least 4.
        seed (int): The same seed gives the same points. Defaults to 0.
        method (str): ``'tsne'`` (van der Maaten and Hinton, JMLR 2008) or ``'umap'`` (McInnes et al., 2018). Defaults
            to ``'tsne'``.

    Returns:
        np.ndarray: Shape (N, 2). Distances between far points, and axes, mean nothing.

    Raises:
        ImportError: If the package that has the method is not installed.
        ValueError: If there are fewer than four features, some are not finite, or the method is neither of the two.
    """
    if method not in METHODS:
        raise ValueError(f'expected one of {", ".join(METHODS)} for a method, got {method!r}')
    features = np.asarray(features, dtype=np.float32)
    if len(features) < 4 or not np.isfinite(features).all():
        raise ValueError(f'expected four features or more, all finite, got shape {features.shape}')
    return (_embed_by_umap if method == 'umap' else _embed_by_tsne)(features, seed)


def _embed_by_tsne(features, seed):
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise ImportError("t-SNE is scikit-learn's: pip install scikit-learn") from None
    # Perplexity is about the number of neighbours; it must be below that of clips.
    return TSNE(init='pca', perplexity=min(30, (len(features) - 1) / 3), random_state=seed).fit_transform(features)


def _embed_by_umap(features, seed):
    try:
        from umap import UMAP
    except ImportError as error:
        raise ImportError(f'UMAP needs a package of its own ({error}): pip install umap-learn') from None
    # With a seed there is one job; it warns unless told so.
    return UMAP(n_neighbors=min(15, len(features) - 1), random_state=seed, n_jobs=1).fit_transform(features)


def plot_features(runs, title=None, method='tsne'):
    """Draw embedded features of one network or of two side by side, coloured by action and by body part.

    The actions of a body part have shades of its colour.

    Args:
        runs (dict[str, tuple[np.ndarray, np.ndarray]]): Points of shape (N, 2) and fine labels of shape (N,), by the
            name of the network. One or two.
        title (str, optional): Stands above.
        method (str): How the points were made, see :func:`embed_features`. Defaults to ``'tsne'``.

    Returns:
        matplotlib.figure.Figure: 4.5 x 9.2 inches for one network, 7.5 x 8.1 for two.

    Raises:
        ValueError: If there are more networks or none, or points and labels do not fit.
    """
    if len(runs) not in (1, 2):
        raise ValueError(f'expected one network or two, got {len(runs)}')
    width, height = (7.5, 8.1) if len(runs) == 2 else (4.5, 9.2)
    subtitle = f'{METHODS[method]} of the clips; above, shades tell actions apart'
    figure = new_figure(width, height, title or 'Features before the classifier', subtitle)
    shades = _shades()
    side = (width - 0.35) / len(runs)
    for column, (name, (points, labels)) in enumerate(runs.items()):
        points, labels = np.asarray(points), np.asarray(labels)
        if points.shape != (len(labels), 2):
            raise ValueError(f'{name}: expected points of shape ({len(labels)}, 2), got {points.shape}')
        for row, level in enumerate(('actions', 'body parts')):
            bottom = 0.65 + (1 - row) * (side - 0.1)
            axes = figure.add_axes(
                ((0.3 + column * side) / width, bottom / height, (side - 0.15) / width, (side - 0.4) / height)
            )
            axes.set_title(name, fontsize=9, parse_math=False) if row == 0 else None
            axes.set_ylabel(level, fontsize=9) if column == 0 else None
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_color('0.7')
            for part in range(NUM_BODY_PARTS):
                chosen = FINE_TO_COARSE[labels] == part
                axes.scatter(
                    *points[chosen].T,
                    s=7 if len(labels) > 1000 else 14,
                    c=shades[labels[chosen]] if row == 0 else BODY_PART_COLOURS[part],
                    marker=_MARKERS[part],
                    linewidth=0,
                    alpha=0.8,
                    label=BODY_PARTS[part],
                )
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc='lower center',
        ncols=4,
        frameon=False,
        fontsize=8,
        markerscale=1.8,
        handletextpad=0.1,
        columnspacing=0.8,
    )
    return figure


def _shades():
    """Give each action a shade of its body part's colour, from darker to lighter; shape (52, 3)."""
    shades = np.empty((NUM_ACTIONS, 3))
    for part, colour in enumerate(BODY_PART_COLOURS):
        actions = np.flatnonzero(part == FINE_TO_COARSE)
        for action, lightness in zip(actions, np.linspace(-0.5, 0.5, len(actions))):
            target = 1.0 if lightness > 0 else 0.0
            shades[action] = (1 - abs(lightness)) * np.array(to_rgb(colour)) + abs(lightness) * target
    return shades

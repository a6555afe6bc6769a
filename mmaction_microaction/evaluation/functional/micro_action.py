"""The scores of the paper's Table II, from class probabilities."""

import numpy as np

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE, NUM_ACTIONS, NUM_BODY_PARTS

from .accuracy import rank_classes, top_k_accuracy
from .f1 import f1_macro, f1_macro_of_means, f1_micro

MACRO_F1 = {'mean_of_f1': f1_macro, 'f1_of_means': f1_macro_of_means}


def rank_body_parts(scores, coarse_from='top1'):
    """Order the body parts of every sample, best first.

    Args:
        scores (np.ndarray): Fine probabilities, shape (N, 52).
        coarse_from (str): ``'top1'``: the body part of the best action, of the second best, and so on, as the authors
            and the challenges do, so that parts repeat. ``'sum'``: by the sum of the probabilities of a part's actions.

    Returns:
        np.ndarray: Body-part indices, shape (N, 52) for ``'top1'``, (N, 7) for ``'sum'``; -1 where scores are NaN.

    Raises:
        ValueError: If ``coarse_from`` is neither.
    """
    if coarse_from == 'top1':
        ranking = rank_classes(scores)
        return np.where(ranking < 0, -1, FINE_TO_COARSE[ranking])
    if coarse_from == 'sum':
        return rank_classes(scores @ (FINE_TO_COARSE[:, None] == np.arange(NUM_BODY_PARTS)))
    raise ValueError(f"coarse_from must be 'top1' or 'sum', got {coarse_from!r}")


def micro_action_scores(scores, labels, coarse_from='top1', macro='mean_of_f1'):
    """Compute accuracies and F1 scores on both levels (Guo et al., section V-A).

    Args:
        scores (np.ndarray): Fine probabilities, shape (N, 52). A row of NaN is a clip without a prediction: it counts
            as one that was not recognised, and as a prediction of no class.
        labels (np.ndarray): True fine labels, shape (N,).
        coarse_from (str): How body parts follow from fine scores, see :func:`rank_body_parts`. Defaults to ``'top1'``.
        macro (str): ``'mean_of_f1'`` (the challenges, scikit-learn) or ``'f1_of_means'`` (Eq. 5 as printed).
            Defaults to ``'mean_of_f1'``.

    Returns:
        dict[str, float]: In percent: ``F1_mean`` (Eq. 6) and, for ``coarse`` and ``fine``, ``…/F1_macro``,
        ``…/F1_micro``, ``…/top1`` and ``…/top5``.

    Raises:
        ValueError: If shapes or values do not fit, or an option is unknown.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.shape != (len(labels), NUM_ACTIONS):
        raise ValueError(f'expected scores of shape ({len(labels)}, {NUM_ACTIONS}), got {scores.shape}')
    if macro not in MACRO_F1:
        raise ValueError(f'macro must be one of {", ".join(map(repr, MACRO_F1))}, got {macro!r}')
    levels = {
        'coarse': (FINE_TO_COARSE[labels], rank_body_parts(scores, coarse_from), NUM_BODY_PARTS),
        'fine': (labels, rank_classes(scores), NUM_ACTIONS),
    }
    result = {}
    for level, (truth, ranking, num_classes) in levels.items():
        result[f'{level}/F1_macro'] = MACRO_F1[macro](truth, ranking[:, 0], num_classes)
        result[f'{level}/F1_micro'] = f1_micro(truth, ranking[:, 0], num_classes)
        result[f'{level}/top1'] = top_k_accuracy(truth, ranking, 1)
        result[f'{level}/top5'] = top_k_accuracy(truth, ranking, 5)
    f1_mean = np.mean([value for name, value in result.items() if 'F1' in name])
    return {name: 100 * float(value) for name, value in {'F1_mean': f1_mean, **result}.items()}

"""The check that every use of predicted scores begins with."""

from mmaction_microaction.taxonomy import NUM_ACTIONS


def check_probabilities(scores, clip):
    """Make sure that the scores of a clip are probabilities of the 52 actions.

    Args:
        scores (np.ndarray): Scores of one clip, shape (52,).
        clip (str): Names the clip in errors.

    Raises:
        ValueError: If there are not 52 scores, or they are negative, NaN or do not add up to 1.
    """
    if scores.shape != (NUM_ACTIONS,):
        raise ValueError(
            f'{clip}: expected {NUM_ACTIONS} scores, got shape {scores.shape}; is num_classes of the head '
            f'{NUM_ACTIONS}?'
        )
    # Half precision is exact to about 1e-3.
    if not (scores.min() >= 0 and abs(scores.sum() - 1) < 1e-2):
        raise ValueError(
            f'{clip}: scores are not probabilities (sum {scores.sum():.4g}, least {scores.min():.4g}). NaN '
            "means that the training diverged; otherwise set average_clips='prob' in the head."
        )

"""Texts about results, as a terminal shows them."""

from mmaction_microaction.label_sets import Action, LabelSet

from .results import ClipResult, DetectionResult, ScoredWindow, TimelineResult


def format_result(result: ClipResult | TimelineResult | DetectionResult, min_score: float = 0.0) -> list[str]:
    """Format the best actions of a clip, or the intervals of a timeline or of a detector.

    Args:
        result (ClipResult | TimelineResult | DetectionResult): The result.
        min_score (float): Minimum score that was asked for. Defaults to 0.

    Returns:
        list[str]: Lines of aligned columns.

    Examples:
        >>> import numpy as np
        >>> scores = np.full(52, 0.1 / 49)
        >>> scores[[9, 19, 24]] = 0.6, 0.2, 0.1
        >>> for line in format_result(ClipResult('nod.mp4', 2.0, scores))[:3]:
        ...     print(line)
           60.0%  B1   nodding
           20.0%  C5   waving
           10.0%  D3   shaking legs
    """
    label_set = result.label_set
    if isinstance(result, ClipResult):
        lines = ['  no action reaches --min-score; the most probable ones:'] if result.scores.max() < min_score else []
        lines += [
            f'  {interval.score:6.1%}  {_code_and_name(interval.action, label_set)}' for interval in result.intervals
        ]
        if label_set.has_groups:
            score = result.group_scores[label_set.groups.index(result.group)]
            lines.append(f'  {score:6.1%}  {label_set.group_term}: {result.group}')
        return lines
    if not result.intervals:
        if min_score > 0:
            return [f'  nothing found with a score of at least {min_score:g}; a lower --min-score may show more']
        return ['  nothing found: only rest, or actions shorter than --min-duration']
    lines = []
    for interval in result.intervals:
        times = f'{interval.start:8.1f} to {interval.end:.1f} s'
        lines.append(f'{times:22}  {interval.score:6.1%}  {_code_and_name(interval.action, label_set)}')
    return lines


def format_window(window: ScoredWindow, label_set: LabelSet, min_score: float = 0.0) -> str:
    """Format the best action of a window of a live stream.

    Args:
        window (ScoredWindow): The window.
        label_set (LabelSet): Label set of its probabilities.
        min_score (float): Minimum score of an action that is named. Defaults to 0.

    Returns:
        str: One line.
    """
    action, score = label_set.actions[window.scores.argmax()], window.scores.max()
    text = _code_and_name(action, label_set) if score >= min_score else 'no action reaches --min-score'
    return f'{window.end:8.1f} s  {score:6.1%}  {text}'


def _code_and_name(action: Action, label_set: LabelSet) -> str:
    """Return two columns: the code, as wide as the longest one, and the name."""
    width = max(len(action.code) for action in label_set.actions)
    return f'{action.code:{width}}  {action.name}'

"""Converts a result to the texts, bars and tables of the page."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import cv2

from mmaction_microaction.inference import (
    ClipResult,
    DetectionResult,
    TimelineResult,
    describe_framing,
    draw_boxes,
)
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.reader import Video
from mmaction_microaction.visualization.style import name_of

PICTURE_WIDTH = 480
"""Maximum width in pixels of the picture that shows how a video is cropped."""


def headline(
    result: ClipResult | TimelineResult | DetectionResult, model: str, name: str, count: int | None = None
) -> str:
    """Summarise a result in Markdown.

    Args:
        result (ClipResult | TimelineResult | DetectionResult): The result.
        model (str): Name of the network.
        name (str): Name of the recording.
        count (int, optional): Number of events after corrections. Defaults to None: that of the result.

    Returns:
        str: A heading with the person, if there are several, and the best action or the number of intervals, and a line
        with the network, the video and the part of its frames that the network saw.
    """
    if result.kind == 'clip':
        best = result.intervals[0]
        summary = f'{_literally(best.action.name)} ({_literally(best.action.code)}), {best.score:.1%}'
        if result.label_set.has_groups:
            summary += f'; {_literally(result.label_set.group_term)}: {_literally(result.group)}'
    else:
        count = len(result.intervals) if count is None else count
        number = f'{count:,}' if count else 'No'
        summary = f'{number} micro-action{"s" * (count != 1)} in {result.duration:.1f} s'
        if result.kind == 'detections':
            summary += f' with a score of at least {result.min_score:g}'
    if result.person:
        summary = f'{_literally(result.person)}: {summary}'
    framing = describe_framing(replace(result, person=''))
    details = ', '.join([_literally(name), f'{result.duration:.1f} s', *framing])
    return f'### {summary}\n{_literally(model)}; {details}'


def describe_actions(label_sets: Sequence[LabelSet]) -> str:
    """Describe what networks distinguish, in Markdown.

    Args:
        label_sets (Sequence[LabelSet]): Label sets of one or more networks.

    Returns:
        str: Description, such as ``one of the 52 micro-actions of MA-52, or rest``.
    """
    texts = []
    for label_set in dict.fromkeys(label_sets):
        others = label_set.without_rest()
        number = f'one of the {len(others):,} micro-actions' if len(others) > 1 else 'the only micro-action'
        texts.append(f'{number} of {_literally(others.title)}{", or rest" if label_set.has_rest else ""}')
    return f'{" or ".join(texts)}, depending on the network' if len(texts) > 1 else texts[0]


def _literally(name):
    """Escape the HTML and Markdown in a name."""
    return escape(name).translate({ord(sign): f'&#{ord(sign)};' for sign in '\\`*_[]()!~|$\n\r'})


def action_bars(result: ClipResult) -> dict[str, float]:
    """Return the probabilities of all actions.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: Probabilities of the actions, by name and code.
    """
    return {name_of(label, result.label_set): float(score) for label, score in enumerate(result.scores)}


def group_bars(result: ClipResult) -> dict[str, float]:
    """Return the probabilities of the groups.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: Probabilities of the groups, by name. Empty if the label set has no groups.
    """
    return dict(zip(result.label_set.groups, map(float, result.group_scores)))


def group_bars_title(label_set: LabelSet) -> str:
    """Return the title of the bars of groups.

    Args:
        label_set (LabelSet): Label set with groups.

    Returns:
        str: Title, such as ``Body part (sum of its actions)``.
    """
    term = label_set.group_term
    return f'{term[0].upper()}{term[1:]} (sum of its actions)'


def table_columns(label_set: LabelSet) -> list[str]:
    """Return the columns of the table of events.

    Args:
        label_set (LabelSet): Label set of the events.

    Returns:
        list[str]: Titles. There is no column of groups if the label set has none.
    """
    return ['start', 'end', 'code', 'action', *[label_set.group_term] * label_set.has_groups, 'score', 'comment']


def event_rows(events: Sequence[CodedEvent], label_set: LabelSet) -> list[list[str]]:
    """Return the rows of the table of events.

    Args:
        events (Sequence[CodedEvent]): Events of a person.
        label_set (LabelSet): Label set of the events.

    Returns:
        list[list[str]]: One row for each event, with the columns of :func:`table_columns`. An event of a person has no
        score.
    """
    return [
        [
            f'{event.start:.2f}',
            f'{event.end:.2f}',
            event.code,
            event.action,
            *[event.group] * label_set.has_groups,
            '' if event.score is None else f'{event.score:.3f}',
            event.comment,
        ]
        for event in events
    ]


def gradcam_choices(
    intervals: Sequence[Interval], label_set: LabelSet, is_clip: bool = False
) -> list[tuple[str, Interval]]:
    """List the intervals for which Grad-CAM can be chosen.

    Args:
        intervals (Sequence[Interval]): Intervals: the best actions of a clip, or those of a timeline.
        label_set (LabelSet): Label set of the intervals.
        is_clip (bool): Whether the texts have no times, since all are those of the clip. Defaults to False.

    Returns:
        list[tuple[str, Interval]]: A text and the interval.
    """
    choices = []
    for interval in intervals:
        text = f'{name_of(interval.label, label_set)}, {interval.score:.1%}'
        if not is_clip:
            text = f'{interval.start:.1f} to {interval.end:.1f} s: {text}'
        choices.append((text, interval))
    return choices


def crop_picture(video: Video, results: Sequence[ClipResult | TimelineResult | DetectionResult]) -> str:
    """Draw the parts of the first frame that the network saw, as HTML.

    The picture is part of the page, so that no file has to be deleted.

    Args:
        video (Video): The video.
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): Results of the people in the video.

    Returns:
        str: HTML of the picture. Empty if the network saw whole frames.
    """
    if all(result.boxes is None for result in results):
        return ''
    image = next(video.frames()).to_rgb()
    scale = min(PICTURE_WIDTH / image.shape[1], 1)
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = draw_boxes(image, results, scale=scale)
    _, encoded = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    text = 'What the network saw: ' + '; '.join(', '.join(describe_framing(result)) for result in results)
    return f'<p>{escape(text)}</p><img alt="{escape(text)}" src="data:image/jpeg;base64,{b64encode(encoded).decode()}">'

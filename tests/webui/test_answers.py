import dataclasses
from pathlib import Path

import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED

from mmaction_microaction.inference import ClipResult, DetectionResult, TimelineResult
from mmaction_microaction.label_sets import MA52, MA52_REST, LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.webui.answers import (
    action_bars,
    describe_actions,
    event_rows,
    gradcam_choices,
    group_bars,
    group_bars_title,
    headline,
    table_columns,
)
from mmaction_microaction.webui.corrections import to_coding

# The best action is one of the upper limb, but the sum of two head actions is larger.
SCORES = np.zeros(52)
SCORES[[9, 10, 19]] = 0.3, 0.25, 0.45
CLIP = ClipResult('/secret/folder/wave.mp4', 1.5, SCORES)
INTERVALS = [Interval(0, 2.5, 19, 0.4), Interval(2.5, 9.04, 3, 0.98765)]
LONG = TimelineResult('/secret/folder/talk.webm', 9.04, INTERVALS, np.zeros(1), np.ones(1), SCORES[None])


FOUND = DetectionResult(
    '/secret/folder/talk.webm',
    9.04,
    np.array([[2.0, 4], [0, 3], [1, 9]]),
    np.array([19, 9, 24]),
    np.array([0.9, 0.6, 0.1]),
)


def rows(result):
    return event_rows(to_coding([result], 'talk.mp4', 'net').events, result.label_set)


def test_answers_of_a_detector_overlap():
    result = dataclasses.replace(FOUND, min_score=0.3)
    assert headline(result, 'net', Path(result.video).name).startswith(
        '### 2 micro-actions in 9.0 s with a score of at least 0.3\n'
    )
    assert headline(result, 'net', 'talk.webm', 1).startswith('### 1 micro-action in 9.0 s')
    assert rows(result) == [
        ['0.00', '3.00', 'B1', 'nodding', 'head', '0.600', ''],
        ['2.00', '4.00', 'C5', 'waving', 'upper limb', '0.900', ''],
    ]
    assert gradcam_choices(result.intervals, MA52)[0][0] == '0.0 to 3.0 s: nodding  B1, 60.0%'


def test_a_detector_may_find_nothing():
    nothing = dataclasses.replace(FOUND, min_score=0.95)
    assert headline(nothing, 'net', Path(nothing.video).name).startswith(
        '### No micro-actions in 9.0 s with a score of at least 0.95\n'
    )
    assert rows(nothing) == []


def test_bars_of_a_clip():
    bars = action_bars(CLIP)
    assert len(bars) == 52
    assert bars['waving  C5'] == 0.45
    assert bars['nodding  B1'] == 0.3
    parts = group_bars(CLIP)
    assert len(parts) == 7
    assert parts['head'] == pytest.approx(0.55)
    assert parts['upper limb'] == pytest.approx(0.45)


def test_headlines():
    # The body part is that of the best action, as in the challenges.
    assert (
        headline(CLIP, 'net', Path(CLIP.video).name)
        == '### waving (C5), 45.0%; body part: upper limb\nnet; wave.mp4, 1.5 s'
    )
    assert headline(LONG, 'net', Path(LONG.video).name) == '### 2 micro-actions in 9.0 s\nnet; talk.webm, 9.0 s'
    one = TimelineResult('<b>.mp4', 9, INTERVALS[:1], np.zeros(1), np.ones(1), SCORES[None])
    assert headline(one, 'net', Path(one.video).name) == '### 1 micro-action in 9.0 s\nnet; &lt;b&gt;.mp4, 9.0 s'
    links = ClipResult('[x](javascript:alert(1)) *a* $b$.mp4', 1.5, SCORES)
    assert not set(headline(links, '`net`', Path(links.video).name).splitlines()[1]) & set('[]()*$`')


def test_rows_and_gradcam_choices_are_in_the_same_order():
    assert rows(LONG) == [
        ['0.00', '2.50', 'C5', 'waving', 'upper limb', '0.400', ''],
        ['2.50', '9.04', 'A2', 'turning around', 'body', '0.988', ''],
    ]
    assert gradcam_choices(LONG.intervals, MA52) == [
        ('0.0 to 2.5 s: waving  C5, 40.0%', INTERVALS[0]),
        ('2.5 to 9.0 s: turning around  A2, 98.8%', INTERVALS[1]),
    ]
    assert [text for text, _ in gradcam_choices(CLIP.intervals, MA52, is_clip=True)][:3] == [
        'waving  C5, 45.0%',
        'nodding  B1, 30.0%',
        'shaking head  B2, 25.0%',
    ]


def test_answers_without_groups_have_no_groups():
    clip = ClipResult('wave.mp4', 1.5, np.array([0.1, 0.7, 0.1, 0.1]), FOUR)
    assert headline(clip, 'net', Path(clip.video).name).splitlines()[0] == '### waving (1), 70.0%'
    assert action_bars(clip) == {'nodding': 0.1, 'waving': 0.7, 'shrugging': 0.1, 'arms akimbo': 0.1}
    assert group_bars(clip) == {}
    long = TimelineResult('talk.mp4', 9, [Interval(0, 2.5, 1, 0.4, FOUR)], None, None, None, FOUR)
    assert table_columns(FOUR) == ['start', 'end', 'code', 'action', 'score', 'comment']
    assert rows(long) == [['0.00', '2.50', '1', 'waving', '0.400', '']]
    assert [text for text, _ in gradcam_choices(long.intervals, FOUR)] == ['0.0 to 2.5 s: waving, 40.0%']


def test_answers_use_the_word_of_the_label_set_for_groups():
    clip = ClipResult('wave.mp4', 1.5, np.eye(200)[13], TWO_HUNDRED)
    assert (
        headline(clip, 'net', Path(clip.video).name).splitlines()[0]
        == '### narrow movement 13 (M13), 100.0%; family: family 1'
    )
    assert len(action_bars(clip)) == 200
    assert group_bars(clip)['family 1'] == 1
    assert group_bars_title(TWO_HUNDRED) == 'Family (sum of its actions)'
    assert group_bars_title(MA52) == 'Body part (sum of its actions)'
    assert table_columns(TWO_HUNDRED) == ['start', 'end', 'code', 'action', 'family', 'score', 'comment']
    assert table_columns(MA52) == ['start', 'end', 'code', 'action', 'body part', 'score', 'comment']


def test_names_of_a_label_set_are_escaped_in_the_headline():
    actions = [{'name': '<img src=x>', 'code': '[a](b)', 'group': '*g*'}]
    label_set = LabelSet.from_dict({'actions': actions, 'group_term': '<b>', 'title': '<script>'})
    text = headline(ClipResult('a.mp4', 1.5, np.ones(1), label_set), 'net', 'a.mp4').splitlines()[0]
    assert not set(text.replace(' (', '').replace('),', '')) & set('<>[]()*')
    assert describe_actions([label_set]) == 'the only micro-action of &lt;script&gt;'


def test_introduction_names_the_actions_of_all_networks():
    assert describe_actions([MA52, MA52]) == 'one of the 52 micro-actions of MA-52'
    assert describe_actions([MA52_REST]) == 'one of the 52 micro-actions of MA-52, or rest'
    assert describe_actions([MA52, FOUR]) == (
        'one of the 52 micro-actions of MA-52 or one of the 4 micro-actions of gestures, depending on the network'
    )

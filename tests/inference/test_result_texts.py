import numpy as np
import pytest
from helpers.label_sets import FOUR

from mmaction_microaction.inference import ClipResult, ScoredWindow, TimelineResult
from mmaction_microaction.inference.result_texts import format_result, format_window
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.intervals import Interval

SCORES = np.zeros(52)
SCORES[[9, 45, 19]] = 0.5, 0.3, 0.2


def test_clips_list_their_best_actions_and_the_group_of_the_first():
    lines = format_result(ClipResult('a.mp4', 2.0, SCORES))
    assert lines[:3] == ['   50.0%  B1   nodding', f'   30.0%  F10  {MA52.names[45]}', '   20.0%  C5   waving']
    assert (len(lines), lines[-1]) == (6, '   50.0%  body part: head')
    low = format_result(ClipResult('a.mp4', 2.0, SCORES), 0.6)
    assert '--min-score' in low[0]
    assert low[1:] == lines


def test_label_sets_without_groups_have_no_line_for_one():
    lines = format_result(ClipResult('a.mp4', 2.0, np.array([0.1, 0.2, 0.6, 0.1]), FOUR))
    assert (len(lines), lines[0]) == (4, '   60.0%  2  shrugging')


def test_intervals_have_times():
    empty = np.zeros(0)
    intervals = [Interval(0.5, 3.0, 9, 0.9), Interval(100.0, 101.5, 45, 0.25)]
    assert format_result(TimelineResult('a.mp4', 200.0, intervals, empty, empty, np.zeros((0, 52)))) == [
        '     0.5 to 3.0 s        90.0%  B1   nodding',
        f'   100.0 to 101.5 s      25.0%  F10  {MA52.names[45]}',
    ]


@pytest.mark.parametrize(('min_score', 'option'), [(0, '--min-duration'), (0.3, '--min-score')])
def test_a_timeline_without_actions_names_the_option_that_may_show_more(min_score, option):
    empty = np.zeros(0)
    [line] = format_result(TimelineResult('a.mp4', 200.0, [], empty, empty, np.zeros((0, 52))), min_score)
    assert 'nothing found' in line
    assert [name for name in ('--min-score', '--min-duration') if name in line] == [option]


@pytest.mark.parametrize(('min_score', 'text'), [(0, 'B1   nodding'), (0.6, 'no action reaches --min-score')])
def test_windows_have_one_line(min_score, text):
    assert format_window(ScoredWindow(1.0, 2.5, SCORES), MA52, min_score) == f'     2.5 s   50.0%  {text}'

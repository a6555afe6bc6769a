"""Thresholds have the wanted precision on the coded recordings."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.coding import TWO, make_scores

from mmaction_microaction.cli.thresholds import find_score_files
from mmaction_microaction.coding.matching import match_codings
from mmaction_microaction.coding.scores_file import RecordingScores
from mmaction_microaction.coding.thresholds import (
    fit_thresholds,
    make_threshold_table,
    read_thresholds,
    write_thresholds,
)
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding


def pair_of(nodding, truth, people=('',), waving=0.0):
    """Return scores of nodding in windows of one second, and a coding with an event for each true second."""
    rows = [(score, waving) for score in nodding]
    events = [CodedEvent(t, t + 1.0, 'Nodding', people[0]) for t, is_true in enumerate(truth) if is_true]
    return make_scores('a', people, rows), Coding('a', events, people=people)


def test_the_lowest_threshold_with_the_precision_is_found():
    # 20 seconds, ranked: 8 hits, 2 misses, 2 hits, 8 misses.
    scores = np.linspace(0.95, 0, 20)
    truth = [True] * 8 + [False] * 2 + [True] * 2 + [False] * 8
    order = np.random.default_rng(0).permutation(20)
    pair = pair_of(scores[order], np.array(truth)[order])
    # With all ten hits, 10 of 12 units are right: 0.833. One more unit is a miss: 10 of 13 = 0.769.
    [fitted] = fit_thresholds([pair], precision=0.8)
    assert (fitted.action, fitted.num_events) == ('nodding', 10)
    assert fitted.threshold == pytest.approx(scores[11])
    assert fitted.precision == pytest.approx(10 / 12)
    assert fitted.recall == 1
    # 0.75 is reached by 10 of 13, not by 10 of 14.
    [fitted] = fit_thresholds([pair], precision=0.75)
    assert fitted.threshold == pytest.approx(scores[12])
    # Only fewer than ten units would reach 0.9.
    [fitted] = fit_thresholds([pair], precision=0.9)
    assert (fitted.threshold, fitted.reason) == (None, 'precision not reached')
    [fitted] = fit_thresholds([pair], precision=0.8, min_events=11)
    assert (fitted.threshold, fitted.reason) == (None, 'too few events')


@pytest.mark.parametrize(('waving', 'seconds', 'is_listed'), [(0.5, 10, True), (0.49, 10, False), (0.9, 9, False)])
def test_an_action_that_is_found_and_was_never_coded_is_never_right(waving, seconds, is_listed, tmp_path):
    pair = pair_of([0.3] * seconds, [True] * seconds, waving=waving)
    fitted = fit_thresholds([pair], precision=0.8)
    assert [item[:3] + item[5:] for item in fitted[1:]] == [('waving', 0, None, 'never right')] * is_listed
    write_thresholds(fitted, 0.8, ['a'], tmp_path / 't.json')
    assert ('waving' in read_thresholds(tmp_path / 't.json')) == is_listed


def test_rest_has_no_threshold():
    scores, coding = pair_of([0.3] * 10, [True] * 10, waving=0.9)
    rest = LabelSet.from_dict({'name': 'mine', 'actions': ['nodding', 'rest']})
    assert [fitted.action for fitted in fit_thresholds([(replace(scores, label_set=rest), coding)], 0.8)] == ['nodding']


@pytest.mark.parametrize('seed', range(5))
def test_thresholds_are_those_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    scores = rng.choice(np.linspace(0, 1, 21), 60)  # with ties
    truth = rng.random(60) < scores
    possible = [
        threshold
        for threshold in np.unique(scores)
        if truth[scores >= threshold].mean() >= 0.75 and (scores >= threshold).sum() >= 10
    ]
    [fitted] = fit_thresholds([pair_of(scores, truth)], precision=0.75, min_events=1)
    assert fitted.threshold == pytest.approx(min(possible))
    assert fitted.recall == pytest.approx(truth[scores >= min(possible)].sum() / truth.sum())


def test_people_and_recordings_are_fitted_together():
    first = pair_of([0.9] * 6, [True] * 6, ('left', 'right'))
    second = pair_of([0.4] * 6, [True] * 6)
    [fitted] = fit_thresholds([first, second], precision=0.6)
    # 6 units of left, 6 of the other recording; right has 0.9, too, and does not nod: 12 of 18.
    assert (fitted.num_events, fitted.precision) == (12, pytest.approx(12 / 18))
    assert fitted.threshold == pytest.approx(0.4)


def test_short_events_and_points_count_for_the_nearest_unit():
    events = [CodedEvent(t + 0.1, t + 0.1 + length, 'nodding') for t in range(10) for length in (0.0, 0.2)]
    scores = make_scores('a', rows=[(0.9, 0)] * 10)
    [fitted] = fit_thresholds([(scores, Coding('a', events))], precision=1)
    assert (fitted.num_events, fitted.precision, fitted.recall) == (20, 1, 1)


def test_detections_are_fitted_on_half_seconds():
    starts = np.array([0.0, 10.0, 0.0])
    scores = RecordingScores(
        'a', np.full(3, ''), starts, starts + 5, np.array([0.8, 0.3, 0.5]), np.array([0, 0, 1]),
        label_set=TWO, duration=20.0,
    )  # fmt: skip
    coding = Coding('a', [CodedEvent(t, t + 1.0, 'nodding') for t in range(5)])
    fitted, waving = fit_thresholds([(scores, coding)], precision=0.9)
    assert (waving.action, waving.reason) == ('waving', 'never right')
    assert (fitted.threshold, fitted.precision, fitted.recall) == (0.8, 1, 1)


def test_files_of_thresholds_are_read_back(tmp_path):
    fitted = fit_thresholds([pair_of(np.linspace(0.95, 0, 20), [True] * 12 + [False] * 8)], 0.8)
    write_thresholds(fitted, 0.8, ['a'], tmp_path / 't.json')
    # 12 hits in the first 15 units.
    assert read_thresholds(tmp_path / 't.json') == {'nodding': pytest.approx(0.25)}
    content = json.loads((tmp_path / 't.json').read_text())
    assert (content['precision'], content['fitted_on']) == (0.8, ['a'])


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ('{', 'JSONDecodeError'),
        ('{"format": "other"}', '"format" is not'),
        ('{"format": "microaction thresholds"}', 'KeyError'),
        ('{"format": "microaction thresholds", "thresholds": {"a": 2}}', "the threshold of 'a' is 2"),
        ('{"format": "microaction thresholds", "thresholds": {"a": "x"}}', "the threshold of 'a' is 'x'"),
    ],
)
def test_malformed_files_are_errors(content, text, tmp_path):
    (tmp_path / 't.json').write_text(content)
    with pytest.raises(ValueError, match=text) as error:
        read_thresholds(tmp_path / 't.json')
    assert 't.json' in str(error.value)


def test_table_of_thresholds():
    assert make_threshold_table(TWO, False, None, {}).tolist() == [0.5, 0.5]
    assert make_threshold_table(TWO, True, None, {'Waving': None}).tolist() == [0.3, np.inf]
    assert make_threshold_table(TWO, True, 0.7, {'nodding': 0.2}).tolist() == [0.2, 0.7]


def test_networks_of_other_actions_are_not_mixed():
    other = LabelSet.from_dict({'actions': ['nodding', 'jumping']})
    pairs = [(make_scores('a'), Coding('a', [])), (make_scores('b', label_set=other), Coding('b', []))]
    with pytest.raises(ValueError, match='different actions'):
        fit_thresholds(pairs, 0.8)


def test_recordings_and_people_are_matched_by_name():
    scores = [
        make_scores('deep/P01', ('left', 'right')),
        make_scores('P02'),
        make_scores('P03'),
        make_scores('a/x'),
        make_scores('b/x'),
    ]
    codings = [
        Coding('P01', [CodedEvent(0, 1, 'nodding', 'left'), CodedEvent(0, 1, 'nodding', 'child')]),
        Coding('P02', [CodedEvent(0, 1, 'waving', 'Anna')]),
        Coding('P03', [], people=('',)),
        Coding('x', []),
        Coding('P09', []),
    ]
    pairs, notes = match_codings(scores, codings)
    assert [(found.recording, found.people, coding.people) for found, coding in pairs] == [
        ('deep/P01', ('left',), ('left',)),
        ('P02', ('',), ('',)),
        ('P03', ('',), ('',)),
    ]
    assert pairs[0][0].person.tolist() == ['left'] * 4
    assert [event.action for event in pairs[1][1].of('')] == ['waving']
    assert notes == [
        'P01: child of the coding left out; the scores are of left, right',
        'P03: the coding has no events of the only person, which counts as coded; leave out people who were not coded',
        'x: there are no scores of this recording',
        'P09: there are no scores of this recording',
    ]


def test_files_of_systems_are_no_scores(tmp_path):
    for name in ('P01.npz', '._P01.npz', '.Trash-1000/files/P02.npz'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find_score_files([tmp_path]) == [tmp_path / 'P01.npz']


def test_a_recording_with_its_own_scores_does_not_take_those_of_another_folder():
    codings = [Coding(name, [CodedEvent(0, 1, 'nodding')]) for name in ('P01', 'deep/P01')]
    pairs, notes = match_codings([make_scores('P01')], codings)
    assert [coding.recording for _, coding in pairs] == ['P01']
    assert notes == ['deep/P01: there are no scores of this recording']


def test_what_cannot_be_matched_is_an_error():
    with pytest.raises(ValueError, match=r'scores are P02\. P09: there are no scores of this recording'):
        match_codings([make_scores('P02')], [Coding('P09', [])])
    with pytest.raises(ValueError, match=r'P02: left, right of the coding left out; the scores are of P1, P2'):
        match_codings([make_scores('P02', ('P1', 'P2'))], [Coding('P02', [], people=('left', 'right'))])
    with pytest.raises(ValueError, match='P02: the only person is coded in two files'):
        match_codings([make_scores('P02')], [Coding('P02', [], people=('',))] * 2)

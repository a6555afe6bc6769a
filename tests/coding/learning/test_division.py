import numpy as np
import pytest

from mmaction_microaction.coding.learning import Piece
from mmaction_microaction.coding.learning.division import divide, name_subjects
from mmaction_microaction.structures.coding import CodedEvent


def pieces(people, recordings=('talk',), events=5):
    found = []
    for recording in recordings:
        for person in people:
            for label in (0, 1):
                for start in range(0, 10 * events, 10):
                    event = CodedEvent(start, start + 6, 'x', person)
                    found += [Piece(recording, person, label, at, at + 3, event) for at in (start, start + 3)]
    return found


def test_places_are_other_people_in_each_recording_and_names_are_the_same():
    clips = [Piece(recording, person, 0, 0, 1) for recording in 'ab' for person in ('P1', 'left', '2', '')]
    assert name_subjects(clips, 'person') == ['P1', 'a left', 'a 2', 'a', 'P1', 'b left', 'b 2', 'b']
    assert name_subjects(clips, 'recording') == ['a'] * 4 + ['b'] * 4


@pytest.mark.parametrize('split', ['person', 'recording'])
@pytest.mark.parametrize('folds', [None, 2, 'people'])
def test_nobody_is_in_two_parts(split, folds):
    clips = pieces(['P1', 'P2', 'P3'], ['a', 'b', 'c', 'd'])
    found = divide(clips, split, folds=folds)
    parts = found.folds or [(found.train, found.val)]
    for kept, held_out in parts:
        who = [{name_subjects(clips, split)[index] for index in part} for part in (kept, held_out)]
        assert all(who)
        assert not who[0] & who[1]
        assert sorted([*kept, *held_out]) == list(range(len(clips)))
    if folds:
        assert sorted(np.concatenate([held_out for _, held_out in parts])) == list(range(len(clips)))
        assert len(found.train) == len(clips)
        assert found.val is None
        assert len(parts) == (2 if folds == 2 else {'person': 3, 'recording': 4}[split])


def test_one_person_needs_a_split_by_time():
    with pytest.raises(ValueError, match=r'P1.*--val-split time'):
        divide(pieces(['P1'], ['a', 'b']), 'person')
    with pytest.raises(ValueError, match=r'recording.*--val-split time'):
        divide(pieces(['P1', 'P2']), 'recording')


def test_split_by_time_holds_out_the_last_event_with_all_of_its_pieces():
    clips = pieces(['P1', 'P2'])
    found = divide(clips, 'time', share=0.2)
    assert sorted({clips[index].start for index in found.val}) == [40, 43]
    assert len(found.val) == 8  # two people, two categories, two pieces
    assert not set(found.train) & set(found.val)
    assert len(found.train) + len(found.val) == len(clips)


def test_more_folds_than_people_are_refused():
    with pytest.raises(ValueError, match=r'--folds 3.*2: P1, P2'):
        divide(pieces(['P1', 'P2']), 'person', folds=3)


def test_folds_by_time_are_refused():
    with pytest.raises(ValueError, match='--folds'):
        divide(pieces(['P1', 'P2']), 'time', folds=2)

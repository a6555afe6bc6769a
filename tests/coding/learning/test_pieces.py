from itertools import pairwise

import pytest

from mmaction_microaction.coding.learning import Lengths, Piece, cut_event, sample_rest
from mmaction_microaction.coding.learning.pieces import find_rest
from mmaction_microaction.structures.coding import CodedEvent

LENGTHS = Lengths(shortest=1, longest=3, usual=1.5, most=5)


@pytest.mark.parametrize(
    ('start', 'end', 'clips'),
    [
        (10.0, 12.5, [(10, 12.5)]),
        (10.0, 13.0, [(10, 13)]),
        (10.0, 10.4, [(9.7, 10.7)]),  # short: extended to both sides
        (0.1, 0.5, [(0, 1)]),  # at the start of the video, to one side
        (59.8, 60.0, [(59, 60)]),
        (20.0, 20.0, [(19.25, 20.75)]),  # a point event
        (0.0, 0.0, [(0, 1.5)]),
        (10.0, 17.0, [(10, 37 / 3), (37 / 3, 44 / 3), (44 / 3, 17)]),
        (59.0, 60.7, [(59, 60)]),  # players round the end of the video
        # Ten pieces of 3 s, of which five are kept.
        (0.0, 30.0, [(0, 3), (6, 9), (12, 15), (21, 24), (27, 30)]),
    ],
)
def test_events_become_clips(start, end, clips):
    found = cut_event(start, end, 60.0, LENGTHS)
    assert len(found) == len(clips)
    for piece, expected in zip(found, clips):
        assert piece == pytest.approx(expected, abs=1e-5)


def test_clip_of_a_short_recording_is_the_recording():
    assert cut_event(0.2, 0.3, 0.8, LENGTHS) == [(0, 0.8)]


def test_rest_keeps_its_distance_from_overlapping_events():
    events = [CodedEvent(4, 4, 'x'), CodedEvent(1, 9, 'x'), CodedEvent(2, 3, 'x'), CodedEvent(14, 15, 'x')]
    # Free are 9.25 to 13.75 and 15.25 to 20, and no clip of 2 s fits before 0.75.
    assert find_rest(events, (0, 20), 2, margin=0.25) == [(9.5, 11.5), (11.5, 13.5), (15.625, 17.625), (17.625, 19.625)]
    # A person has confirmed an event of a network.
    confirmed = [CodedEvent(0, 1, 'nod', score=0.5), CodedEvent(0, 1, 'nod')]
    assert find_rest(confirmed, (0, 3), 1, margin=0.5) == [(1.75, 2.75)]


def test_rest_does_not_overlap_any_event():
    events = [CodedEvent(start, start + length, 'x') for start, length in ((3.1, 2), (4, 0.2), (9, 0), (30, 12.7))]
    found = find_rest(events, (0, 60), 1.5, margin=0.25)
    assert found
    for start, end in found:
        assert end - start == pytest.approx(1.5)
        assert start >= 0
        assert end <= 60
        assert all(end <= event.start - 0.249 or start >= event.end + 0.249 for event in events)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(found))


def test_rest_is_from_all_people_alike():
    candidates = [[Piece('talk', person, 9, at, at + 1) for at in range(count)] for person, count in
                  (('A', 50), ('B', 3), ('C', 50))]  # fmt: skip
    found = sample_rest(candidates, 13, seed=1)
    people = [piece.person for piece in found]
    assert [people.count(person) for person in 'ABC'] == [5, 3, 5]
    assert len(set(found)) == 13
    assert found == sample_rest(candidates, 13, seed=1)
    assert found != sample_rest(candidates, 13, seed=2)
    assert len(sample_rest(candidates, 1000)) == 103

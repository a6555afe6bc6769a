from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import SyntheticSettings, make_clip, make_plan, video_size
from mmaction_microaction.synthetic.settings import parse_video_size


@pytest.mark.parametrize('counts', ['uniform', 'long-tailed'])
@pytest.mark.parametrize('clips', [416, 1000, 2080])
def test_splits_are_half_a_quarter_and_a_quarter(clips, counts):
    plan = make_plan(SyntheticSettings(clips=clips, counts=counts))
    assert Counter(entry.split for entry in plan) == {0: clips // 2, 1: clips // 4, 2: clips // 4}


def test_uniform_counts_differ_by_at_most_one():
    plan = make_plan(SyntheticSettings(clips=1000))
    counts = Counter(entry.label for entry in plan if entry.split == 0)
    # 500 clips over 52 actions: 32 actions have 10 and 20 have 9.
    assert sorted(counts.values()) == [9] * 20 + [10] * 32


def test_long_tailed_counts_follow_ma52():
    plan = make_plan(SyntheticSettings(clips=22500, counts='long-tailed'))
    counts = Counter(entry.label for entry in plan if entry.split == 0)
    assert min(counts.values()) >= 1
    for action in MA52.actions:
        # There are 11,250 train clips, as in MA-52. Each action has one clip plus a share of the rest.
        expected = 1 + (11250 - 52) * action.train_clips / 11250
        assert abs(counts[action.index] - expected) < 1


@pytest.mark.parametrize('seed', [0, 1])
def test_names_are_unique_and_contain_subject_and_body_part(seed):
    plan = make_plan(SyntheticSettings(clips=520, seed=seed, subjects=20))
    assert len({entry.name for entry in plan}) == 520
    for entry in plan:
        subject, part, counter = entry.name[:-4].split('_')
        assert (len(subject), len(part), len(counter)) == (4, 2, 4)
        assert int(subject) == entry.subject_id
        assert int(part) == MA52.fine_to_coarse[entry.label]


def test_clips_at_rest_are_added_to_those_of_the_actions():
    settings = SyntheticSettings(clips=520, subjects=20)
    plan = make_plan(replace(settings, rest=40))
    assert [entry for entry in plan if entry.label != 52] == make_plan(settings)
    rests = [entry for entry in plan if entry.label == 52]
    assert Counter(entry.split for entry in rests) == {0: 20, 1: 10, 2: 10}
    assert len({entry.name for entry in rests}) == 40
    assert all(entry.name[4:8] == '_07_' for entry in rests)
    for split in range(3):
        people = {entry.subject_id for entry in plan if entry.split == split and entry.label != 52}
        assert {entry.subject_id for entry in rests if entry.split == split} <= people


def test_subjects_of_the_splits_are_disjoint_unless_released():
    def subjects(protocol):
        plan = make_plan(SyntheticSettings(clips=2080, protocol=protocol, subjects=40))
        return [{entry.subject_id for entry in plan if entry.split == split} for split in range(3)]

    train, val, test = subjects('cross-subject')
    assert (len(train), len(val), len(test)) == (20, 10, 10)
    assert len(train | val | test) == 40
    train, val, test = subjects('released')
    assert train == val == test == set(range(40))


def test_clips_are_not_sorted_by_label():
    labels = [entry.label for entry in make_plan(SyntheticSettings(clips=2080)) if entry.split == 0]
    assert abs(np.corrcoef(np.arange(len(labels)), labels)[0, 1]) < 0.1


def test_durations_match_ma52():
    settings = SyntheticSettings(clips=600)
    entries = [entry for entry in make_plan(settings) if entry.split == 0]
    seconds = (
        np.array([make_clip(e.label, e.subject_id, (64, 76), seed=0, index=e.index).num_frames for e in entries]) / 30
    )
    assert seconds.min() >= 1.0
    assert seconds.max() <= 7.0
    assert 1.75 < seconds.mean() < 2.05


@pytest.mark.parametrize(
    ('size', 'expected'), [(112, (112, 134)), (64, (64, 76)), (1080, (1080, 1296)), ((128, 96), (128, 96))]
)
def test_video_size(size, expected):
    assert video_size(size) == expected


@pytest.mark.parametrize('size', [32, (113, 112), 5000])
def test_invalid_sizes_are_rejected(size):
    with pytest.raises(ValueError, match='size'):
        video_size(size)


@pytest.mark.parametrize(('text', 'expected'), [('64', (64, 76)), ('128x96', (128, 96)), ('128X96', (128, 96))])
def test_parse_video_size(text, expected):
    assert parse_video_size(text) == expected


@pytest.mark.parametrize('text', ['big', '112x', '1x2x3', '32', '113x112'])
def test_invalid_texts_of_a_size_are_rejected(text):
    with pytest.raises(ValueError, match='size'):
        parse_video_size(text)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'seed': -1}, 'seed -1'),
        ({'size': (112, 133)}, '112x133'),
        ({'size': (32, 40)}, '32x40.*64'),
        ({'clips': 3}, '3 clips'),
        ({'subjects': 2}, '2 subjects'),
        ({'counts': 'even'}, 'uniform, long-tailed'),
        ({'protocol': 'random'}, 'cross-subject, released'),
        ({'clips': 104, 'counts': 'long-tailed'}, 'at least 208 clips'),
    ],
)
def test_invalid_settings_are_rejected(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SyntheticSettings(), **change)

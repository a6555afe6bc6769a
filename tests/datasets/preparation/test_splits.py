import numpy as np
import pytest

from mmaction_microaction.datasets.preparation.splits import hold_out, make_folds


@pytest.fixture
def clips():
    """Draw 300 clips of 10 classes and 20 subjects."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 10, 300), [f's{subject}' for subject in rng.integers(0, 20, 300)]


@pytest.mark.parametrize('share', [0.1, 0.2, 0.3, 0.5])
def test_subjects_are_in_one_part_and_every_class_in_both(clips, share):
    labels, subjects = clips
    kept, held_out = hold_out(labels, subjects, share)
    assert sorted([*kept, *held_out]) == list(range(300))
    assert {subjects[i] for i in kept}.isdisjoint(subjects[i] for i in held_out)
    assert len(held_out) / 300 == pytest.approx(share, abs=0.05)
    assert set(labels[kept]) == set(labels[held_out]) == set(range(10))


@pytest.mark.parametrize('share', [0.1, 0.2, 0.3, 0.5])
def test_without_subjects_every_class_has_the_same_share(clips, share):
    labels, _ = clips
    kept, held_out = hold_out(labels, None, share)
    assert sorted([*kept, *held_out]) == list(range(300))
    expected = share * np.bincount(labels)
    assert np.abs(np.bincount(labels[held_out]) - expected).max() < 1


def test_seed_decides(clips):
    for subjects in (clips[1], None):
        first, again, other = (hold_out(clips[0], subjects, 0.2, seed)[1].tolist() for seed in (1, 1, 2))
        assert first == again != other


def test_class_with_one_clip_is_kept():
    kept, held_out = hold_out([0, 0, 1], None, 0.2)
    assert 2 in kept
    assert len(held_out) == 1


@pytest.mark.parametrize('num_folds', [2, 5, 20])
@pytest.mark.parametrize('with_subjects', [True, False])
def test_every_clip_is_held_out_once(clips, num_folds, with_subjects):
    labels, subjects = clips
    folds = list(make_folds(labels, subjects if with_subjects else None, num_folds))
    assert len(folds) == num_folds
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(300))
    for kept, held_out in folds:
        assert sorted([*kept, *held_out]) == list(range(300))
        if with_subjects:
            assert {subjects[i] for i in kept}.isdisjoint(subjects[i] for i in held_out)
        else:
            assert np.abs(np.bincount(labels[held_out], minlength=10) - np.bincount(labels) / num_folds).max() <= 1


def test_one_fold_per_subject(clips):
    labels, subjects = clips
    folds = list(make_folds(labels, subjects, None))
    assert [{subjects[i] for i in held_out} for _, held_out in folds] == [{name} for name in sorted(set(subjects))]


@pytest.mark.parametrize(
    ('labels', 'subjects', 'num_folds', 'message'),
    [
        ([0, 0, 0], ['a', 'b', 'b'], 3, '2 subjects, for 3 folds'),
        ([0, 0], ['a', 'a'], None, '1 subject, for 2'),
        ([0, 0, 1, 1], None, 3, 'more than 2 clips'),
        ([0, 1, 2], ['a', 'b', 'c'], 2, 'more than 1 clip,'),
        ([0, 0], None, None, '--subjects'),
    ],
)
def test_too_few_clips_or_subjects_for_folds(labels, subjects, num_folds, message):
    with pytest.raises(ValueError, match=message):
        list(make_folds(labels, subjects, num_folds))


def test_too_few_clips_or_subjects_for_two_parts():
    with pytest.raises(ValueError, match='1 subject cannot be in two splits'):
        hold_out([0, 0, 1], ['a', 'a', 'a'], 0.2)
    with pytest.raises(ValueError, match='single clip'):
        hold_out([0, 1, 2], None, 0.2)

"""Agreement against published tables, cases worked out by hand, and naive loops."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import poisson
from sklearn.metrics import cohen_kappa_score

from mmaction_microaction.evaluation.functional import (
    BinaryAgreement,
    binary_agreement,
    match_events,
    nominal_agreement,
    occupied_units,
    omission_agreement,
    poisson_interval,
)


def test_two_tables_with_equal_agreement_and_different_kappa():
    """Feinstein and Cicchetti (1990): 85 % agreement, but kappa is 0.70 and 0.32, since one answer is rare."""
    # By chance: 0.46 * 0.49 + 0.54 * 0.51 = 0.5008; (0.85 - 0.5008) / 0.4992 = 0.6995
    balanced = BinaryAgreement(both=40, only_first=6, only_second=9, neither=45)
    assert (balanced.n, balanced.agreement) == (100, 0.85)
    assert balanced.kappa == pytest.approx(0.6995, abs=1e-4)
    # By chance: 0.90 * 0.85 + 0.10 * 0.15 = 0.78; (0.85 - 0.78) / 0.22 = 0.3182
    skewed = BinaryAgreement(both=80, only_first=10, only_second=5, neither=5)
    assert skewed.agreement == 0.85
    assert skewed.kappa == pytest.approx(0.3182, abs=1e-4)
    assert skewed.prevalence == (0.90, 0.85)
    assert skewed.pabak == balanced.pabak == pytest.approx(0.70)
    assert skewed.positive_agreement == pytest.approx(160 / 175)


def test_kappa_of_cohens_formula_on_random_units():
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = rng.random((2, 60)) < rng.random()
        p, q = first.mean(), second.mean()
        chance = p * q + (1 - p) * (1 - q)
        result = binary_agreement(first, second)
        assert result.agreement == pytest.approx((first == second).mean())
        if chance < 1:
            assert result.kappa == pytest.approx(((first == second).mean() - chance) / (1 - chance))


@pytest.mark.parametrize('counts', [(0, 0, 0, 9), (9, 0, 0, 0), (0, 0, 0, 0)])
def test_kappa_of_one_category_is_not_defined(counts):
    assert math.isnan(BinaryAgreement(*counts).kappa)


def test_kappa_is_0_if_only_one_coder_sees_an_action():
    assert BinaryAgreement(0, 3, 0, 97).kappa == pytest.approx(0)
    assert BinaryAgreement(0, 3, 0, 97).positive_agreement == 0


def test_nominal_agreement_by_hand():
    # By chance: (3 * 2 + 2 * 3 + 1 * 1) / 36 = 13 / 36; observed: 5 / 6; kappa: (30 - 13) / (36 - 13)
    result = nominal_agreement(list('aaabbc'), list('aabbbc'))
    assert (result.n, result.agreement) == (6, pytest.approx(5 / 6))
    assert result.kappa == pytest.approx(17 / 23)
    assert math.isnan(nominal_agreement(['none'] * 3, ['none'] * 3).kappa)
    assert math.isnan(nominal_agreement([], []).agreement)
    with pytest.raises(ValueError, match=r'\(2,\).*\(1,\)'):
        nominal_agreement(['a', 'b'], ['a'])


def test_omissions_of_a_symmetric_table_by_hand():
    # Expected counts are a * a for two actions, a * c for omissions, with a * a + a * a + a * c = 9 and 2 * a * c = 4:
    # a * c = 2 and a * a = 3.5. Observed 10 of 22, by chance 7 of 22: kappa is 3 / 15.
    result = omission_agreement([[5, 2, 2], [2, 5, 2], [2, 2, 0]])
    assert (result.n, result.agreement) == (22, pytest.approx(10 / 22))
    assert result.kappa == pytest.approx((10 - 7) / (22 - 7))


def test_without_omissions_kappa_is_that_of_scikit_learn():
    table = np.array([[6, 1, 0, 0], [2, 5, 1, 0], [0, 1, 4, 0], [0, 0, 0, 0]])
    first, second = np.repeat(np.indices(table.shape).reshape(2, -1), table.ravel(), axis=1)
    assert omission_agreement(table).kappa == pytest.approx(cohen_kappa_score(first, second))


def test_quasi_independence_is_the_likeliest_model():
    """The expected counts of the fit maximise the likelihood of a log-linear model without the last cell."""
    from scipy.optimize import minimize

    table = np.array([[8, 1, 0, 3], [2, 6, 1, 1], [1, 0, 9, 2], [4, 2, 1, 0]])
    free = np.ones((4, 4), dtype=bool)
    free[-1, -1] = False

    def negative_likelihood(values):
        logs = (values[:4, None] + values[None, 4:])[free]
        return np.exp(logs).sum() - (table[free] * logs).sum()

    fitted = minimize(negative_likelihood, np.zeros(8), method='BFGS', options={'gtol': 1e-8}).x
    expected = np.exp(fitted[:4] + fitted[4:])[:3].sum() / table.sum()
    observed = 23 / table.sum()
    assert omission_agreement(table).kappa == pytest.approx((observed - expected) / (1 - expected), abs=1e-5)


def test_one_action_with_omissions_has_no_kappa():
    result = omission_agreement([[5, 1], [2, 0]])
    assert result.agreement == pytest.approx(5 / 8)
    assert math.isnan(result.kappa)
    with pytest.raises(ValueError, match='last cell'):
        omission_agreement([[5, 1], [2, 3]])


def test_units_that_an_event_touches():
    assert occupied_units([[1.0, 2.0]], 1, 4).tolist() == [False, True, False, False]
    assert occupied_units([[0.9, 2.1]], 1, 4).tolist() == [True, True, True, False]
    assert occupied_units([[2.0, 2.0]], 1, 4).tolist() == [False, False, True, False]
    assert occupied_units([[0.6, 0.9]], 0.3, 4).tolist() == [False, False, True, False]  # 0.6 / 0.3 = 2, 0.9 / 0.3 = 3
    assert occupied_units([[9.0, 9.5]], 1, 4).tolist() == [False, False, False, True]
    assert occupied_units([[-1.0, 1.5]], 1, 4).tolist() == [True, True, False, False]
    assert occupied_units([[-3.0, -2.0]], 1, 4).tolist() == [True, False, False, False]
    assert not occupied_units([], 1, 4).any()
    assert occupied_units([], 1, 0).tolist() == []


def find_best_matching(first, second, first_labels, second_labels, tolerance):
    """Try all matchings, and return most equal labels, most pairs."""
    best = (0, 0)
    indices = [*range(len(second)), *([None] * len(first))]
    for chosen in set(itertools.permutations(indices, len(first))):
        pairs = [(a, b) for a, b in enumerate(chosen) if b is not None]
        if all(abs(first[a][0] - second[b][0]) <= tolerance for a, b in pairs):
            best = max(best, (sum(first_labels[a] == second_labels[b] for a, b in pairs), len(pairs)))
    return best


def test_matching_is_the_best_of_all_matchings():
    rng = np.random.default_rng(1)
    for _ in range(25):
        first, second = (np.sort(rng.uniform(0, 3, (4, 1)), axis=0) + np.array([0, 0.5]) for _ in range(2))
        labels = rng.integers(0, 2, (2, 4))
        pairs = match_events(first, second, *labels, tolerance=0.4)
        assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
        assert (np.abs(first[pairs[:, 0], 0] - second[pairs[:, 1], 0]) <= 0.4).all()
        same = int((labels[0][pairs[:, 0]] == labels[1][pairs[:, 1]]).sum())
        assert (same, len(pairs)) == find_best_matching(first, second, *labels, 0.4)


def test_nearest_of_equal_matchings_is_chosen():
    events = [[0, 1], [0.3, 1.3]]
    assert match_events(events, events, ['a', 'a'], ['a', 'a'], tolerance=0.5).tolist() == [[0, 0], [1, 1]]


def test_overlap_is_a_share_of_the_longer_event():
    # 6 of 10 seconds overlap.
    common = (['a'], ['a'])
    assert len(match_events([[0, 10]], [[4, 10]], *common, overlap=0.6)) == 1
    assert len(match_events([[0, 10]], [[4.1, 10]], *common, overlap=0.6)) == 0
    assert len(match_events([[0, 10]], [[4, 14]], *common, tolerance=4)) == 1
    assert len(match_events([[0, 10]], [[4.01, 14]], *common, tolerance=4)) == 0
    assert match_events([], [[0, 1]], [], ['a'], tolerance=1).shape == (0, 2)
    with pytest.raises(ValueError, match='either a tolerance or an overlap'):
        match_events([[0, 10]], [[4, 10]], *common)


def test_poisson_intervals_of_published_tables():
    lower, upper = poisson_interval([0, 1, 5, 10])
    assert lower == pytest.approx([0, 0.0253, 1.6235, 4.7954], abs=1e-4)
    assert upper == pytest.approx([3.6889, 5.5716, 11.6683, 18.3904], abs=1e-4)
    lower, upper = poisson_interval([100])
    assert poisson.sf(99, lower) == pytest.approx(0.025)
    assert poisson.cdf(100, upper) == pytest.approx(0.025)
    with pytest.raises(ValueError, match='numbers of events'):
        poisson_interval([-1])

import importlib.util

import pytest
from helpers.bright_squares import SquareEstimator

from mmaction_microaction.poses.weights import load_networks


@pytest.fixture(scope='session')
def networks():
    """Load the networks of BlazePose. Skip where its package is missing, or where they can never have been fetched."""
    if importlib.util.find_spec('ai_edge_litert') is None:
        pytest.skip('ai-edge-litert is not installed')
    try:
        return load_networks()
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture
def squares(monkeypatch):
    """Replace the estimators by one that takes bright squares for people, and return it."""
    estimator = SquareEstimator()
    for module in ('estimation', 'extraction'):
        monkeypatch.setattr(f'mmaction_microaction.poses.{module}.make_estimator', lambda *_: estimator)
    monkeypatch.setattr('mmaction_microaction.poses.extraction._cached_estimator', lambda *_: estimator)
    return estimator

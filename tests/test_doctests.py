"""The examples in docstrings print what they show."""

import doctest
import importlib

import pytest

MODULES = [
    'datasets.transforms.decoding_steps',
    'evaluation.metrics.emotion_metric',
    'evaluation.metrics.micro_action_metric',
    'evaluation.metrics.reversed_pairs_metric',
    'inference.timeline',
    'label_sets.ma52',
    'structures.annotations',
    'structures.intervals',
    'structures.predictions',
    'submission.dump_submission',
    'synthetic.settings',
    'utils.messages',
]
"""Modules with examples. ``evaluation.functional`` has its own test, in tests/evaluation/functional."""


@pytest.mark.parametrize('name', MODULES)
def test_examples_print_what_they_show(name):
    results = doctest.testmod(importlib.import_module(f'mmaction_microaction.{name}'))
    assert results.attempted > 0
    assert results.failed == 0

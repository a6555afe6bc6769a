"""Tests of the functions that find the opening and decoding steps of a pipeline."""

import inspect

import pytest
from mmaction.datasets import transforms as upstream
from mmaction.registry import TRANSFORMS

from mmaction_microaction.datasets import transforms as ours
from mmaction_microaction.datasets.transforms import is_decoder, is_opener
from mmaction_microaction.datasets.transforms.decoding_steps import replace_decoding
from mmaction_microaction.inference.onnx_safety.pipeline import ALLOWED

OTHERS = {'AudioDecode', 'LoadAudioFeature', 'PoseDecode'}
"""Transforms that decode other data than frames."""


def names(module):
    return {name for name, value in vars(module).items() if inspect.isclass(value)}


@pytest.mark.parametrize('scope', ['', 'mmaction.'])
def test_every_decoding_transform_is_known(scope):
    known = names(upstream) | names(ours)
    openers = {name for name in known if is_opener(dict(type=scope + name))}
    decoders = {name for name in known if is_decoder(dict(type=scope + name))}
    assert openers == {name for name in known if name.endswith('Init')}
    assert decoders == {name for name in known if 'Decode' in name} - OTHERS


def test_steps_of_stored_pipelines_are_recognised_like_registered_names():
    for name in ALLOWED:
        assert is_opener(dict(type=name)) == name.endswith('Init')
        assert is_decoder(dict(type=name)) == name.endswith('Decode')


def test_configs_classes_and_objects_are_the_same_step():
    for step in (dict(type='PyAVInit'), dict(type=upstream.PyAVInit), TRANSFORMS.build(dict(type='PyAVInit'))):
        assert is_opener(step)
        assert not is_decoder(step)
    for step in (dict(type='PyAVDecode'), dict(type=upstream.PyAVDecode), TRANSFORMS.build(dict(type='PyAVDecode'))):
        assert is_decoder(step)
        assert not is_opener(step)
    for step in (dict(type='Resize'), dict(type='os.systemDecode'), lambda results: results):
        assert not is_opener(step)
        assert not is_decoder(step)


def test_motion_vectors_are_decoded_but_not_replaced():
    step = TRANSFORMS.build(dict(type='PyAVDecodeMotionVector'))
    assert is_decoder(step)
    assert replace_decoding([step], object(), object(), 'other') == [step]

import pytest
from helpers.support import ROOT

from mmaction_microaction.benchmarks import measure_complexity


def test_resnet50_as_published():
    # torchvision: 25,557,032 parameters with 1,000 classes (2,048 weights and a bias each), 4.09 G multiply-adds.
    measured = measure_complexity(ROOT / 'configs' / 'baselines' / 'tsn_r50_8x1_ma52.py')
    assert measured.parameters == 25_557_032 - 948 * 2049
    assert measured.multiply_adds == pytest.approx(8 * 4.09e9, rel=2e-3)
    assert (measured.frames, measured.width, measured.height) == (8, 224, 224)
    assert str(measured).split() == ['tsn_r50_8x1_ma52', '8', '224', 'x', '224', '23.6', 'M', '32.7', 'G']


def test_networks_with_several_backbones_are_rejected():
    with pytest.raises(ValueError, match=r'maenet_r50_16x1_ma52pro\.py: .*one backbone'):
        measure_complexity(ROOT / 'configs' / 'emotion' / 'maenet_r50_16x1_ma52pro.py')

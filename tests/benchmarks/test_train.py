import pytest
import torch
from helpers.support import ROOT

from mmaction_microaction.benchmarks import compare_training
from mmaction_microaction.benchmarks.train import build_from_config, make_config_batch

TINY = ROOT / 'tests' / 'data' / 'manet_r18_tiny.py'


@pytest.mark.usefixtures('memory_of_this_process', 'one_block_per_stage')
def test_every_option_is_timed_and_its_memory_measured():
    results = list(compare_training(TINY, ways=['channels-last'], clips=2, rounds=2))
    assert [result.title for result in results] == ['channels-last, time', 'channels-last, memory']
    assert [(result.unit, len(result.ours)) for result in results] == [('s', 2), ('MiB', 1)]
    assert min(ratio for result in results for ratio in result.ratios) > 0


def test_options_are_applied():
    assert type(build_from_config(TINY, 'amp')[1]).__name__ == 'AmpOptimWrapper'
    weight = build_from_config(TINY, 'channels-last')[0].backbone.layer1[0].conv2.conv.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    manet = ROOT / 'configs' / 'manet_r50_8x1_ma52.py'
    assert build_from_config(manet, 'with_cp')[0].backbone.layer1[0].with_cp
    assert not build_from_config(manet)[0].backbone.layer1[0].with_cp


def test_batches_have_the_shapes_of_the_config():
    batch = make_config_batch(ROOT / 'configs' / 'emotion' / 'maenet_r50_16x1_ma52pro_nolowerlimb.py', 3)
    assert [inputs.shape for inputs in batch['inputs']['imgs']] == [(16, 3, 224, 224)] * 3
    assert [inputs.shape for inputs in batch['inputs']['face_imgs']] == [(16, 3, 224, 224)] * 3
    assert [sample.gt_label.shape for sample in batch['data_samples']] == [(40,)] * 3


def test_unsupported_option_of_a_network_is_reported():
    with pytest.raises(ValueError, match=r'with_cp .*depth 50'):
        build_from_config(TINY, 'with_cp')
    with pytest.raises(ValueError, match=r'c3d_16x4_ma52\.py .*with_cp'):
        build_from_config(ROOT / 'configs' / 'baselines' / 'c3d_16x4_ma52.py', 'with_cp')

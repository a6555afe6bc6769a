import pytest

from mmaction_microaction.benchmarks import compare_decoders
from mmaction_microaction.benchmarks.decoding import DECODERS, build_dataset_with_decoder, measure_memory


def test_decoders_are_compared_with_decord(tiny_ma52):
    results = list(compare_decoders(tiny_ma52 / 'videos_train', clips=2, rounds=2))
    assert [result.title for result in results] == ['pyav', 'PyAVDecode', 'OpenCVDecode']
    assert [(result.unit, len(result.baseline), len(result.ours)) for result in results] == [('/s', 2, 2)] * 3
    assert min(ratio for result in results for ratio in result.ratios) > 0


def test_each_dataset_uses_the_named_decoder(tiny_ma52):
    for name in DECODERS:
        dataset = build_dataset_with_decoder(name, tiny_ma52 / 'train_list_videos.txt', tiny_ma52 / 'videos_train')
        decode = type(dataset.pipeline.transforms[-1]).__name__
        assert decode == {'decord': 'DecordDecode', 'pyav': 'SparsePyAVDecode'}.get(name, name)
        assert [image.shape for image in dataset[0]['imgs']] == [(80, 96, 3)] * 8


def test_memory_is_measured_at_given_clip_counts(tiny_ma52):
    memory = measure_memory('pyav', tiny_ma52 / 'train_list_videos.txt', tiny_ma52 / 'videos_train', (2, 9))
    assert len(memory) == 2
    assert min(memory) > 100
    with pytest.raises(ValueError, match='100 clips'):
        next(compare_decoders(tiny_ma52 / 'videos_train', many=100))

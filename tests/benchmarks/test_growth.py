import pytest

from mmaction_microaction.benchmarks import compare_growth
from mmaction_microaction.benchmarks.growth import OURS, STOCK, build_dataset_of_list, write_list


@pytest.mark.usefixtures('memory_of_this_process')
def test_every_cost_is_measured_for_every_size():
    results = list(compare_growth(sizes=(1200,), rounds=1))
    titles = ['list', 'metric', 'list, memory', 'list, a worker', 'metric, memory']
    assert [result.title for result in results] == [f'1,200: {title}' for title in titles]
    assert [result.unit for result in results] == ['s', 's', 'MiB', 'MiB', 'MiB']
    assert all(len(result.baseline) == len(result.ours) == 1 for result in results)


def test_both_storages_read_the_same_list(tmp_path):
    write_list(tmp_path / 'list.txt', 120)
    stock, ours = (build_dataset_of_list(components, tmp_path / 'list.txt') for components in (STOCK, OURS))
    assert len(stock) == len(ours) == 120
    assert [dataset.get_data_info(119)['label'] for dataset in (stock, ours)] == [119 - 104] * 2

import pytest

from mmaction_microaction.visualization.names import distinct_names, shorten

LONG = 'manet_r50_8x1_ma52_with_{}_and_many_other_settings'


@pytest.mark.parametrize(
    ('name', 'short'),
    [
        ('predictions', 'predictions'),
        ('a' * 30, 'a' * 30),
        ('a' * 15 + 'bb' + 'c' * 14, 'a' * 15 + '…' + 'c' * 14),
        ('clip\udcff', 'clip?'),
    ],
)
def test_long_names_are_cut_in_the_middle(name, short):
    assert shorten(name) == short


@pytest.mark.parametrize(
    ('paths', 'names'),
    [
        (['runs/manet.pkl'], ['manet']),
        (['manet.pkl', 'tsm.pkl'], ['manet', 'tsm']),
        (['manet/predictions.pkl', 'tsm/predictions.pkl'], ['manet', 'tsm']),
        (['manet/val/predictions.pkl', 'tsm/val/predictions.pkl'], ['manet', 'tsm']),
        # The names differ only in the middle, which is cut first.
        ([LONG.format('SE'), LONG.format('TSM')], ['…SE_and_many_other_settings', '…TSM_and_many_other_settings']),
        (['same.pkl', 'same.pkl'], ['same', 'same']),
        ([f'fold{i}/predictions.pkl' for i in range(3)], ['fold0', 'fold1', 'fold2']),
    ],
)
def test_names_of_files_differ(paths, names):
    assert distinct_names(paths) == names

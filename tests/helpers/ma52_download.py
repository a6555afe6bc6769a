"""A small download of MA-52."""

from mmaction_microaction.datasets.preparation.ma52 import prepare_split

NAMES = ['0001_00_0001.mp4', '0001_01_0002.mp4', '0001_02_0003.mp4']


def prepare(source, split='train', **kwargs):
    return prepare_split(split, source, source, source.parent / 'out', workers=2, **kwargs)

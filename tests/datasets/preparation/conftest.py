import zipfile

import pytest
from helpers.ma52_download import NAMES
from helpers.support import write_clip

from mmaction_microaction.datasets.preparation import ma52 as preparation


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Write a download: train.zip with a folder inside, an unpacked val/, and the lists in the same folder."""
    monkeypatch.setattr(preparation, 'SPLIT_SIZES', {'train': 3, 'val': 3})
    source = tmp_path / 'download'
    (source / 'val').mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        write_clip(source / 'val' / name, seed=seed)
    with zipfile.ZipFile(source / 'train.zip', 'w') as archive:
        for name in NAMES:
            archive.write(source / 'val' / name, f'train/{name}')
    for split in ('train', 'val'):
        (source / f'{split}_list_videos.txt').write_bytes(f'{NAMES[0]} 0\r\n{NAMES[1]} 5\r\n{NAMES[2]} 11'.encode())
    return source

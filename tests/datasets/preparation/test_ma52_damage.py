"""A damaged download never replaces or removes a good clip."""

import os
import shutil
import zipfile

import pytest
from helpers.ma52_download import NAMES, prepare
from helpers.support import write_clip

from mmaction_microaction.datasets.preparation.ma52 import prepare_split


def test_truncated_clip_is_replaced(source):
    prepare(source)
    damaged = source.parent / 'out' / 'videos_train' / NAMES[1]
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert prepare(source) == 1
    assert damaged.read_bytes() == (source / 'val' / NAMES[1]).read_bytes()


def test_undecodable_clips_are_rejected(source):
    (source / 'val' / NAMES[1]).write_bytes(b'no video at all')
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of val cannot be decoded: {NAMES[1]}'):
        prepare(source, 'val')
    # The intact clips are finished, and the damaged clip is tried again.
    write_clip(source / 'val' / NAMES[1], seed=1)
    assert prepare(source, 'val') == 1


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_damaged_clip_is_replaced_by_an_intact_one_of_the_same_size(source, split):
    sound = (source / 'val' / NAMES[1]).read_bytes()

    def download(content):
        (source / 'val' / NAMES[1]).unlink()
        (source / 'val' / NAMES[1]).write_bytes(content)
        with zipfile.ZipFile(source / 'train.zip', 'w') as archive:
            for name in NAMES:
                archive.write(source / 'val' / name, f'train/{name}')

    download(bytes(len(sound)))
    placed = source.parent / 'out' / f'videos_{split}' / NAMES[1]
    for _ in range(2):
        with pytest.raises(ValueError, match=rf'1 of the 3 clips of {split} cannot be decoded: {NAMES[1]}'):
            prepare(source, split)
        assert not placed.exists()
    download(sound)
    assert prepare(source, split) == 1
    assert placed.read_bytes() == sound
    # An earlier successful check does not make the damaged clip valid.
    placed.unlink()
    download(bytes(len(sound)))
    for _ in range(2):
        with pytest.raises(ValueError, match='cannot be decoded'):
            prepare(source, split)


def test_an_unchecked_clip_in_place_is_replaced(source):
    placed = source.parent / 'out' / 'videos_val' / NAMES[1]
    placed.parent.mkdir(parents=True)
    sound = (source / 'val' / NAMES[1]).read_bytes()
    placed.write_bytes(bytes(len(sound)))
    assert prepare(source, 'val') == 3
    assert placed.read_bytes() == sound


def test_a_damaged_download_that_is_already_in_place_is_not_removed(source):
    out = source.parent / 'out'
    out.mkdir()
    shutil.move(source / 'val', out / 'videos_val')
    shutil.move(source / 'val_list_videos.txt', out)
    (out / 'videos_val' / NAMES[1]).write_bytes(bytes(5000))
    with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}'):
        prepare_split('val', out, out, out, workers=1)
    assert (out / 'videos_val' / NAMES[1]).read_bytes() == bytes(5000)


@pytest.mark.parametrize('alias', ['hard link', 'symbolic link', 'mount'])
@pytest.mark.parametrize('damaged', [False, True])
def test_source_that_is_also_the_target_loses_no_clips(source, monkeypatch, alias, damaged):
    out, other = source.parent / 'out', source.parent / 'other'
    shutil.move(source / 'val', out / 'videos_val')
    if damaged:
        (out / 'videos_val' / NAMES[1]).write_bytes(b'damaged, but the only copy')
    clips = {name: (out / 'videos_val' / name).read_bytes() for name in NAMES}
    if alias == 'hard link':
        shutil.copytree(out, other, copy_function=os.link)
    elif alias == 'symbolic link':
        other.symlink_to(out)
    else:
        # A folder that is mounted twice has two paths to the same files. Tests cannot mount, so links imitate this.
        other.symlink_to(out)
        monkeypatch.setattr(type(out), 'resolve', lambda self, strict=False: self.absolute())
        monkeypatch.setattr(os.path, 'realpath', os.path.abspath)
    if damaged:
        with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}'):
            prepare_split('val', other, source, out, workers=1)
    else:
        assert prepare_split('val', other, source, out, workers=1) == 3
    for folder in (out, other):
        assert {path.name: path.read_bytes() for path in (folder / 'videos_val').iterdir()} == clips


def test_a_damaged_download_does_not_remove_a_good_clip(source):
    placed = source.parent / 'out' / 'videos_val' / NAMES[1]
    placed.parent.mkdir(parents=True)
    shutil.copy(source / 'val' / NAMES[1], placed)
    sound = placed.read_bytes()
    (source / 'val' / NAMES[1]).write_bytes(b'damaged')
    with pytest.raises(ValueError, match=rf'cannot be decoded: {NAMES[1]}') as error:
        prepare(source, 'val')
    assert 'unfinished' not in str(error.value)
    assert placed.read_bytes() == sound


def test_the_target_of_a_link_is_not_overwritten(source):
    placed, mine = source.parent / 'out' / 'videos_train' / NAMES[1], source.parent / 'mine.mp4'
    mine.write_bytes(b'mine')
    placed.parent.mkdir(parents=True)
    placed.symlink_to(mine)
    assert prepare(source) == 3
    assert mine.read_bytes() == b'mine'
    assert placed.read_bytes() == (source / 'val' / NAMES[1]).read_bytes()


def test_a_member_that_cannot_be_unpacked_is_named(source):
    with zipfile.ZipFile(source / 'train.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.write(source / 'val' / name, f'train/{name}')
        start = archive.getinfo(f'train/{NAMES[1]}').header_offset + 60
    content = bytearray((source / 'train.zip').read_bytes())
    content[start : start + 200] = bytes([255]) * 200
    (source / 'train.zip').write_bytes(content)
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of train cannot be decoded: {NAMES[1]}'):
        prepare(source)


def test_refuses_missing_clips(source):
    (source / 'val' / NAMES[2]).unlink()
    with pytest.raises(ValueError, match=rf'1 of the 3 clips of .*val_list_videos\.txt are not in .*: {NAMES[2]}'):
        prepare(source, 'val')


def test_refuses_a_list_of_the_wrong_length(source):
    (source / 'val_list_videos.txt').write_text(f'{NAMES[0]} 0\n')
    with pytest.raises(ValueError, match=r'val_list_videos\.txt: 1 clip, but MA-52 has 3 in val'):
        prepare(source, 'val')


def test_refuses_a_damaged_archive(source):
    archive = source / 'train.zip'
    archive.write_bytes(archive.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r'train\.zip is damaged or incomplete'):
        prepare(source)


@pytest.mark.parametrize('split', ['train', 'val'], ids=['zip', 'folder'])
def test_refuses_two_clips_of_the_same_name(source, split):
    (source / 'val' / 'old').mkdir()
    write_clip(source / 'val' / 'old' / NAMES[1], seed=7)
    with zipfile.ZipFile(source / 'train.zip', 'a') as archive:
        archive.write(source / 'val' / 'old' / NAMES[1], f'old/{NAMES[1]}')
    with pytest.raises(ValueError, match=rf'{split}.* contains {NAMES[1]} twice: .*{NAMES[1]} and .*{NAMES[1]}'):
        prepare(source, split)

"""A frame store returns the written frames or raises an error that describes the damage."""

import os
import pickle
import sqlite3

import numpy as np
import pytest
from helpers.frame_stores import SETTINGS, SHAPES, read_store

from mmaction_microaction.datasets.frame_store import FrameStore


def test_frames_are_read_by_index(store_path):
    store = FrameStore(store_path)
    assert store.settings == SETTINGS
    assert store.names() == set(SHAPES)
    clip = store.find('wide.mp4')
    assert clip.num_frames == 12
    assert store.read(clip, np.array([3, 7, 3])) == {n: read_store(store_path)['wide.mp4'][1][n] for n in (3, 7)}
    with pytest.raises(
        ValueError, match=r'no frames of the clip none\.mp4: set data_prefix\.video .*microaction frames'
    ):
        store.find('none.mp4')


def test_store_of_the_first_version_contains_whole_frames(store_copy):
    frames = read_store(store_copy)
    for statement in (
        'DROP TABLE settings',
        'CREATE TABLE settings (short_side INTEGER, quality INTEGER)',
        'INSERT INTO settings VALUES (48, 90)',
        'PRAGMA user_version = 1',
    ):
        edit(store_copy, statement)
    assert FrameStore(store_copy).settings == (48, 90, 'none')
    assert read_store(store_copy) == frames


def test_can_be_pickled_after_reading(store_path):
    store = FrameStore(store_path)
    store.names()
    assert pickle.loads(pickle.dumps(store)).names() == set(SHAPES)


def test_flipped_bits_are_detected(store_copy):
    sound, file = read_store(store_copy), store_copy.read_bytes()
    rng = np.random.default_rng(0)
    frames = [jpeg for _, jpegs in sound.values() for jpeg in jpegs.values()]
    starts = [file.index(jpeg) for jpeg in frames]
    in_frames = [start + int(rng.integers(len(jpeg))) for start, jpeg in zip(starts, frames)]
    anywhere = [*range(0, 2 * 8192, 64), *rng.integers(2 * 8192, len(file), 50)]  # The tables come first and are small.
    for offset in in_frames + anywhere:
        damaged = bytearray(file)
        damaged[offset] ^= 1 << rng.integers(8)
        store_copy.write_bytes(damaged)
        try:
            found = read_store(store_copy)
        except ValueError as error:
            message = str(error)
        else:
            # The byte is in unused space or in the name of a clip, which is then missing. Other clips are unchanged.
            assert offset not in in_frames
            assert found.items() <= sound.items()
            continue
        assert str(store_copy) in message
        assert 'microaction frames' in message


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda path: os.truncate(path, path.stat().st_size // 2), 'is damaged, or not a frame store'),
        (lambda path: os.truncate(path, 0), 'is not a frame store, or incomplete'),
        (lambda path: path.write_bytes(b'a video, perhaps' * 1000), 'is damaged, or not a frame store'),
        (lambda path: edit(path, 'PRAGMA user_version = 3'), 'is a frame store of version 3, not 2'),
        (lambda path: edit(path, 'PRAGMA application_id = 0'), 'is not a frame store, or incomplete'),
        (lambda path: edit(path, 'DELETE FROM frames'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE clips SET num_frames = 1'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE frames SET jpeg = "text"'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE clips SET first_id = 12 WHERE first_id = 0'), r'frame 0 of wide\.mp4'),
    ],
    ids=['truncated', 'empty', 'foreign', 'version', 'unfinished', 'lost', 'shortened', 'text', 'mixed up'],
)
def test_broken_stores_are_rejected_with_a_remedy(store_copy, damage, message):
    damage(store_copy)
    with pytest.raises(ValueError, match=message) as error:
        read_store(store_copy)
    assert str(store_copy) in str(error.value)
    assert 'Delete it and make it again with "microaction frames".' in str(error.value)


def edit(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ('statements', 'message'),
    [
        ('ALTER TABLE clips RENAME TO c; CREATE VIEW clips AS SELECT * FROM c', 'does not have the tables'),
        ('CREATE TABLE more (a, b AS (zeroblob(1000000000)))', 'does not have the tables'),
        ("UPDATE clips SET num_frames = 'many'", 'values of the wrong type'),
        ('UPDATE clips SET fps = zeroblob(10)', 'values of the wrong type'),
    ],
)
def test_a_database_that_is_not_a_store_is_refused(store_copy, statements, message):
    connection = sqlite3.connect(store_copy)
    connection.executescript(statements)
    connection.close()
    with pytest.raises(ValueError, match=message) as error:
        FrameStore(store_copy).find('wide.mp4')
    assert str(store_copy) in str(error.value)


def test_error_of_missing_store_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none: no such frame store\. Make it with "microaction frames"'):
        FrameStore(tmp_path / 'none')

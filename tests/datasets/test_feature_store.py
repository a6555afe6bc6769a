"""A feature store returns the written features or raises an error that describes the damage."""

import os
import pickle
import shutil
import sqlite3

import numpy as np
import pytest

from mmaction_microaction.datasets.feature_store import FeatureSettings, FeatureStore, FeatureStoreWriter

SETTINGS = FeatureSettings('manet', 0x123456789ABCDEF, 7.5, 'float32', 'auto', 256, 15.0, 0xABCDEF123456789)
FEATURES = {name: np.random.default_rng(i).normal(size=(5 + i, 3)).astype(np.float32) for i, name in enumerate('abc')}


def write(path, settings=SETTINGS, features=FEATURES, publish=True):
    with FeatureStoreWriter(path, settings) as store:
        for name, values in features.items():
            store.add(name, values)
        if publish:
            store.publish()
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / 'features_val')


def test_features_are_read_as_they_were_written(path):
    store = pickle.loads(pickle.dumps(FeatureStore(path)))
    assert store.settings == SETTINGS
    assert store.names() == set(FEATURES)
    for name, values in FEATURES.items():
        found = store.read(name)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, values)
    with pytest.raises(ValueError, match=r'no features of the video d: set path of LoadFeatures .*--splits'):
        store.read('d')


def test_a_store_of_version_1_does_not_say_what_the_network_saw(path):
    edit(
        path,
        """CREATE TABLE old (config TEXT, fingerprint INTEGER, steps_per_second REAL, dtype TEXT);
        INSERT INTO old SELECT config, fingerprint, steps_per_second, dtype FROM settings;
        DROP TABLE settings;
        ALTER TABLE old RENAME TO settings;
        PRAGMA writable_schema = 1;
        UPDATE sqlite_master SET sql = replace(sql, '"settings"', 'settings');
        PRAGMA user_version = 1""",
    )
    store = FeatureStore(path)
    assert store.settings == FeatureSettings('manet', 0x123456789ABCDEF, 7.5, 'float32', 'none', 0, 0.0, 0)
    np.testing.assert_array_equal(store.read('a'), FEATURES['a'])


def test_half_precision_takes_half_of_the_space_and_keeps_three_digits(tmp_path):
    big = {'a': np.random.default_rng(0).normal(size=(100, 5000)).astype(np.float32)}
    full = write(tmp_path / 'full', features=big)
    half = write(tmp_path / 'half', SETTINGS._replace(dtype='float16'), big)
    assert half.stat().st_size < 0.6 * full.stat().st_size
    found = FeatureStore(half).read('a')
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, big['a'], rtol=5e-4, atol=1e-7)


@pytest.mark.parametrize(
    ('value', 'dtype', 'remedy'), [(np.nan, 'float32', 'weights'), (1e6, 'float16', 'leave out --half')]
)
def test_numbers_that_cannot_be_stored_are_refused(tmp_path, value, dtype, remedy):
    store = FeatureStoreWriter(tmp_path / 'features', SETTINGS._replace(dtype=dtype))
    with store, pytest.raises(ValueError, match=f'features of a are not all finite.*{remedy}'):
        store.add('a', np.full((2, 2), value, np.float32))


def test_an_unfinished_file_is_continued_with_the_same_settings_only(tmp_path):
    path = tmp_path / 'features_val'
    write(path, features={'a': FEATURES['a']}, publish=False)
    assert not path.exists()
    with pytest.raises(ValueError, match=r'features_val\.part was started with .*steps_per_second=7\.5'):
        FeatureStoreWriter(path, SETTINGS._replace(steps_per_second=15.0))
    with FeatureStoreWriter(path, SETTINGS) as store:
        assert store.names() == {'a'}
        store.add('b', FEATURES['b'])
        store.publish()
    assert FeatureStore(path).names() == {'a', 'b'}
    np.testing.assert_array_equal(FeatureStore(path).read('a'), FEATURES['a'])


def edit(path, statement):
    connection = sqlite3.connect(path)
    connection.executescript(statement)
    connection.close()


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda path: os.truncate(path, path.stat().st_size // 2), 'is damaged'),
        (lambda path: path.write_bytes(b'features, perhaps' * 1000), 'is damaged, or not a feature store'),
        (lambda path: edit(path, 'PRAGMA application_id = 0'), 'is not a feature store, or incomplete'),
        (lambda path: edit(path, 'PRAGMA user_version = 3'), 'is a feature store of version 3, not 2'),
        (lambda path: edit(path, 'UPDATE videos SET num_steps = 3'), 'features of a have a wrong checksum'),
        (lambda path: edit(path, "UPDATE videos SET num_steps = 'x'"), 'features of a have a wrong checksum'),
        (lambda path: edit(path, 'UPDATE videos SET features = zeroblob(60)'), 'features of a have a wrong checksum'),
        (lambda path: edit(path, "UPDATE settings SET dtype = 'object'"), 'values of the wrong type'),
        (lambda path: edit(path, "UPDATE settings SET short_side = 'x'"), 'values of the wrong type'),
        (lambda path: edit(path, 'UPDATE settings SET steps_per_second = 0'), 'values of the wrong type'),
        (lambda path: edit(path, 'CREATE TABLE more (a)'), 'does not have the tables'),
    ],
)
def test_damage_is_reported_with_a_remedy(path, damage, message):
    damage(path)
    with pytest.raises(ValueError, match=message) as error:
        FeatureStore(path).read('a')
    assert str(path) in str(error.value)
    assert 'microaction extract-features' in str(error.value)


def test_features_of_two_videos_cannot_be_mixed_up(path):
    edit(path, "UPDATE videos SET features = (SELECT features FROM videos WHERE name = 'b') WHERE name = 'a'")
    with pytest.raises(ValueError, match='features of a have a wrong checksum'):
        FeatureStore(path).read('a')


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none: no such feature store\. Make it with "microaction extract'):
        FeatureStore(tmp_path / 'none')
    with pytest.raises(ValueError, match='is a folder, not a feature store'):
        FeatureStore(tmp_path)


def test_every_flipped_bit_in_the_features_is_detected(path, tmp_path):
    content = path.read_bytes()
    start = content.index(FEATURES['a'].tobytes())
    for offset in range(start, start + FEATURES['a'].nbytes, 7):
        copy = shutil.copy(path, tmp_path / 'copy')
        with open(copy, 'r+b') as file:
            file.seek(offset)
            file.write(bytes([content[offset] ^ 4]))
        with pytest.raises(ValueError, match='features of a have a wrong checksum'):
            FeatureStore(copy).read('a')

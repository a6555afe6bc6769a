import json
import os

import numpy as np
import pytest
from helpers.support import ROOT

from mmaction_microaction.models.label_embeddings import load_label_embeddings
from mmaction_microaction.utils import paths as shipped

SHIPPED = 'data/ma52/label_embeddings_glove50.npy'


def test_table_of_another_shape_is_rejected_before_reading(tmp_path):
    path = tmp_path / 'table.npy'
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (250000000000, 1)}"
    path.write_bytes(b'\x93NUMPY\x01\x00v\x00' + header.ljust(117).encode() + b'\n')
    os.truncate(path, 128 + 10**12)  # A sparse file of 1 TB uses no disk space.
    with pytest.raises(ValueError, match=r'table\.npy has 250,000,000,000 rows'):
        load_label_embeddings(path, (52, 50))


def test_table_of_the_project_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = load_label_embeddings(SHIPPED, (52, 50))
    np.testing.assert_array_equal(table, np.load(ROOT / SHIPPED))
    # A file of this name in the working folder has precedence.
    (tmp_path / 'data/ma52').mkdir(parents=True)
    np.save(SHIPPED, np.ones((52, 50)))
    assert load_label_embeddings(SHIPPED, (52, 50)).max() == 1


@pytest.mark.parametrize(
    ('path', 'dimensions', 'remedy'),
    [
        ('no.npy', 300, 'glove-wiki-gigaword-300 --out no.npy", or use the 50-d table'),
        ('no.npy', 50, 'glove-wiki-gigaword-50 --out no.npy", or use the 50-d table'),
        (None, 7, '7-D_VECTORS --out FILE", or use the 50-d table'),
        (SHIPPED, 300, 'reinstall the package with pip install .'),
    ],
)
def test_remedy_names_a_table_of_the_requested_dimensions(tmp_path, monkeypatch, path, dimensions, remedy):
    monkeypatch.setattr(shipped, 'PACKAGE', tmp_path / 'package')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        load_label_embeddings(path, (52, dimensions))
    assert remedy in str(error.value)
    assert str(error.value).count(SHIPPED) == 1


@pytest.mark.parametrize(('num_rows', 'num_classes'), [(52, 4), (52, 200), (4, 200), (200, 4)])
def test_table_of_another_label_set_names_both_numbers_and_the_command(tmp_path, num_rows, num_classes):
    path = tmp_path / 'table.npy'
    np.save(path, np.ones((num_rows, 50), np.float32))
    with pytest.raises(ValueError, match=rf'table\.npy has {num_rows} rows.* {num_classes} classes') as error:
        load_label_embeddings(path, (num_classes, 50))
    message = str(error.value)
    assert f'"microaction embed glove-wiki-gigaword-50 --label-set LABEL_SET --out {path}"' in message
    assert f'model.cls_head.num_classes to {num_rows}' in message
    assert 'model.cls_head.loss_emb=None' in message
    assert SHIPPED not in message  # it is a table of other actions


def test_table_of_the_project_is_not_overwritten_by_the_remedy():
    with pytest.raises(ValueError, match=r'has 52 rows.* 4 classes.*--label-set LABEL_SET --out FILE"'):
        load_label_embeddings(SHIPPED, (4, 50))


def test_committed_table_contains_the_vectors_of_glove():
    table = load_label_embeddings(ROOT / 'data' / 'ma52' / 'label_embeddings_glove50.npy', (52, 50))
    # First values of "nodding" and of the mean of "head" and "up" in glove.6B.50d.txt.
    glove = json.loads((ROOT / 'tests' / 'data' / 'glove_6b_50d_excerpt.json').read_text())
    np.testing.assert_allclose(table[9], glove['nodding'], atol=1e-6)
    np.testing.assert_allclose(table[6], np.mean([glove['head'], glove['up']], axis=0), atol=1e-6)


@pytest.mark.real_data
def test_committed_table_has_similarities_like_the_authors_table(shared):
    ours = load_label_embeddings(ROOT / 'data' / 'ma52' / 'label_embeddings_glove50.npy', (52, 50))
    theirs = load_label_embeddings(shared / 'ma52' / '1214_new_mean_Vectors.npy', (52, 300))
    pairs = np.triu_indices(52, 1)
    similarities = [np.corrcoef(table)[pairs] for table in (ours, theirs)]
    # The correlation is 0.86; with rows in another order, it would be about 0.
    assert np.corrcoef(similarities)[0, 1] > 0.8

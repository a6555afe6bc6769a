import sys

import numpy as np
import pytest

from mmaction_microaction.visualization import embed_features


@pytest.mark.parametrize('method', ['tsne', pytest.param('umap', marks=pytest.mark.slow)])
def test_nearest_neighbours_have_the_same_label(method):
    if method == 'umap':
        pytest.importorskip('umap', reason='umap-learn is not installed')
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 9, 20], 20)
    features = 5 * rng.normal(size=(52, 30))[labels] + rng.normal(size=(60, 30))
    points = embed_features(features, method=method)
    assert points.shape == (60, 2)
    distances = np.linalg.norm(points[:, None] - points, axis=2) + 1e9 * np.eye(60)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    np.testing.assert_array_equal(points, embed_features(features, method=method))


@pytest.mark.parametrize(('method', 'package'), [('tsne', 'scikit-learn'), ('umap', 'umap-learn')])
def test_missing_package_is_named(monkeypatch, method, package):
    for name in ('sklearn.manifold', 'umap'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=f'pip install {package}$'):
        embed_features(np.eye(9), method=method)


def test_rejects_other_methods():
    with pytest.raises(ValueError, match="tsne, umap for a method, got 'pca'"):
        embed_features(np.eye(9), method='pca')


@pytest.mark.parametrize('features', [np.ones((3, 8)), np.full((9, 8), np.nan)])
def test_rejects_too_few_features_and_nan(features):
    with pytest.raises(ValueError, match='four features or more, all finite'):
        embed_features(features)

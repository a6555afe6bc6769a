import pickle
import sys

import numpy as np
import pytest
import torch
from helpers.processes import run_tool
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE
from mmaction_microaction.visualization import embed_features, plot_features, read_features

TOOL = ROOT / 'tools' / 'plot_features.py'
# As tools/plot_features.py --help gives them.
OPTIONS = {
    'model.cls_head._delete_': True,
    'model.cls_head.type': 'FeatureHead',
    'model.cls_head.average_clips': 'score',
    'test_evaluator._delete_': True,
    'test_evaluator.type': 'DumpResults',
    'test_evaluator.out_file_path': 'features.pkl',
}


def write(folder, features, labels):
    (folder / 'list.txt').write_text('\n'.join(f'{number}.mp4 {label}' for number, label in enumerate(labels)))
    (folder / 'features.pkl').write_bytes(pickle.dumps(features))
    return folder / 'features.pkl', folder / 'list.txt'


# One evaluator and a list of them.
@pytest.mark.parametrize('name', ['manet_r50_8x1_ma52', 'synthetic/manet_r18_8x1_synthetic'])
def test_the_options_of_the_help_give_features_before_the_classifier(name):
    text = TOOL.read_text()
    for option, value in OPTIONS.items():
        assert f'{option}={value}'.replace('features.pkl', 'manet.pkl') in text
    config = Config.fromfile(ROOT / f'configs/{name}.py')
    config.merge_from_dict(OPTIONS)
    assert config.test_evaluator == dict(type='DumpResults', out_file_path='features.pkl')
    config.model.backbone.pretrained = None
    model = MODELS.build(config.model).double().eval()
    clips = torch.randn(2, 8, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        features = model.predict(clips, [ActionDataSample(), ActionDataSample()])
        expected = model.backbone(clips.flatten(0, 1)).unflatten(0, (2, 8)).mean(dim=(1, 3, 4))
    torch.testing.assert_close(features, expected)


def test_reads_features_in_the_order_of_the_list(tmp_path):
    batch = torch.arange(12.0).reshape(3, 4)
    features, labels = read_features(*write(tmp_path, list(batch), [9, 0, 51]))
    np.testing.assert_array_equal(features, batch)
    assert labels.tolist() == [9, 0, 51]


@pytest.mark.parametrize(
    ('features', 'labels', 'message'),
    [
        ([np.ones(4)], [3, 4], 'lists 2 clips'),
        ([np.ones((2, 4))], [3], r'features of shape \(1, 2, 4\)'),
        ([dict(pred_score=np.ones(52))], [3], 'holds no features.*FeatureHead'),
        ([np.ones(4), np.ones(5)], [3, 4], 'holds no features'),
    ],
)
def test_refuses_other_files(tmp_path, features, labels, message):
    with pytest.raises(ValueError, match=message):
        read_features(*write(tmp_path, features, labels))


def test_refuses_the_anonymised_list(tmp_path):
    (tmp_path / 'list.txt').write_text('test0000.mp4 0')
    with pytest.raises(ValueError, match='is anonymised'):
        read_features(tmp_path / 'features.pkl', tmp_path / 'list.txt')


@pytest.mark.parametrize('method', ['tsne', pytest.param('umap', marks=pytest.mark.slow)])
def test_clips_that_are_alike_lie_together(method):
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
def test_says_what_to_install(monkeypatch, method, package):
    for name in ('sklearn.manifold', 'umap'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=f'pip install {package}$'):
        embed_features(np.eye(9), method=method)


def test_refuses_other_methods():
    with pytest.raises(ValueError, match="tsne, umap for a method, got 'pca'"):
        embed_features(np.eye(9), method='pca')


@pytest.mark.parametrize('features', [np.ones((3, 8)), np.full((9, 8), np.nan)])
def test_refuses_too_few_clips_and_nan(features):
    with pytest.raises(ValueError, match='four features or more, all finite'):
        embed_features(features)


def test_figure_names_the_method():
    runs = {'a': (np.ones((4, 2)), np.zeros(4, int))}
    assert plot_features(runs).texts[1].get_text().startswith('t-SNE of the clips')
    assert plot_features(runs, method='umap').texts[1].get_text().startswith('UMAP of the clips')


def test_each_clip_is_drawn_on_both_levels():
    labels = np.array([0, 0, 1, 9, 51])
    points = np.arange(10.0).reshape(5, 2)
    figure = plot_features({'a': (points, labels), 'b': (points[:4], labels[:4])})
    assert [axes.get_title() for axes in figure.axes] == ['a', '', 'b', '']
    for axes, number in zip(figure.axes, (5, 5, 4, 4)):
        assert len(axes.collections) == 7
        for part, collection in enumerate(axes.collections):
            np.testing.assert_array_equal(
                collection.get_offsets(), points[:number][FINE_TO_COARSE[labels[:number]] == part]
            )
    actions, parts = (axes.collections[0].get_facecolors() for axes in figure.axes[:2])
    # Labels 0, 0 and 1 are of the same body part.
    assert (actions[0] == actions[1]).all()
    assert (actions[0] != actions[2]).any()
    assert len(parts) == 1


@pytest.mark.parametrize('runs', [{}, dict.fromkeys('abc', (np.ones((4, 2)), [0] * 4)), {'a': (np.ones((3, 2)), [0])}])
def test_refuses_other_runs(runs):
    with pytest.raises(ValueError, match='expected'):
        plot_features(runs)


@pytest.mark.slow
def test_tool_draws_two_networks_or_says_why_not(tmp_path):
    rng = np.random.default_rng(0)
    path, ann_file = write(tmp_path, list(torch.from_numpy(rng.normal(size=(52, 64))).float()), range(52))
    (tmp_path / 'other.pkl').write_bytes(path.read_bytes())

    def run(*predictions):
        return run_tool('plot_features.py', *predictions, '--ann-file', ann_file, '--out', 'picture.png', cwd=tmp_path)

    done = run('features.pkl', 'other.pkl')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'picture.png').read_bytes().startswith(b'\x89PNG')
    done = run('absent.pkl')
    assert done.returncode == 1
    assert 'absent.pkl' in done.stderr
    assert 'Traceback' not in done.stderr

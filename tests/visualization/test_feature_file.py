import pickle

import numpy as np
import pytest
import torch
from helpers.label_sets import FOUR
from helpers.processes import run_tool
from helpers.support import ROOT
from matplotlib.image import imread
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config

from mmaction_microaction.cli import features as features_command
from mmaction_microaction.cli import main
from mmaction_microaction.visualization import read_features

TOOL = ROOT / 'tools' / 'plot_features.py'
# These options are in the output of tools/plot_features.py --help.
OPTIONS = {
    'model.cls_head._delete_': True,
    'model.cls_head.type': 'FeatureHead',
    'model.cls_head.average_clips': 'score',
    'test_evaluator._delete_': True,
    'test_evaluator.type': 'DumpResults',
    'test_evaluator.out_file_path': 'features.pkl',
}


def write(folder, features, labels):
    (folder / 'list.txt').write_text('\n'.join(f'{index}.mp4 {label}' for index, label in enumerate(labels)))
    (folder / 'features.pkl').write_bytes(pickle.dumps(features))
    return folder / 'features.pkl', folder / 'list.txt'


# The first config has one evaluator, and the second a list of evaluators.
@pytest.mark.parametrize('name', ['manet_r50_8x1_ma52', 'synthetic/manet_r18_8x1_synthetic'])
def test_options_of_the_help_write_features_before_the_classifier(name):
    text = features_command.__doc__
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


def test_features_are_in_the_order_of_the_list(tmp_path):
    batch = torch.arange(12.0).reshape(3, 4)
    features, labels = read_features(*write(tmp_path, list(batch), [9, 0, 51]))
    np.testing.assert_array_equal(features, batch)
    assert labels.tolist() == [9, 0, 51]


@pytest.mark.parametrize(
    ('features', 'labels', 'message'),
    [
        ([np.ones(4)], [3, 4], 'lists 2 clips'),
        ([np.ones((2, 4))], [3], r'features of shape \(1, 2, 4\)'),
        ([dict(pred_score=np.ones(52))], [3], r'features\.pkl.*FeatureHead'),
        ([np.ones(4), np.ones(5)], [3, 4], r'features\.pkl'),
    ],
)
def test_rejects_other_files(tmp_path, features, labels, message):
    with pytest.raises(ValueError, match=message):
        read_features(*write(tmp_path, features, labels))


def test_rejects_an_anonymised_list(tmp_path):
    (tmp_path / 'list.txt').write_text('test0000.mp4 0')
    with pytest.raises(ValueError, match='is anonymised'):
        read_features(tmp_path / 'features.pkl', tmp_path / 'list.txt')


@pytest.mark.slow
def test_tool_draws_two_networks_or_reports_a_missing_file(tmp_path):
    rng = np.random.default_rng(0)
    path, ann_file = write(tmp_path, list(torch.from_numpy(rng.normal(size=(52, 64))).float()), range(52))
    (tmp_path / 'other.pkl').write_bytes(path.read_bytes())

    def run(*predictions):
        return run_tool('plot_features.py', *predictions, '--ann-file', ann_file, '--out', 'figure.png', cwd=tmp_path)

    done = run('features.pkl', 'other.pkl')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'figure.png').read_bytes().startswith(b'\x89PNG')
    done = run('absent.pkl')
    assert done.returncode == 1
    assert 'absent.pkl' in done.stderr
    assert 'Traceback' not in done.stderr


def test_labels_are_those_of_another_label_set(tmp_path):
    path, ann_file = write(tmp_path, list(np.eye(4)), [0] * 4)
    (tmp_path / 'list.txt').write_text('a.mp4\tarms akimbo\nb.mp4\twaving\nc.mp4\t0\nd.mp4\t2\n')
    assert read_features(path, ann_file, FOUR)[1].tolist() == [3, 1, 0, 2]
    (tmp_path / 'list.txt').write_text('a.mp4 4\nb.mp4 0\nc.mp4 0\nd.mp4 0')
    with pytest.raises(ValueError, match=r'label 4 of a\.mp4 is not one of the 4 fine labels'):
        read_features(path, ann_file, FOUR)


def test_command_draws_another_label_set(tmp_path):
    path, ann_file = write(tmp_path, list(np.random.default_rng(0).normal(size=(8, 4))), [0, 1, 2, 3] * 2)
    (tmp_path / 'gestures.txt').write_text('\n'.join(FOUR.names))
    options = ['--ann-file', str(ann_file), '--out', str(tmp_path / 'f.png')]
    main('features', [str(path), *options, '--label-set', str(tmp_path / 'gestures.txt')])
    # One row of pictures instead of two, at 150 dots per inch.
    assert imread(tmp_path / 'f.png').shape[:2] == (720, 675)

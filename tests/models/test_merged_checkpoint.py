"""Two networks of one modality become the branches of a network of both."""

import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

from mmaction_microaction.cli import main
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.models.merged_checkpoint import merge_checkpoints
from mmaction_microaction.models.pcan_checkpoint import belongs_to_a_branch

CONFIGS = ROOT / 'configs' / 'pose'
# The layers that see a lateral connection, and the number of its channels.
LATERAL = {
    'rgb_path.layer3.0': 128,
    'rgb_path.layer4.0': 256,
    'pose_path.layer2.0': 32,
    'pose_path.layer3.0': 64,
}


def build(name):
    return MODELS.build(Config.fromfile(CONFIGS / f'{name}.py').model)


@pytest.fixture(scope='module')
def networks(tmp_path_factory):
    """Write checkpoints of both networks, and return their paths and models."""
    folder = tmp_path_factory.mktemp('branches')
    models = {'rgb': build('slowonly_r50_8_ma52_person'), 'pose': build('poseconv3d_r50_32_ma52')}
    for branch, model in models.items():
        model.init_weights()
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm3d):  # so that every layer has an effect
                torch.nn.init.uniform_(module.weight, 0.5, 1)
        meta = dict(dataset_meta=dict(label_set=MA52.to_dict(), classes=MA52.names))
        torch.save(dict(state_dict=model.state_dict(), meta=meta), folder / f'{branch}.pth')
    return folder, {branch: model.double().eval() for branch, model in models.items()}


def test_branches_compute_what_the_networks_computed(networks, tmp_path):
    folder, models = networks
    count, padded = merge_checkpoints(folder / 'rgb.pth', folder / 'pose.pth', tmp_path / 'init.pth')
    content = torch.load(tmp_path / 'init.pth', weights_only=True)
    merged = content['state_dict']
    assert count == len(merged) == sum(len(model.state_dict()) for model in models.values())
    expected = {f'backbone.{block}.{layer}.conv.weight' for block in LATERAL for layer in ('conv1', 'downsample')}
    assert set(padded) == expected
    for block, channels in LATERAL.items():
        for layer in ('conv1', 'downsample'):
            weight = merged[f'backbone.{block}.{layer}.conv.weight']
            assert not weight[:, -channels:].any()
            assert weight[:, -channels - 1].any()
    assert LabelSet.from_dict(content['meta']['dataset_meta']['label_set']) == MA52

    model = build('rgbposeconv3d_r50_8x32_ma52').eval()
    report = model.load_state_dict(merged, strict=False)
    assert report.unexpected_keys == []
    assert not any(belongs_to_a_branch(name) for name in report.missing_keys)
    assert all('_lateral.' in name for name in report.missing_keys)
    model.double()
    generator = torch.Generator().manual_seed(0)
    rgb = torch.randn(1, 1, 3, 8, 32, 32, generator=generator, dtype=torch.float64)
    heatmaps = torch.rand(1, 1, 28, 32, 8, 8, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        scores = model.cls_head(model.extract_feat(dict(imgs=rgb, heatmap_imgs=heatmaps))[0])
        for branch, inputs in (('rgb', rgb), ('pose', heatmaps)):
            alone = models[branch].cls_head(models[branch].extract_feat(inputs)[0])
            torch.testing.assert_close(scores[branch], alone, rtol=1e-9, atol=1e-12)
            assert alone.abs().max() > 1e-3


def test_the_classifiers_and_both_branches_fit_pcan_too(networks, tmp_path):
    folder, _ = networks
    merge_checkpoints(folder / 'rgb.pth', folder / 'pose.pth', tmp_path / 'init.pth')
    merged = torch.load(tmp_path / 'init.pth', weights_only=True)['state_dict']
    model = build('pcan_r50_8x32_ma52')
    report = model.load_state_dict(merged, strict=False)
    assert report.unexpected_keys == []
    fresh = ('_lateral.', 'exchange', '_coarse', 'prototypes')
    assert all(any(part in name for part in fresh) for name in report.missing_keys)


def change(path, out, name, tensor=None, meta=None):
    content = torch.load(path, weights_only=True)
    if meta is not None:
        content['meta'] = meta
    elif tensor is None:
        del content['state_dict'][name]
    else:
        content['state_dict'][name] = tensor
    torch.save(content, out)
    return out


FAULTS = {
    'missing': (('backbone.layer1.0.conv1.bn.weight', None), r'backbone\.layer1\.0\.conv1\.bn\.weight is missing'),
    'unknown': (('neck.weight', torch.zeros(2)), 'neck.weight is unknown'),
    'classes': (('cls_head.fc_cls.bias', torch.zeros(60)), r'fc_cls\.bias \(60,\) is not \(52,\)'),
    # A network of COCO's 17 joints must not become one of 28 joints.
    'joints': (
        ('backbone.conv1.conv.weight', torch.zeros(32, 17, 1, 7, 7)),
        r'backbone\.conv1\.conv\.weight \(32, 17, 1, 7, 7\) is not \(32, 28, 1, 7, 7\)',
    ),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_weights_that_do_not_fit_are_refused_by_name(networks, tmp_path, fault):
    folder, _ = networks
    changes, message = FAULTS[fault]
    pose = change(folder / 'pose.pth', tmp_path / 'other.pth', *changes)
    with pytest.raises(ValueError, match=rf'other\.pth does not fit the pose branch .*{message}'):
        merge_checkpoints(folder / 'rgb.pth', pose, tmp_path / 'init.pth')
    assert not (tmp_path / 'init.pth').exists()


def test_swapped_networks_are_refused(networks, tmp_path):
    folder, _ = networks
    with pytest.raises(ValueError, match=r'pose\.pth does not fit the rgb branch .*SlowOnly'):
        merge_checkpoints(folder / 'pose.pth', folder / 'rgb.pth', tmp_path / 'init.pth')


def test_networks_of_different_label_sets_are_refused(networks, tmp_path):
    folder, _ = networks
    other = dict(dataset_meta=dict(label_set=dict(name='other', actions=[f'action {k}' for k in range(52)])))
    pose = change(folder / 'pose.pth', tmp_path / 'other.pth', None, meta=other)
    with pytest.raises(ValueError, match='different label sets'):
        merge_checkpoints(folder / 'rgb.pth', pose, tmp_path / 'init.pth')


def test_command_names_the_file_and_the_padded_layers(networks, tmp_path, capsys):
    folder, _ = networks
    main('merge', [str(folder / 'rgb.pth'), str(folder / 'pose.pth'), '--out', str(tmp_path / 'init.pth')])
    output = capsys.readouterr().out
    assert f'{tmp_path}/init.pth: ' in output
    assert output.count('zeros for') == 8
    assert (tmp_path / 'init.pth').is_file()

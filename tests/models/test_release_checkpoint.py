import os

import numpy as np
import pytest
import torch
from helpers.processes import run_tool
from helpers.support import ROOT, check_close, released_inputs, released_reference, released_weights
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.runner import load_checkpoint

from mmaction_microaction.cli import main
from mmaction_microaction.models.release_checkpoint import TSM, convert_file, convert_from_release, convert_to_release

BLOCK = 'backbone.layer1.1.conv1.conv'


def build(config, **backbone):
    config.model.backbone.update(pretrained=None, **backbone)
    return MODELS.build(config.model)


def manet():
    return build(Config.fromfile(ROOT / 'configs' / 'manet_r50_8x1_ma52.py'))


def count_batches(state):
    """Add the counters of batch norms, which the reference lacks."""
    counters = {name.replace('running_mean', 'num_batches_tracked') for name in state if name.endswith('running_mean')}
    return {**state, **{name: torch.tensor(1600) for name in counters}}


def save(state, path, **options):
    """Write a checkpoint like that of MMAction2 0.24 for the best epoch."""
    meta = dict(
        epoch=40, mmaction_version='0.24.1', config='model = dict()', hook_msgs=dict(best_score=np.float64(0.6))
    )
    optimizer = dict(state={0: dict(momentum_buffer=torch.zeros(2))}, param_groups=[dict(lr=1e-3, params=[0])])
    torch.save(dict(state_dict=state, meta=meta, optimizer=optimizer), path, **options)
    return path


@pytest.fixture(scope='module')
def reference(shared):
    return released_reference(shared)


@pytest.fixture(scope='module')
def released(reference):
    return count_batches(released_weights(reference))


@pytest.fixture(scope='module')
def converted(released, tmp_path_factory):
    """Convert a released file, and return the result and the path of the converted file."""
    folder = tmp_path_factory.mktemp('released')
    source = save(released, folder / 'best_top1_acc_epoch_40.pth')
    return convert_file(source, folder / 'ours.pth'), folder / 'ours.pth'


@pytest.fixture
def blank():
    """Make zeros with the names and shapes of the released tensors and the unused convolutions of one of 16 blocks.

    Each tensor consists of a single number in memory and in files.
    """
    with torch.device('meta'):
        shapes = {name: tensor.shape for name, tensor in manet().state_dict().items()}
    del shapes['cls_head.label_embeddings']
    unused = dict(squeeze=(64, 256, 1, 1), conv1=(64, 64, 3), expand=(256, 64, 1, 1))
    shapes.update({f'{BLOCK}.action_p2_{kind}.weight': shape for kind, shape in unused.items()})
    zero = torch.zeros((), dtype=torch.half)
    return {name.replace('excite', 'fcce'): zero.expand(shape) for name, shape in shapes.items()}


@pytest.mark.real_data
def test_converted_release_computes_the_released_logits(converted, reference):
    model = manet()
    load_checkpoint(model, str(converted[1]), map_location='cpu', strict=True)
    model.double().train(False)
    with torch.no_grad():
        frames = model.cls_head.pool(model.extract_feat(released_inputs(reference)[0])[0])
        check_close('logits', model.cls_head.classify(frames), reference['cls_score'])
        check_close('embeddings', model.cls_head.project(frames), reference['emb'])
    # The first loss still reads the file of label embeddings.
    assert model.cls_head.label_embeddings.isnan().all()


@pytest.mark.real_data
def test_every_tensor_is_converted_or_reported(converted):
    conversion = converted[0]
    # 351 tensors and 53 counters. Each of 16 blocks has two tensors of squeeze-and-excitation and three unused ones.
    assert (len(conversion.renamed), len(conversion.dropped), len(conversion.kept)) == (32, 48, 351 + 53 - 80)
    assert sum(tensor.numel() for tensor in conversion.dropped.values()) == pytest.approx(10.95e6, rel=1e-3)
    assert list(conversion.added) == ['cls_head.label_embeddings']
    assert len(conversion.state) == 32 + 324 + 1


@pytest.mark.real_data
def test_converting_back_restores_the_released_tensors(converted, released, tmp_path):
    convert_file(converted[1], tmp_path / 'back.pth', to_release=True)
    back = torch.load(tmp_path / 'back.pth', weights_only=True)['state_dict']
    assert back.keys() == released.keys()
    for name, tensor in released.items():
        expected = torch.zeros_like(tensor) if '.action_p2_' in name else tensor
        assert back[name].dtype == tensor.dtype
        torch.testing.assert_close(back[name], expected, rtol=0, atol=0)


@pytest.mark.real_data
def test_tsm_of_mmaction_0x_loads_into_mmaction_1x(released, tmp_path):
    """The released network contains TSM. The number of classes is read from the file."""
    added = ('fcce', 'action_p2', 'fc_emb')
    state = {name: tensor for name, tensor in released.items() if not any(part in name for part in added)}
    # The released TSM checkpoints are from 2020 and have the file format of PyTorch 1.5.
    source = save(state, tmp_path / 'tsm.pth', _use_new_zipfile_serialization=False)
    conversion = convert_file(source, tmp_path / 'ours.pth')
    assert conversion.config == TSM
    assert len(conversion.kept) == len(conversion.state) == len(state)
    config = get_config(TSM)
    config.model.cls_head.num_classes = 52
    model = build(config, pretrained2d=False)
    load_checkpoint(model, str(tmp_path / 'ours.pth'), map_location='cpu', strict=True)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_networks_with_the_convolution_of_eq_1_cannot_be_converted_to_the_release():
    with pytest.raises(ValueError, match=r'Eq\. 1.*conv_after_shift'):
        convert_to_release({'backbone.layer1.0.conv1.conv.mix.0.bias': torch.zeros(64)})


def test_unused_convolutions_keep_their_shapes_after_converting_back(blank, tmp_path):
    path = save(blank, tmp_path / 'released.pth')
    convert_file(path, tmp_path / 'ours.pth')
    back = convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to_release=True)
    assert len(back.added) == 48
    for kind in ('squeeze', 'conv1', 'expand'):
        name = f'{BLOCK}.action_p2_{kind}.weight'
        assert back.added[name].shape == blank[name].shape


FAULTS = {
    'missing': (
        'backbone.layer4.2.conv3.bn.running_var',
        None,
        r'1 tensor missing \(backbone\.layer4\.2\.conv3\.bn\.running_var',
    ),
    'unknown': ('backbone.layer5.0.weight', torch.zeros(2), r'1 tensor unknown \(backbone\.layer5\.0\.weight'),
    'shape': (
        'cls_head.fc_cls.weight',
        torch.zeros(51, 2048),
        r'1 tensor of another shape \(cls_head\.fc_cls\.weight \(51, 2048\) instead of \(52, 2048\)',
    ),
    'excitation': (
        f'{BLOCK}.fcce.2.weight',
        None,
        r'1 tensor missing \(backbone\.layer1\.1\.conv1\.conv\.fcce\.2\.weight',
    ),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_rejects_other_weights_by_name_and_writes_no_file(blank, tmp_path, fault):
    name, tensor, message = FAULTS[fault]
    if tensor is None:
        del blank[name]
    else:
        blank[name] = tensor
    path = save(blank, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=rf'other\.pth: .*{message}'):
        convert_file(path, tmp_path / 'out' / 'ours.pth')
    assert list(tmp_path.iterdir()) == [path]


def test_refuses_the_wrong_direction(blank):
    ours = convert_from_release(blank).state
    with pytest.raises(ValueError, match='--to-release'):
        convert_from_release(ours)


def test_refuses_files_that_are_not_checkpoints(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'<html>404</html>')
    with pytest.raises(ValueError, match=r'a\.pth .*checkpoint'):
        convert_file(path, tmp_path / 'b.pth')
    assert list(tmp_path.iterdir()) == [path]


def test_does_not_overwrite_its_source(blank, tmp_path):
    path = save(blank, tmp_path / 'a.pth')
    before = path.read_bytes()
    with pytest.raises(ValueError, match='would be overwritten'):
        convert_file(path, tmp_path / '.' / 'a.pth')
    (tmp_path / 'alias.pth').hardlink_to(path)
    with pytest.raises(ValueError, match=r'alias\.pth would be overwritten'):
        convert_file(path, tmp_path / 'alias.pth')
    assert path.read_bytes() == before


class Malicious:
    def __reduce__(self):
        return os.mkdir, ('executed',)


@pytest.mark.slow
def test_tool_converts_weights_and_rejects_code(blank, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(blank, tmp_path / 'released.pth')
    done = run_tool('convert_release_checkpoint.py', 'released.pth', 'ours.pth')
    assert done.returncode == 0, done.stderr
    assert 'ours.pth: the weights of configs/manet_r50_8x1_ma52.py' in done.stdout
    assert 'dropped          3       45,056' in done.stdout
    main('convert', ['ours.pth', 'back.pth', '--to-release'])
    assert (tmp_path / 'back.pth').is_file()

    torch.save({'state_dict': blank, 'meta': Malicious()}, tmp_path / 'malicious.pth')
    with pytest.raises(SystemExit, match=r'malicious\.pth is refused.*mkdir'):
        main('convert', ['malicious.pth', 'out.pth'])
    assert not (tmp_path / 'executed').exists()
    assert not (tmp_path / 'out.pth').exists()

"""Tests of additions to MANet's recipe: blended labels, label smoothing, other losses, EMA, early stopping, W&B."""

import copy
import itertools
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.small_runs import small_config, small_runner
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner

pytestmark = pytest.mark.usefixtures('tiny_resnets_in_module')
COUNTS = [3, 50, 7, 7, 100]
CB_FOCAL = dict(type='CBFocalLoss', samples_per_cls=COUNTS)
MIXUP = dict(type='MixupBlending', num_classes=52, alpha=0.8)
CUTMIX = dict(type='CutmixBlending', num_classes=52)
BOTH = dict(type='RandomBatchAugment', augments=[MIXUP, CUTMIX], probs=[0.5, 0.5])
LOSSES = {
    'cross-entropy': dict(type='CrossEntropyLoss'),
    'weighted': dict(type='CrossEntropyLoss', class_weight=np.linspace(0.5, 2, 52).tolist()),
    'cbfocal': dict(type='CBFocalLoss', samples_per_cls=[10 + label for label in range(52)]),
}


def build(loss):
    return MODELS.build(loss)


def test_class_balanced_loss_of_a_blended_label_is_the_weighted_mean():
    loss = build(CB_FOCAL)
    scores = 3 * torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    first, second, share = torch.tensor([0, 1, 4, 2]), torch.tensor([3, 1, 0, 4]), 0.7
    # MMAction2's own loss for indices, one sample at a time.
    expected = np.mean(
        [
            share * loss(score[None], a[None]).item() + (1 - share) * loss(score[None], b[None]).item()
            for score, a, b in zip(scores.float(), first, second)
        ]
    )
    blended = share * F.one_hot(first, 5) + (1 - share) * F.one_hot(second, 5)
    assert loss(scores, blended).item() == pytest.approx(expected, rel=1e-5)


def test_class_balanced_loss_is_the_same_for_indices_and_one_hot_labels():
    loss = build(CB_FOCAL)
    scores = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    torch.testing.assert_close(loss(scores, F.one_hot(labels, 5).float()), loss(scores, labels))
    # Large scores do not overflow.
    assert loss(1000 * scores, F.one_hot(labels, 5).float()).isfinite()


def test_the_embedding_target_of_a_blended_label_is_the_mean_of_its_word_vectors(tiny_ma52, tmp_path):
    head = MODELS.build(small_config(tiny_ma52, tmp_path).model).cls_head
    table = np.load(ROOT / 'data' / 'ma52' / 'label_embeddings_glove50.npy')
    label = 0.7 * F.one_hot(torch.tensor(3), 52) + 0.3 * F.one_hot(torch.tensor(9), 52)
    target = head._targets([ActionDataSample().set_gt_label(label)])
    np.testing.assert_allclose(target[0].numpy(), 0.7 * table[3] + 0.3 * table[9], atol=1e-6)


@pytest.fixture(scope='module')
def network(tiny_ma52, tmp_path_factory):
    config = small_config(tiny_ma52, tmp_path_factory.mktemp('network'))
    config.model.backbone.norm_eval = True
    model = MODELS.build(config.model)
    model.init_weights()
    return model, config.optim_wrapper


@pytest.mark.parametrize('blending', [None, MIXUP, CUTMIX, BOTH], ids=['none', 'mixup', 'cutmix', 'both'])
def test_every_loss_trains_with_every_kind_of_label(network, blending):
    model, optim_wrapper = network
    model.data_preprocessor.blending = MODELS.build(copy.deepcopy(blending)) if blending else None
    for (name, loss), smoothing, clips in itertools.product(LOSSES.items(), (0, 0.1), (1, 2)):
        model.cls_head.loss_cls, model.cls_head.label_smooth_eps = MODELS.build(copy.deepcopy(loss)), smoothing
        optimizer = build_optim_wrapper(model, copy.deepcopy(optim_wrapper))
        before = model.cls_head.fc_cls.weight.clone()
        samples = [ActionDataSample().set_gt_label(9 * clip) for clip in range(clips)]
        images = torch.randint(0, 256, (clips, 8, 3, 32, 32), dtype=torch.uint8)
        logs = model.train_step(dict(inputs=list(images), data_samples=samples), optimizer)
        assert all(np.isfinite(logs[term].item()) and logs[term] > 0 for term in ('loss_cls', 'loss_emb')), name
        assert not model.cls_head.fc_cls.weight.equal(before), name


BLOCKS = re.findall(r'```python\n(_base_ = .*?)```', (ROOT / 'docs' / 'configs.md').read_text(), re.S)


@pytest.mark.parametrize('block', BLOCKS, ids=lambda block: block.splitlines()[2].partition(' ')[0])
def test_configs_of_the_guide_can_be_built(block, tiny_ma52, tmp_path, monkeypatch):
    if 'Wandb' in block:
        pytest.importorskip('wandb', reason='Weights & Biases is not a dependency of the project: pip install wandb')
        monkeypatch.setenv('WANDB_MODE', 'offline')
    small_config(tiny_ma52, tmp_path / 'run').dump(tmp_path / 'manet_r50_8x1_ma52.py')
    (tmp_path / 'own.py').write_text(block)
    (tmp_path / 'myhead.py').write_text('')
    monkeypatch.syspath_prepend(tmp_path)
    config = Config.fromfile(tmp_path / 'own.py')
    runner = Runner.from_cfg(config)
    hooks = [type(hook).__name__ for hook in runner.hooks]
    assert {'EpochSeedHook', 'CheckTrainListHook', 'CheckInvalidLossHook', 'UnreadableClipsHook'} <= set(hooks)
    assert {hook['type'] for hook in config.get('custom_hooks', [])} <= set(hooks)
    assert runner.model.backbone.frozen_stages == config.model.backbone.get('frozen_stages', -1)
    assert (runner.model.data_preprocessor.blending is None) == ('blending' not in config.model.data_preprocessor)


class Record(Hook):
    """Hook that stores the weights of the classifier after every step."""

    def __init__(self):
        self.weights = []

    def after_train_iter(self, runner, **kwargs):
        self.weights.append(runner.model.cls_head.fc_cls.weight.detach().clone())


def test_ema_and_early_stopping(tiny_ma52, tmp_path):
    record = Record()
    options = {
        'custom_hooks': [
            dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.25),
            dict(type='EarlyStoppingHook', monitor='F1_mean', rule='greater', patience=1, min_delta=1000),
        ],
        'default_hooks.checkpoint.max_keep_ckpts': 5,
    }
    runner = small_runner(tiny_ma52, tmp_path, options, epochs=4)
    runner.register_hook(record)
    runner.train()
    # An epoch has two steps. The second epoch does not improve by 1000, so training stops.
    assert (runner.epoch, len(record.weights)) == (2, 4)
    expected = record.weights[0]
    for weights in record.weights[1:]:
        expected = 0.75 * expected + 0.25 * weights
    checkpoint = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)
    torch.testing.assert_close(checkpoint['state_dict']['cls_head.fc_cls.weight'], expected)
    torch.testing.assert_close(checkpoint['ema_state_dict']['module.cls_head.fc_cls.weight'], record.weights[-1])
    assert checkpoint['state_dict']['cls_head.label_embeddings'].isfinite().all()
    assert len(checkpoint['meta']['training_lists']) == 1


@pytest.mark.slow
def test_weights_and_biases(tiny_ma52, tmp_path, monkeypatch):
    pytest.importorskip('wandb', reason='Weights & Biases is not a dependency of the project: pip install wandb')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    options = {'visualizer.vis_backends': [dict(type='WandbVisBackend', init_kwargs=dict(project='ma52'))]}
    for epochs in (1, 2):
        runner = small_runner(tiny_ma52, tmp_path, {**options, 'resume': epochs > 1}, epochs)
        runner.train()
        assert runner.epoch == epochs
        runner.visualizer.close()
    runs = list(tmp_path.glob('**/offline-run-*/*.wandb'))
    assert len(runs) == 2
    assert all(b'loss_emb' in run.read_bytes() for run in runs)

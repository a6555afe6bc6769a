"""Our MANet against numbers that the authors' released network computed from the same weights and input."""

import ast
import zlib

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmaction.structures import ActionDataSample

pytestmark = pytest.mark.real_data


def fill(name, shape):
    """Values of a tensor of the released network, which follow from its name (see the reference's README)."""
    rng = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    if name.endswith('running_var'):
        return 0.5 + rng.rand(*shape)
    if name.endswith('running_mean'):
        return 0.1 * rng.randn(*shape)
    if '.bn.' in name and name.endswith('weight'):
        return 1 + 0.1 * rng.randn(*shape)
    if name.endswith('bias'):
        return 0.1 * rng.randn(*shape)
    return rng.randn(*shape) * np.sqrt(2 / np.prod(shape[1:]))


def our_name(released):
    return released.replace('.fcce.', '.excite.')


@pytest.fixture(scope='module')
def reference(shared):
    return np.load(shared / 'reference' / 'manet_release_r50_t8_112px.npz')


@pytest.fixture(scope='module')
def model(reference):
    model = MODELS.build(
        dict(
            type='Recognizer2D',
            backbone=dict(type='ResNetSETSM', depth=50),
            cls_head=dict(type='MANetHead', dropout_ratio=0),
        )
    )
    state, unused = {}, []
    for name, shape in zip(reference['state_names'], reference['state_shapes']):
        if '.action_p2_' in name:
            unused.append(name)
        else:
            state[our_name(name)] = torch.from_numpy(fill(name, ast.literal_eval(str(shape)))).float()
    assert len(unused) == 48  # three in each of 16 blocks
    report = model.load_state_dict(state, strict=False)
    assert report.unexpected_keys == []
    assert [key for key in report.missing_keys if 'num_batches_tracked' not in key] == ['cls_head.label_embeddings']
    return model


@pytest.fixture(scope='module')
def inputs(reference, model):
    rng = np.random.RandomState(int(reference['seed']))
    batch, frames, size = (int(reference[key]) for key in ('B', 'T', 'px'))
    images = torch.from_numpy(rng.randn(batch, frames, 3, size, size)).float()
    model.cls_head.label_embeddings.copy_(torch.from_numpy(0.3 * rng.randn(52, 300)).float())
    return images


def check(name, ours, reference, tolerance=1e-4):
    """Compare in relative terms, and print the difference (shown by pytest -s)."""
    ours, reference = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    difference = np.abs(ours - reference).max() / np.abs(reference).max()
    print(f'{name}: relative difference {difference:.1e}')
    assert ours.shape == reference.shape
    assert difference < tolerance


def test_predictions(model, inputs, reference):
    model.train(False)
    with torch.no_grad():
        frames = model.cls_head.pool(model.extract_feat(inputs)[0])
        check('logits', model.cls_head.classify(frames), reference['cls_score'])
        check('embeddings', model.cls_head.project(frames), reference['emb'])
        predictions = model.predict(inputs, [ActionDataSample() for _ in inputs])
    check('probabilities', np.stack([prediction.pred_score for prediction in predictions]), reference['prob'])


def test_losses_and_gradients(model, inputs, reference):
    model.train()
    # Training statistics of batch norm do not enter, but the running ones would change.
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    losses = model.loss(inputs, [ActionDataSample().set_gt_label(int(label)) for label in reference['labels']])
    check('cross-entropy', losses['loss_cls'].item(), reference['train_ce'])
    check('embedding loss', losses['loss_emb'].item(), 50 * reference['train_mse'])
    total = losses['loss_cls'] + losses['loss_emb']
    check('loss', total.item(), reference['train_loss'])
    model.zero_grad()
    total.backward()
    norms = {name: parameter.grad.double().norm().item() for name, parameter in model.named_parameters()}
    expected = {our_name(name): norm for name, norm in zip(reference['grad_names'], reference['grad_norms'])}
    assert norms.keys() == expected.keys()
    worst = max(norms, key=lambda name: abs(norms[name] / expected[name] - 1))
    print(f'{len(norms)} gradient norms: relative difference at most {abs(norms[worst] / expected[worst] - 1):.1e}')
    assert norms[worst] == pytest.approx(expected[worst], rel=1e-4)
    model.load_state_dict(state)


def test_optimizer_groups(model):
    """The groups of the release, by name and multiples of the learning rate and weight decay."""
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='TSMOptimWrapperConstructor',
            optim_wrapper_cfg=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.00125, momentum=0.9, weight_decay=1e-4)
            ),
            paramwise_cfg=dict(fc_lr5=True),
        )
    )
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = {
        names[id(parameter)]: (round(group['lr'] / 0.00125), round(group['weight_decay'] / 1e-4))
        for group in constructor(model).optimizer.param_groups
        for parameter in group['params']
    }
    assert groups.keys() == dict(model.named_parameters()).keys()
    expected = {}
    for name, parameter in model.named_parameters():
        expected[name] = (1, 0) if '.bn.' in name else (1, 1)
        assert parameter.requires_grad
    expected['cls_head.fc_cls.bias'] = expected['cls_head.fc_emb.bias'] = (2, 0)
    expected['cls_head.fc_emb_t.weight'], expected['cls_head.fc_emb_t.bias'] = (5, 1), (10, 0)
    assert groups == expected
    assert sum('.bn.' in name for name in groups) == 106

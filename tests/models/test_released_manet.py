"""MANet equals the authors' released network, which computed its results in float64 from the same weights and input."""

import numpy as np
import pytest
import torch
from helpers.support import check_close, released_inputs, released_reference, released_weights
from mmaction.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmaction.structures import ActionDataSample

pytestmark = pytest.mark.real_data


def our_name(released):
    return released.replace('.fcce.', '.excite.')


@pytest.fixture(scope='module')
def reference(shared):
    return released_reference(shared)


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
    for name, tensor in released_weights(reference).items():
        if '.action_p2_' in name:
            unused.append(name)
        else:
            state[our_name(name)] = tensor
    assert len(unused) == 48  # three tensors in each of 16 blocks
    report = model.load_state_dict(state, strict=False)
    assert report.unexpected_keys == []
    assert [key for key in report.missing_keys if 'num_batches_tracked' not in key] == []
    return model.double()


@pytest.fixture(scope='module')
def inputs(reference, model):
    images, label_embeddings = released_inputs(reference)
    model.cls_head.label_embeddings.copy_(label_embeddings)
    return images


def test_predictions(model, inputs, reference):
    model.train(False)
    with torch.no_grad():
        frames = model.cls_head.pool(model.extract_feat(inputs)[0])
        check_close('logits', model.cls_head.classify(frames), reference['cls_score'])
        check_close('embeddings', model.cls_head.project(frames), reference['emb'])
        predictions = model.predict(inputs, [ActionDataSample() for _ in inputs])
    check_close('probabilities', np.stack([prediction.pred_score for prediction in predictions]), reference['prob'])


def test_losses_and_gradients(model, inputs, reference):
    model.train()
    # Batch statistics are not used, but the running statistics would change.
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    losses = model.loss(inputs, [ActionDataSample().set_gt_label(int(label)) for label in reference['labels']])
    check_close('cross-entropy', losses['loss_cls'].item(), reference['train_ce'])
    check_close('embedding loss', losses['loss_emb'].item(), 50 * reference['train_mse'])
    total = losses['loss_cls'] + losses['loss_emb']
    check_close('loss', total.item(), reference['train_loss'])
    model.zero_grad()
    total.backward()
    norms = {name: parameter.grad.norm().item() for name, parameter in model.named_parameters()}
    expected = {our_name(name): norm for name, norm in zip(reference['grad_names'], reference['grad_norms'])}
    assert norms.keys() == expected.keys()
    assert len(norms) == 197
    worst = max(norms, key=lambda name: abs(norms[name] / expected[name] - 1))
    check_close(f'gradient norm of {worst}', norms[worst], expected[worst])
    model.load_state_dict(state)


def test_optimizer_groups(model):
    """Parameter groups match the release in names and multiples of the learning rate and weight decay."""
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='MANetOptimWrapperConstructor',
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

"""Options that reduce the time or memory of training compute the same gradients as plain training."""

import copy

import numpy as np
import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

CLIPS, FRAMES, SIZE = 4, 8, 32
pytestmark = pytest.mark.usefixtures('one_block_per_stage_in_module')


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    config = Config.fromfile(ROOT / 'configs' / 'manet_r50_8x1_ma52.py')
    config.model.backbone.pretrained = None
    config.model.cls_head.dropout_ratio = 0
    config.model.cls_head.label_embeddings = str(tmp_path_factory.mktemp('table') / 'table.npy')
    np.save(config.model.cls_head.label_embeddings, np.random.default_rng(0).normal(size=(52, 300)))
    return config


@pytest.fixture(scope='module')
def batch():
    generator = torch.Generator().manual_seed(0)
    samples = [ActionDataSample().set_gt_label(7 * index) for index in range(CLIPS)]
    shape = (FRAMES, 3, SIZE, SIZE)
    return [torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator) for _ in samples], samples


@pytest.fixture(scope='module')
def network(config):
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    return model


def build(config, network, **backbone):
    """Build another network with the same weights."""
    model = MODELS.build({**config.model, 'backbone': {**config.model.backbone, **backbone}})
    model.load_state_dict(network.state_dict())
    return model.to(next(network.parameters()).dtype)


def compute_loss(model, batch, optimizer=None):
    inputs, samples = batch
    data = model.data_preprocessor({'inputs': list(inputs), 'data_samples': copy.deepcopy(samples)}, True)
    data['inputs'] = data['inputs'].to(next(model.parameters()).dtype)
    with optimizer.optim_context(model) if optimizer else torch.enable_grad():
        return model.parse_losses(model(**data, mode='loss'))[0]


def gradients(model):
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def saved_bytes(model, batch):
    """Compute the gradients, and return the loss and the bytes that were saved for the backward pass."""
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = compute_loss(model, batch)
    total = sum(kept.values())
    loss.backward()
    return loss.item(), total


def test_checkpointed_activations_compute_the_same_gradients_with_less_memory(config, network, batch):
    network = copy.deepcopy(network).double()
    plain, frugal = build(config, network), build(config, network, with_cp=True)
    loss, memory = saved_bytes(plain, batch)
    frugal_loss, frugal_memory = saved_bytes(frugal, batch)
    assert frugal_loss == pytest.approx(loss, rel=1e-12)
    torch.testing.assert_close(gradients(frugal), gradients(plain), rtol=1e-9, atol=1e-12)
    # A block that is computed twice updates its running statistics twice: by 1 - 0.9 ** 2 instead of 0.1.
    means = [model.backbone.layer3[0].conv2.bn.running_mean for model in (plain, frugal)]
    torch.testing.assert_close(means[1], 1.9 * means[0])
    # Both networks save the weights, which are not counted.
    weights = sum(parameter.numel() * parameter.element_size() for parameter in plain.parameters())
    assert frugal_memory - weights < (memory - weights) / 2


@pytest.mark.skipif(torch.cuda.is_available(), reason='CUDA uses float16')
def test_mixed_precision_computes_nearly_the_same_gradients(config, network, batch):
    # One clip, since bfloat16 is slow on processors without support for it.
    batch = batch[0][:1], batch[1][:1]
    # Batch statistics of a few small frames would amplify rounding errors in every layer.
    plain, mixed = build(config, network, norm_eval=True).train(), build(config, network, norm_eval=True).train()
    optimizer = build_optim_wrapper(mixed, dict(config.optim_wrapper, type='AmpOptimWrapper', loss_scale='dynamic'))
    loss, mixed_loss = compute_loss(plain, batch), compute_loss(mixed, batch, optimizer)
    loss.backward()
    optimizer.backward(mixed_loss)
    assert mixed_loss.item() == pytest.approx(loss.item(), rel=0.01)
    assert mixed_loss.item() != loss.item()
    similarity = torch.cosine_similarity(gradients(mixed), gradients(plain), dim=0)
    assert similarity > 0.99, similarity
    assert {parameter.dtype for parameter in mixed.parameters()} == {torch.float32}


def test_accumulated_gradients_equal_those_of_the_whole_batch(config, network, batch):
    # norm_eval, since batch statistics of the parts differ from those of the whole batch.
    network = copy.deepcopy(network).double()
    inputs, samples = batch
    weights = []
    for parts in (1, 2, 4):
        model = build(config, network, norm_eval=True).train()
        optimizer = build_optim_wrapper(
            model, dict(config.optim_wrapper, accumulative_counts=parts, clip_grad=dict(max_norm=0.5))
        )
        optimizer.initialize_count_status(model, 0, parts)
        size = CLIPS // parts
        for start in range(0, CLIPS, size):
            part = slice(start, start + size)
            optimizer.update_params(compute_loss(model, (inputs[part], samples[part])))
        weights.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
        change = (weights[-1] - torch.cat([parameter.flatten() for parameter in network.parameters()])).norm()
        assert change > 1e-4
    for other in weights[1:]:
        torch.testing.assert_close(other, weights[0], rtol=0, atol=1e-10)

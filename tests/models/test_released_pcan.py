"""PCAN equals the authors' released network, which computed its results in float64 from the same weights and input."""

import numpy as np
import pytest
import torch
from helpers.pcan import RELEASED, build_backbone, build_head, load, our_state, released_state, released_tensor
from helpers.support import released_values
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.backbones import ModalityExchange
from mmaction_microaction.models.heads.class_prototypes import ClassPrototypes
from mmaction_microaction.models.losses import LabelTreeLoss, PrototypeCalibrationLoss, PrototypeDiversityLoss
from mmaction_microaction.models.losses.prototype_calibration_loss import split_samples
from mmaction_microaction.models.pcan_checkpoint import to_our_name

pytestmark = pytest.mark.real_data

OUR_TERMS = {
    'rgb_loss_cls': ['rgb_loss_cls'],
    'rgb_coarse_loss_cls': ['rgb_loss_cls_coarse'],
    'pose_loss_cls': ['pose_loss_cls'],
    'pose_coarse_loss_cls': ['pose_loss_cls_coarse'],
    'rgb_fr_coarse_loss': ['rgb_loss_proto_coarse'],
    'pose_fr_coarse_loss': ['pose_loss_proto_coarse'],
    'rgb_fr_loss': ['rgb_loss_proto', 'rgb_loss_diversity'],
    'pose_fr_loss': ['pose_loss_proto', 'pose_loss_diversity'],
    'hierarchy_rgb_loss': ['rgb_loss_hierarchy'],
    'hierarchy_pose_loss': ['pose_loss_hierarchy'],
}
"""Our loss terms by the name of the released term that is their sum."""


EXCHANGE = 'backbone.exchange2.'


def check(name, ours, reference):
    """Compare with the tolerance that the reference names, and print the largest difference (``pytest -s``)."""
    ours = ours.detach().numpy() if torch.is_tensor(ours) else np.array(ours)
    difference = np.abs(ours - reference).max()
    print(f'{name}: largest difference {difference:.1e}, of values up to {np.abs(reference).max():.1e}')
    np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-13)


def check_norms(module, reference, prefix='', released_prefix=''):
    """Compare the norms of the gradients of all parameters, and return their number."""
    ours = {f'{prefix}{name}': parameter.grad.norm().item() for name, parameter in module.named_parameters()}
    names = [to_our_name(f'{released_prefix}{name}') for name in reference['grad_names']]
    expected = dict(zip(names, reference['grad_norms'], strict=True))
    assert ours.keys() == expected.keys()
    check(f'{len(ours)} gradient norms', list(ours.values()), [expected[name] for name in ours])
    return len(ours)


def check_losses(losses, reference):
    terms = [sum(losses[name] for name in OUR_TERMS[str(released)]) for released in reference['loss_names']]
    check('ten loss terms', torch.stack(terms), reference['loss_values'])
    check('diversity, RGB', 5 * losses['rgb_loss_diversity'], reference['diversity_rgb'])
    check('diversity, pose', 5 * losses['pose_loss_diversity'], reference['diversity_pose'])
    total = sum(value for name, value in losses.items() if 'loss' in name)
    check('loss', total, reference['loss_total'])
    return total


def check_prototypes(head, reference):
    for name, prototypes in head.prototypes.items():
        check(f'prototypes, {name}', prototypes.prototypes.norm(dim=1), reference[f'proto_norms_{name}'])


def check_sets(scores, labels, head, reference):
    labels = torch.from_numpy(labels)
    for branch in ('rgb', 'pose'):
        coarse = scores[f'{branch}_coarse'].argmax(dim=1) == head.fine_to_coarse[labels]
        sets = split_samples(labels, scores[branch].argmax(dim=1), 52, coarse)
        found = [('TP', 'FN1', 'FN2', 'FN3')[index] for index in sets[:4].any(dim=2).int().argmax(dim=0)]
        assert found == reference[f'sets_{branch}'].tolist()


def samples(labels):
    return [ActionDataSample().set_gt_label(int(label)) for label in labels]


def test_head(shared):
    reference = np.load(shared / 'reference' / 'pcan_head_b12.npz')
    head = load(build_head(dropout=0, **RELEASED), our_state(released_state(reference)), 'cls_head.')
    rng = np.random.RandomState(int(reference['seed']))
    batch, frames, size = (int(reference[key]) for key in ('batch', 'frames', 'px'))
    feats = []
    for channels, length in ((2048, frames), (512, 4 * frames)):
        base = 2 * rng.randn(batch, channels, 1, 1, 1)
        feats.append(np.maximum(0, base + rng.randn(batch, channels, length, size, size)))
    feats = tuple(torch.from_numpy(features).float().double() for features in feats)

    head.eval()
    with torch.no_grad():
        scores = head(feats)
        for name, values in scores.items():
            check(f'scores, {name}', values, reference[f'eval_{name}'])
        # The same features as two clips of six views.
        clips = [ActionDataSample() for _ in range(2)]
        for name, values in scores.items():
            check(f'probabilities, {name}', head.predict_by_scores(values, clips), reference[f'prob2_{name}'])
        predictions = head.predict(feats, clips)
    fused = (reference['prob2_rgb'] + reference['prob2_pose']) / 2
    check('fused', torch.stack([sample.pred_score for sample in predictions]), fused)
    fused = (reference['prob2_rgb_coarse'] + reference['prob2_pose_coarse']) / 2
    check('fused, coarse', torch.stack([sample.coarse_score for sample in predictions]), fused)

    head.train()
    check_sets(head.classify(feats), reference['labels'], head, reference)
    losses = head.loss(feats, samples(reference['labels']))
    check_losses(losses, reference).backward()
    assert check_norms(head, reference, 'cls_head.') == 16
    check_prototypes(head, reference)


def build_prototypes(level, num_classes, dims):
    """Build the prototypes of the reference of the losses, which have 64 channels as input."""

    def released(name, *shape):
        return torch.from_numpy(released_values(f'{level}.{name}', shape)).float()

    module = ClassPrototypes(num_classes, 64, dims)
    module.prototypes.copy_(released('avg_f', dims, num_classes).T)
    module.projection.weight.data.copy_(released('cl_fc.weight', dims, 64))
    module.projection.bias.data.copy_(released('cl_fc.bias', dims))
    return module.double()


def test_losses(shared):
    reference = np.load(shared / 'reference' / 'pcan_losses_n16.npz')
    fine_to_coarse = torch.tensor(MA52.fine_to_coarse)
    modules = {
        'fine': build_prototypes('fine', 52, int(reference['hidden'])),
        'coarse': build_prototypes('coarse', 7, int(reference['hidden_coarse'])),
    }
    for step in (1, 2):
        labels = {'fine': torch.tensor(reference[f'label{step}'])}
        labels['coarse'] = fine_to_coarse[labels['fine']]
        logits = {
            level: torch.tensor(reference[f'{name}{step}'], requires_grad=True)
            for level, name in (('fine', 'logits'), ('coarse', 'logits_coarse'))
        }
        predictions = {level: values.argmax(dim=1) for level, values in logits.items()}
        coarse_correct = {'fine': predictions['coarse'] == labels['coarse'], 'coarse': None}
        for level, module in modules.items():
            module.zero_grad()
            features = torch.tensor(reference[f'feature{step}'], requires_grad=True)
            embeddings = module.projection(features)
            num_classes = logits[level].size(1)
            sets = split_samples(labels[level], predictions[level], num_classes, coarse_correct[level])
            batch = module.update(embeddings, sets)
            terms = PrototypeCalibrationLoss().terms(embeddings, *batch, logits[level], labels[level])
            diversity = PrototypeDiversityLoss(loss_weight=1, has_gradient=False)(batch.prototypes)
            total = terms.sum() + (diversity if level == 'fine' else 0)
            total.backward()
            if level == 'fine':
                check('diversity', diversity, reference[f'diversity{step}'])
            norms = [parameter.grad.norm().item() for parameter in module.projection.parameters()]
            ours = {
                'terms': terms,
                'proto': module.prototypes.T,
                'grad_feature': features.grad.norm(dim=1),
                'grad_logits': logits[level].grad.norm(dim=1),
                'grad_fc': norms,
            }
            check(f'{level}, loss', total, reference[f'{level}{step}'])
            for name, values in ours.items():
                check(f'{level}, {name}', values, reference[f'{level}_{name}{step}'])
        fine, coarse = (values.detach().requires_grad_() for values in logits.values())
        tree = LabelTreeLoss()(fine, coarse, labels['fine'], fine_to_coarse)
        tree.backward()
        check('hierarchy', tree, reference[f'tree{step}'])
        check('hierarchy, gradient of logits', fine.grad.norm(dim=1), reference[f'tree_grad_logits{step}'])
        check('hierarchy, gradient of coarse logits', coarse.grad.norm(dim=1), reference[f'tree_grad_coarse{step}'])


def test_exchange(shared):
    reference = np.load(shared / 'reference' / 'pcan_interaction_4px.npz')
    prefix = str(reference['prefix'])
    channels = [int(reference[key]) for key in ('rgb_channels', 'pose_channels', 'hidden')]
    exchange = ModalityExchange(*channels, dropout=0)
    for name in map(str, reference['grad_names']):
        ours = to_our_name(f'{prefix}{name}').removeprefix(EXCHANGE)
        parameter = exchange.get_parameter(ours)
        parameter.data.copy_(released_tensor(f'{prefix}{name}', tuple(parameter.shape)))
    exchange.double()
    rng = np.random.RandomState(int(reference['seed']))
    batch, size = int(reference['batch']), int(reference['px'])
    inputs = [
        torch.from_numpy(np.maximum(0, 4 * rng.randn(batch, count, frames, size, size)))
        .float()
        .double()
        .requires_grad_()
        for count, frames in zip(channels, (8, 32))
    ]
    rgb, pose = exchange(*(features.requires_grad_() for features in inputs))
    check('RGB', rgb.mean(dim=(3, 4)), reference['out_rgb'])
    check('pose', pose.mean(dim=(3, 4)), reference['out_pose'])
    (rgb.square().mean() + pose.square().mean()).backward()
    assert check_norms(exchange, reference, EXCHANGE, prefix) == 24
    check('gradient of RGB', inputs[0].grad.norm(), reference['grad_rgb'])
    check('gradient of pose', inputs[1].grad.norm(), reference['grad_pose'])


def test_network(shared):
    reference = np.load(shared / 'reference' / 'pcan_network_64px.npz')
    model = MODELS.build(
        dict(
            type='MMRecognizer3D',
            backbone=build_backbone(dropout=0),
            cls_head=dict(type='PCANHead', dropout=0, **RELEASED),
        )
    )
    load(model, our_state(released_state(reference)))
    rng = np.random.RandomState(int(reference['seed']))
    batch, rgb_cells, pose_cells = (
        int(reference['batch']),
        int(reference['rgb_px']) // 16,
        int(reference['pose_px']) // 4,
    )
    rgb = 2 * rng.randn(batch, 1, 3, 8, rgb_cells, rgb_cells)
    heatmaps = rng.rand(batch, 1, 28, 32, pose_cells, pose_cells)
    inputs = {
        'imgs': np.kron(rgb, np.ones((16, 16))),
        'heatmap_imgs': np.kron(heatmaps, np.ones((4, 4))),
    }
    inputs = {name: torch.from_numpy(values).float().double() for name, values in inputs.items()}

    model.eval()
    with torch.no_grad():
        feats, _ = model.extract_feat(dict(inputs))
        check('features, RGB', feats[0].mean(dim=(2, 3, 4)), reference['feat_rgb'])
        check('features, pose', feats[1].mean(dim=(2, 3, 4)), reference['feat_pose'])
        raw = model.cls_head.classify(feats)
        check('classifier, RGB', raw['rgb'], reference['raw_rgb'])
        check('classifier, pose', raw['pose'], reference['raw_pose'])
        for name, scores in model.cls_head(feats).items():
            check(f'scores, {name}', scores, reference[f'eval_{name}'])
            check(f'probabilities, {name}', scores.softmax(dim=1), reference[f'prob_{name}'])
        predictions = model.cls_head.predict(feats, [ActionDataSample() for _ in range(batch)])
    check('fused', torch.stack([sample.pred_score for sample in predictions]), reference['prob_fused'])
    check('fused, coarse', torch.stack([sample.coarse_score for sample in predictions]), reference['prob_fused_coarse'])

    model.train()
    feats, _ = model.extract_feat(dict(inputs))
    scores = model.cls_head.classify(feats)
    for name, values in scores.items():
        check(f'training scores, {name}', values, reference[f'train_{name}'])
    check_sets(scores, reference['labels'], model.cls_head, reference)
    losses = model.cls_head.loss(feats, samples(reference['labels']))
    check_losses(losses, reference).backward()
    assert check_norms(model, reference) == 360
    check_prototypes(model.cls_head, reference)

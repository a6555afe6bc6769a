import copy
import io

import pytest
import torch
from helpers.pcan import compute_half_batch, compute_step, draw_features, small_head
from helpers.processes import run_ranks
from mmaction.structures import ActionDataSample

from mmaction_microaction.label_sets import MA52

TERMS = {'loss_cls', 'loss_cls_coarse', 'loss_proto', 'loss_proto_coarse', 'loss_diversity', 'loss_hierarchy'}
OWN = {'name': 'gestures', 'actions': [{'name': name, 'group': group} for name, group in ('ax', 'bx', 'cy')]}


def samples(labels):
    return [ActionDataSample().set_gt_label(int(label)) for label in labels]


def loss_names(losses):
    return {name for name in losses if 'loss' in name}


@pytest.mark.parametrize(
    ('options', 'removed', 'absent'),
    [
        ({}, set(), ()),
        (dict(loss_hierarchy=None), {'loss_hierarchy'}, ()),
        (dict(loss_diversity=None), {'loss_diversity'}, ()),
        (dict(loss_prototypes=None), {'loss_proto', 'loss_proto_coarse', 'loss_diversity'}, ('prototypes',)),
        (
            dict(coarse=False, loss_hierarchy=None),
            {'loss_cls_coarse', 'loss_proto_coarse', 'loss_hierarchy'},
            ('_coarse',),
        ),
    ],
    ids=['all', 'nohier', 'nodiversity', 'noproto', 'nocoarse'],
)
def test_switches_remove_losses_and_their_layers(options, removed, absent):
    head, feats = small_head(**options), draw_features(6)
    labels = [3, 9, 9, 20, 40, 51]
    losses = head.loss(feats, samples(labels))
    expected = {f'{branch}_{term}' for branch in ('rgb', 'pose') for term in TERMS - removed}
    assert loss_names(losses) == expected
    assert all(losses[name].isfinite() and losses[name] > 0 for name in expected)
    assert not any(part in name for name in head.state_dict() for part in absent)
    sum(losses[name] for name in expected).backward()
    # In a distributed run, a parameter without gradient would block all processes.
    assert [name for name, parameter in head.named_parameters() if parameter.grad is None] == []
    prediction = head.eval().predict(feats, samples(labels))[0]
    assert prediction.pred_score.shape == (52,)
    assert ('coarse_score' in prediction) == ('_coarse' not in absent)


def test_predictions_need_no_labels_and_one_sample_per_clip():
    head, feats = small_head().eval(), draw_features(6)
    with torch.no_grad():
        predictions = head.predict(feats, [ActionDataSample(), ActionDataSample()])
        logits = head(feats)
    # Two clips of three views.
    views = [logits[branch].softmax(dim=1).unflatten(0, (2, 3)).mean(dim=1) for branch in ('rgb', 'pose')]
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in predictions]), sum(views) / 2)
    assert predictions[0].coarse_score.shape == (7,)
    assert predictions[0].coarse_score.sum().item() == pytest.approx(1)


def test_prototypes_rectify_only_classes_that_were_updated():
    head, feats = small_head().eval(), draw_features(4)
    with torch.no_grad():
        for branch in ('rgb', 'pose'):
            head.prototypes[branch].num_updates[9] = 3
        plain, rectified = head.classify(feats), head(feats)
    for branch, features, factor in zip(('rgb', 'pose'), feats, (5, 1)):
        module = head.prototypes[branch]
        with torch.no_grad():
            embedding = module.projection(features.mean(dim=2).amax(dim=(2, 3)))
            cosine = torch.cosine_similarity(embedding, module.prototypes[9], dim=1)
        difference = rectified[branch] - plain[branch]
        torch.testing.assert_close(difference[:, 9], factor * cosine)
        assert not torch.cat([difference[:, :9], difference[:, 10:]], dim=1).any()
    for branch in ('rgb_coarse', 'pose_coarse'):
        assert torch.equal(rectified[branch], plain[branch])


def test_options_restore_the_predictions_of_the_release():
    head, feats = small_head(rectify_untrained=True, rectify_pool='avg').eval(), draw_features(4)
    module = head.prototypes['rgb']
    with torch.no_grad():
        embedding = module.projection(feats[0].mean(dim=(2, 3, 4)))
        cosines = torch.cosine_similarity(embedding[:, None], module.prototypes[None], dim=2)
        torch.testing.assert_close(head(feats)['rgb'], head.classify(feats)['rgb'] + 5 * cosines)


def test_the_diversity_loss_reaches_the_projection_unless_as_released():
    gradients = []
    for has_gradient in (True, False):
        head = small_head(loss_diversity=dict(type='PrototypeDiversityLoss', has_gradient=has_gradient))
        # The classifiers agree with these labels, so that there are true positives.
        feats = draw_features(8)
        scores = head.classify(feats)
        labels = scores['rgb'].argmax(dim=1)
        with torch.no_grad():
            head.fc_rgb_coarse.weight.zero_()
            head.fc_rgb_coarse.bias.copy_(20.0 * torch.arange(7).eq(head.fine_to_coarse[labels[0]]))
        losses = head.loss(feats, samples(labels))
        assert head.prototypes['rgb'].num_updates.any()
        if losses['rgb_loss_diversity'].requires_grad:
            losses['rgb_loss_diversity'].backward()
        gradients.append(head.prototypes['rgb'].projection.weight.grad)
    assert gradients[0].abs().max() > 0
    assert gradients[1] is None


def test_label_sets_with_groups_of_ones_own():
    head = small_head(num_classes=3, label_set=OWN)
    assert head.fine_to_coarse.tolist() == [0, 0, 1]
    losses = head.loss(draw_features(3), samples([0, 1, 2]))
    assert len(loss_names(losses)) == 12
    assert head.fc_rgb_coarse.out_features == 2
    assert head.prototypes['pose_coarse'].prototypes.shape == (2, 6)


def test_refuses_contradictions():
    with pytest.raises(ValueError, match='ma52 has 52 actions, but num_classes is 32'):
        small_head(num_classes=32)
    with pytest.raises(ValueError, match=r'imigue has no groups.*coarse=False'):
        small_head(num_classes=32, label_set='imigue')
    assert small_head(num_classes=32, label_set='imigue', coarse=False, loss_hierarchy=None).num_classes == 32
    with pytest.raises(ValueError, match='hierarchy loss'):
        small_head(coarse=False)
    with pytest.raises(ValueError, match='rectify_pool'):
        small_head(rectify_pool='mean')
    with pytest.raises(ValueError, match='blending'):
        small_head().loss(draw_features(1), [ActionDataSample().set_gt_label(torch.full((52,), 1 / 52))])


def test_prototypes_are_buffers_that_checkpoints_restore_exactly():
    head, feats = small_head(), draw_features(52)
    buffers = {name: id(buffer) for name, buffer in head.named_buffers()}
    before = {name: module.prototypes.clone() for name, module in head.prototypes.items()}
    head.loss(feats, samples(range(52)))
    assert {name: id(buffer) for name, buffer in head.named_buffers()} == buffers
    assert not any(name.endswith('prototypes') for name, _ in head.named_parameters())
    for name, module in head.prototypes.items():
        updated = module.num_updates > 0
        assert torch.equal(module.prototypes[~updated], before[name][~updated])
        assert not (module.prototypes[updated] == before[name][updated]).any()
    assert any(module.num_updates.any() for module in head.prototypes.values())

    file = io.BytesIO()
    torch.save(head.state_dict(), file)
    file.seek(0)
    other = small_head()
    other.load_state_dict(torch.load(file, weights_only=True))
    for name, module in head.prototypes.items():
        assert torch.equal(other.prototypes[name].prototypes, module.prototypes)
        assert torch.equal(other.prototypes[name].num_updates, module.num_updates)
    # Both continue in the same way.
    for network in (head, other):
        network.zero_grad()
        torch.manual_seed(1)
        network.loss(feats, samples(range(52)))
    for name, module in head.prototypes.items():
        assert torch.equal(other.prototypes[name].prototypes, module.prototypes)


def test_prototypes_stay_float32_under_automatic_mixed_precision():
    full, mixed = small_head(), small_head()
    feats, labels = draw_features(52), samples(range(52))
    losses = full.loss(feats, labels)
    with torch.autocast('cpu', torch.bfloat16):
        # A backbone returns bfloat16.
        mixed_losses = mixed.loss(tuple(features.bfloat16() for features in feats), copy.deepcopy(labels))
        predictions = mixed.eval().predict(tuple(features.bfloat16() for features in feats), labels)
    for name in loss_names(losses):
        assert mixed_losses[name].dtype == torch.float32
        assert mixed_losses[name].item() == pytest.approx(losses[name].item(), rel=0.05)
    sum(mixed_losses[name] for name in loss_names(losses)).backward()
    for module in mixed.prototypes.values():
        assert module.prototypes.dtype == torch.float32
        assert module.projection.weight.grad.isfinite().all()
        # More digits than bfloat16 has.
        assert not torch.equal(module.prototypes, module.prototypes.bfloat16().float())
    total = torch.stack([sample.pred_score for sample in predictions]).sum(dim=1)
    torch.testing.assert_close(total, torch.ones(52), rtol=0, atol=1e-5)


@pytest.mark.slow
def test_two_processes_have_the_prototypes_and_gradients_of_the_whole_batch(tmp_path):
    run_ranks(compute_half_batch, str(tmp_path))
    first, second = (torch.load(tmp_path / f'rank{rank}.pth') for rank in range(2))
    whole = compute_step(slice(None))
    assert any(values.any() for name, values in whole['buffers'].items() if name.endswith('num_updates'))
    for name, values in whole['buffers'].items():
        assert torch.equal(first['buffers'][name], second['buffers'][name]), name
        torch.testing.assert_close(first['buffers'][name], values, rtol=1e-12, atol=1e-14)
    for name, values in whole['gradients'].items():
        torch.testing.assert_close(first['gradients'][name], values, rtol=1e-9, atol=1e-13)


def test_fine_to_coarse_is_that_of_the_label_set():
    assert small_head().fine_to_coarse.tolist() == MA52.fine_to_coarse.tolist()
    assert 'fine_to_coarse' not in small_head().state_dict()

import copy

import pytest
import torch
import torch.nn.functional as F
from helpers.label_sets import FOUR, TWO_HUNDRED
from mmaction.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmaction.structures import ActionDataSample

from mmaction_microaction.label_sets import MA52

pytestmark = pytest.mark.usefixtures('in_float64')

HEADS = {
    'MANetHead': (dict(loss_emb=None, num_segments=4), (2 * 4, 8, 3, 3)),
    'TSNHead': (dict(), (2 * 4, 8, 3, 3)),
    'TSMHead': (dict(num_segments=4), (2 * 4, 8, 3, 3)),
    'I3DHead': (dict(), (2, 8, 4, 3, 3)),
    'TimeSformerHead': (dict(), (2, 8)),
}
LABELS = (9, 24)


def build(main='I3DHead', label_set=MA52, **settings):
    name = main if isinstance(main, str) else main['main']
    arguments, shape = HEADS[name]
    settings = {'type': 'AuxiliaryHeads', 'main': main, **settings}
    if label_set != MA52:
        settings['label_set'] = label_set.to_dict()
    head = MODELS.build(dict(num_classes=len(label_set), in_channels=8, dropout_ratio=0, **arguments, **settings))
    head.init_weights()
    return head, torch.randn(shape, generator=torch.Generator().manual_seed(0))


def samples(labels=LABELS):
    return [ActionDataSample().set_gt_label(label) for label in labels]


def get_frames(feats):
    """Return the features of the frames of both clips in a list of lists."""
    if feats.dim() == 2:
        return [[clip] for clip in feats]
    if feats.dim() == 4:
        return [[feats[4 * clip + t].mean((1, 2)) for t in range(4)] for clip in range(2)]
    return [[feats[clip, :, t].mean((1, 2)) for t in range(4)] for clip in range(2)]


@pytest.mark.parametrize('label_set', [MA52, TWO_HUNDRED], ids=lambda label_set: label_set.name)
@pytest.mark.parametrize('main', HEADS)
def test_losses_equal_those_of_a_loop(main, label_set):
    head, feats = build(main, label_set, frame_weight=0.3, group_weight=0.7)
    for layer in head.auxiliary.values():
        torch.nn.init.normal_(layer.weight)
    losses = head.loss(feats, samples(), num_segs=4)
    layers, sums = head.auxiliary, {'frame': [], 'group': [], 'frame_group': []}
    for frames, label in zip(get_frames(feats), LABELS):
        group = label_set.groups.index(label_set.actions[label].group)
        for frame in frames:
            for name, index in ('frame', label), ('frame_group', group):
                sums[name].append(-layers[f'fc_{name}'](frame).log_softmax(0)[index])
        sums['group'].append(-layers['fc_group'](sum(frames) / len(frames)).log_softmax(0)[group])
    weights = {'frame': 0.3, 'group': 0.7, 'frame_group': 0.3 * 0.7}
    for name, values in sums.items():
        assert losses[f'loss_aux_{name}'].item() == pytest.approx(weights[name] * (sum(values) / len(values)).item())
    expected = F.cross_entropy(head(feats, num_segs=4), torch.tensor(LABELS))
    assert losses['loss_cls'].item() == pytest.approx(expected.item())


@pytest.mark.parametrize('main', HEADS)
def test_only_the_main_head_predicts(main):
    head, feats = build(main)
    arguments, _ = HEADS[main]
    plain = MODELS.build(dict(type=main, num_classes=52, in_channels=8, dropout_ratio=0, **arguments))
    weights = {name: value for name, value in head.state_dict().items() if not name.startswith('auxiliary.')}
    plain.load_state_dict(weights)
    assert isinstance(head, type(plain))
    torch.testing.assert_close(head(feats, num_segs=4), plain(feats, num_segs=4))
    predicted, expected = (each.predict(feats, samples(), num_segs=4) for each in (head, plain))
    for one, other in zip(predicted, expected):
        assert one.pred_score.equal(other.pred_score)


def test_all_layers_train_and_a_copy_is_independent():
    head, feats = build(dict(type='CosineHead', main='I3DHead'), loss_cls=dict(type='SoftF1Loss'))
    twin = copy.deepcopy(head)
    sum(value for name, value in head.loss(feats, samples()).items() if 'loss' in name).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters() if parameter.requires_grad)
    assert all(parameter.grad is None for parameter in twin.parameters())
    twin.auxiliary['fc_frame'].weight.data.zero_()
    assert twin.loss(feats, samples())['loss_aux_frame'] != head.loss(feats, samples())['loss_aux_frame']


def test_the_loss_of_the_head_is_that_of_the_frames():
    head, feats = build(loss_cls=dict(type='CrossEntropyLoss', loss_weight=3))
    single, _ = build()
    single.load_state_dict(head.state_dict())
    losses, expected = head.loss(feats, samples()), single.loss(feats, samples())
    assert losses['loss_aux_frame'].item() == pytest.approx(3 * expected['loss_aux_frame'].item())
    assert losses['loss_aux_group'].item() == pytest.approx(expected['loss_aux_group'].item())


def test_blended_and_smoothed_labels():
    head, feats = build(label_smooth_eps=0.1)
    hard = head.loss(feats, samples())
    one_hot = head.loss(feats, samples(F.one_hot(torch.tensor(LABELS), 52).double()))
    for name in hard:
        if 'loss' in name:
            assert one_hot[name].item() == pytest.approx(hard[name].item())
    # The groups of a smoothed label: 0.9, and 0.1 times their share of the actions.
    logits = head.auxiliary['fc_group'](torch.stack([sum(frames) / 4 for frames in get_frames(feats)]))
    targets = torch.stack(
        [
            torch.tensor(
                [
                    0.9 * (MA52.actions[label].group == group)
                    + 0.1 * sum(action.group == group for action in MA52.actions) / 52
                    for group in MA52.groups
                ]
            )
            for label in LABELS
        ]
    )
    assert hard['loss_aux_group'].item() == pytest.approx(0.5 * F.cross_entropy(logits, targets).item())


def test_weights_of_zero_remove_layers_and_groups_are_optional():
    assert build(frame_weight=0)[0].auxiliary.keys() == {'fc_group'}
    head, feats = build(label_set=FOUR, group_weight=0)
    assert head.auxiliary.keys() == {'fc_frame'}
    assert {name for name in head.loss(feats, samples((1, 3))) if 'aux' in name} == {'loss_aux_frame'}


def test_the_fivefold_rate_stays_with_the_main_head():
    model = torch.nn.Module()
    model.cls_head, _ = build(dict(type='CosineHead', main='TSMHead'))
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='TSMOptimWrapperConstructor',
            optim_wrapper_cfg=dict(optimizer=dict(type='SGD', lr=1, weight_decay=0)),
            paramwise_cfg=dict(fc_lr5=True),
        )
    )
    groups = constructor(model).optimizer.param_groups
    assert [id(p) for group in groups if group['lr'] == 5 for p in group['params']] == [
        id(model.cls_head.fc_cls.weight)
    ]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(label_set=FOUR), 'AuxiliaryHeads with a group_weight needs groups'),
        (dict(frame_weight=0, group_weight=0), 'both 0'),
        (dict(num_classes=7), 'has 52 actions, but the network has 7 classes'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    if 'num_classes' in settings:
        with pytest.raises(ValueError, match=message):
            MODELS.build(dict(type='AuxiliaryHeads', main='I3DHead', in_channels=8, **settings))
    else:
        with pytest.raises(ValueError, match=message):
            build(**settings)


def test_features_of_several_paths_are_named():
    head, feats = build('TSNHead')
    with pytest.raises(ValueError, match='got a list'):
        head._pool_frames([feats, feats], 2)

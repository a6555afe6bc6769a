"""A run that trains from a network of other classes starts its classifier anew; a test of such a network stops."""

import numpy as np
import pytest
import torch
from helpers.detection import build_detector
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.pcan import small_head
from helpers.small_runs import small_runner
from mmaction.registry import MODELS

from mmaction_microaction.inference.shipped_weights import write_shipped_weights
from mmaction_microaction.label_sets import MA52, MA52_REST, LabelSet
from mmaction_microaction.label_sets.transfer import drop_other_classes, get_metainfo, is_class_tensor, read_label_set
from mmaction_microaction.utils.checkpoints import get_shapes

RENAMED = LabelSet.from_dict({'name': 'renamed', 'actions': [f'action {i}' for i in range(52)]})
OWN = {'name': 'own', 'actions': [{'name': name, 'group': name[0]} for name in ('a1', 'a2', 'b1')]}
SPELT_OTHERWISE = LabelSet.from_dict({'name': 'mine', 'actions': [name.title() for name in FOUR.names]})


def weights(num_classes, prefix=''):
    layers = {'backbone.weight': (3, 3), 'cls_head.fc_emb.weight': (2, 3)}
    classes = {'cls_head.fc_cls.weight': (num_classes, 3), 'cls_head.fc_cls.bias': (num_classes,)}
    table = {'cls_head.label_embeddings': (num_classes, 2)}
    return {prefix + name: torch.zeros(shape) for name, shape in {**layers, **classes, **table}.items()}


def checkpoint(num_classes, label_set=None, **kwargs):
    meta = {} if label_set is None else {'dataset_meta': {'label_set': label_set.to_dict()}}
    return {'state_dict': weights(num_classes, **kwargs), 'meta': meta}


def shapes(num_classes):
    return {name: tuple(tensor.shape) for name, tensor in weights(num_classes).items()}


CLASSES = ['cls_head.fc_cls.weight', 'cls_head.fc_cls.bias', 'cls_head.label_embeddings']
CASES = {
    'fewer classes': (checkpoint(52, MA52), FOUR, CLASSES),
    'more classes': (checkpoint(4, FOUR), TWO_HUNDRED, CLASSES),
    'as many classes': (checkpoint(52, MA52), RENAMED, CLASSES),
    'as many classes, from before label sets': (checkpoint(52), RENAMED, CLASSES),
    'the same classes': (checkpoint(52, MA52), MA52, []),
    'the same classes, from before label sets': (checkpoint(52), MA52, []),
    'the same names, without groups': (checkpoint(52, MA52), LabelSet.from_dict({'actions': list(MA52.names)}), []),
    'the same names in capitals': (checkpoint(4, FOUR), SPELT_OTHERWISE, []),
    'unknown classes': (checkpoint(400), MA52, CLASSES),
    'as many unknown classes': (checkpoint(4), FOUR, []),
    'several processes': (checkpoint(52, MA52, prefix='module.'), FOUR, [f'module.{name}' for name in CLASSES]),
}


@pytest.mark.parametrize(('content', 'target', 'dropped'), CASES.values(), ids=CASES)
def test_classifier_and_table_of_other_classes_are_dropped(content, target, dropped):
    metainfo = {'label_set': target.to_dict()}
    transfer = drop_other_classes(content, 'old.pth', shapes(len(target)), metainfo)
    assert transfer.dropped == dropped
    assert set(transfer.weights) == set(content['state_dict']) - set(dropped)


def test_additional_layers_of_other_classes_are_dropped():
    # The layers of AuxiliaryHeads come before the classifier.
    layers = {'cls_head.auxiliary.fc_frame.weight': (52, 3), 'cls_head.auxiliary.fc_group.bias': (7,)}
    content = {'state_dict': {**{name: torch.zeros(shape) for name, shape in layers.items()}, **weights(52)}}
    assert read_label_set(content, 'old.pth') == MA52
    transfer = drop_other_classes(content, 'old.pth', shapes(200), {'label_set': TWO_HUNDRED.to_dict()})
    assert transfer.dropped == [*layers, *CLASSES]


HEADS = {
    'TSNHead': {},
    'TSMHead': {},
    'TPNHead': {},
    'TSNAudioHead': {},
    'TimeSformerHead': {},
    'MViTHead': {},
    'UniFormerHead': {},
    'I3DHead': {},
    'SlowFastHead': {},
    'X3DHead': {},
    'GCNHead': {},
    'RGBPoseHead': dict(in_channels=(16, 16)),
    'TRNHead of one scale': dict(relation_type='TRN', hidden_dim=8),
    'TRNHead': dict(hidden_dim=8),
    'MANetHead': dict(embed_dims=4),
}


@pytest.mark.parametrize('name', HEADS)
def test_tensors_whose_shape_depends_on_the_classes_are_dropped(name):
    shapes, others = (
        get_shapes(torch.nn.ModuleDict({'cls_head': MODELS.build(
            dict(type=name.split()[0], num_classes=number, **{'in_channels': 16, **HEADS[name]}))}))
        for number in (52, 5)
    )  # fmt: skip
    content = {'state_dict': {name: torch.zeros(shape) for name, shape in shapes.items()}}
    assert read_label_set(content, 'old.pth') == MA52
    of_classes = {name for name in shapes if shapes[name] != others[name]}
    assert of_classes
    if name.startswith('TRNHead'):  # the layer of this name is the last but two
        of_classes |= {'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}
    assert set(filter(is_class_tensor, shapes)) == of_classes
    for target in (FOUR, RENAMED):  # another number of classes, and the same number
        metainfo = {'label_set': target.to_dict()}
        assert set(drop_other_classes(content, 'old.pth', others, metainfo).dropped) == of_classes


@pytest.mark.parametrize('per_class', [True, False])
def test_boundaries_per_class_of_a_detector_are_dropped(per_class):
    detector = build_detector(num_classes=52, head=dict(per_class_boundaries=per_class))
    content = {'state_dict': detector.state_dict()}
    layers = ['head.fc_cls', 'head.fc_segment'] if per_class else ['head.fc_cls']
    for target in (FOUR, RENAMED):  # another number of classes, and the same number
        other = build_detector(num_classes=len(target), head=dict(per_class_boundaries=per_class))
        transfer = drop_other_classes(content, 'old.pth', get_shapes(other), {'label_set': target.to_dict()})
        assert transfer.dropped == [f'{layer}.{kind}' for layer in layers for kind in ('weight', 'bias')]
        expected = ': head.fc_cls and head.fc_segment start anew' if per_class else ': head.fc_cls starts anew'
        assert expected in transfer.describe('old.pth', 1)
    assert drop_other_classes(content, 'old.pth', {}, {'label_set': MA52.to_dict()}).dropped == []


def test_the_classifier_of_the_shipped_network_is_dropped(tmp_path):
    path = tmp_path / 'shipped.pth'
    write_shipped_weights(path)
    content = torch.load(path)
    assert read_label_set(content, str(path)) == MA52_REST
    transfer = drop_other_classes(content, str(path), {}, {'label_set': RENAMED.to_dict()})
    assert transfer.dropped == ['cls_head.fc.weight', 'cls_head.fc.bias']


def test_the_log_names_the_layers_and_both_label_sets():
    transfer = drop_other_classes(checkpoint(52), 'old.pth', shapes(200), {'label_set': TWO_HUNDRED.to_dict()})
    line = transfer.describe('old.pth', 1234)
    assert 'old.pth' in line
    assert 'the 52 actions of the label set ma52' in line
    assert 'the 200 actions of the label set invented' in line
    assert 'cls_head.fc_cls and cls_head.label_embeddings start anew' in line
    assert '1,234 other parameters' in line
    unknown = drop_other_classes(checkpoint(400), 'k400.pth', shapes(4), {'label_set': FOUR.to_dict()})
    assert '400 unknown classes' in unknown.describe('k400.pth', 1)


def test_data_without_a_label_set_changes_nothing():
    assert drop_other_classes(checkpoint(52, MA52), 'old.pth', shapes(4), {}).dropped == []
    assert get_metainfo([object(), *[type('Data', (), {'metainfo': {'classes': ()}})] * 2]) == {}


def test_malformed_label_set_of_a_checkpoint_is_an_error():
    content = {'state_dict': weights(4), 'meta': {'dataset_meta': {'label_set': {'actions': ['one', 'one']}}}}
    with pytest.raises(ValueError, match=r"strange\.pth.* 'one' occurs 2 times"):
        read_label_set(content, 'strange.pth')


@pytest.fixture
def four(tiny_ma52, tmp_path, one_block_per_stage):
    """Return options of a run on FOUR: lists with the labels 0 to 3, a file of the label set, and a table."""
    (tmp_path / 'gestures.txt').write_text('\n'.join(FOUR.names))
    np.save(tmp_path / 'table.npy', np.random.default_rng(0).normal(size=(4, 50)).astype(np.float32))
    options = {
        'model.cls_head.num_classes': 4,
        'model.cls_head.label_embeddings': str(tmp_path / 'table.npy'),
        'default_hooks.checkpoint.save_best': 'fine/F1_mean',
    }
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        names = [line.split()[0] for line in (tiny_ma52 / f'{split}_list_videos.txt').read_text().splitlines()]
        path = tmp_path / f'{split}.txt'
        path.write_text(''.join(f'{name} {index % 4}\n' for index, name in enumerate(names)))
        options[f'{loader}_dataloader.dataset.ann_file'] = str(path)
        options[f'{loader}_dataloader.dataset.label_set'] = str(tmp_path / 'gestures.txt')
    return options


@pytest.fixture
def ma52_weights(tiny_ma52, tmp_path, one_block_per_stage):
    """Save the weights of a network of MA-52's actions, as a checkpoint of before label sets."""
    model = small_runner(tiny_ma52, tmp_path / 'old', {}).model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.25)
    model.cls_head.label_embeddings.fill_(7)
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, tmp_path / 'old.pth')
    return tmp_path / 'old.pth'


def warnings_of(caplog):
    """Return the warnings about the checkpoint."""
    messages = [record.getMessage() for record in caplog.records if record.levelname == 'WARNING']
    return [message for message in messages if 'old.pth' in message]


def test_training_keeps_everything_but_the_classifier_and_the_table(tiny_ma52, tmp_path, four, ma52_weights, caplog):
    # EMAHook reads the checkpoint, too.
    options = {**four, 'load_from': str(ma52_weights), 'custom_hooks': [dict(type='EMAHook')]}
    runner = small_runner(tiny_ma52, tmp_path / 'new', options)
    runner.logger.addHandler(caplog.handler)
    runner.train_loop._max_epochs = 0
    runner.train()
    head = runner.model.cls_head
    assert head.fc_cls.weight.shape == (4, 512)
    assert head.fc_cls.weight.abs().mean() < 0.01  # the initial standard deviation is 0.001
    for layer in (head.fc_emb, head.fc_emb_t, runner.model.backbone.conv1.conv):
        assert layer.weight.unique().tolist() == [0.25]
    np.testing.assert_array_equal(runner.model.cls_head.label_embeddings, np.load(tmp_path / 'table.npy'))
    [line] = warnings_of(caplog)
    assert 'the 52 actions of the label set ma52' in line
    assert 'the 4 actions of the label set gestures' in line


def test_what_else_does_not_fit_is_still_named(tiny_ma52, tmp_path, four, ma52_weights, caplog):
    content = torch.load(ma52_weights)
    del content['state_dict']['backbone.layer1.0.conv1.conv.net.weight']
    torch.save(content, ma52_weights)
    runner = small_runner(tiny_ma52, tmp_path / 'new', {**four, 'load_from': str(ma52_weights)})
    runner.logger.addHandler(caplog.handler)
    runner.train_loop._max_epochs = 0
    runner.train()
    lines = warnings_of(caplog)
    assert ['start anew' in line for line in lines] == [True, False]
    assert '1 tensor missing (backbone.layer1.0.conv1.conv.net.weight)' in lines[1]


def test_training_does_not_start_from_another_architecture(tiny_ma52, tmp_path, four):
    torch.save({'state_dict': {'cls_head.fc_cls.weight': torch.ones(52, 7)}}, tmp_path / 'other.pth')
    runner = small_runner(tiny_ma52, tmp_path / 'new', {**four, 'load_from': str(tmp_path / 'other.pth')})
    with pytest.raises(ValueError, match=r'other\.pth does not fit'):
        runner.train()


@pytest.mark.parametrize('method', ['test', 'val'])
@pytest.mark.parametrize('num_classes', [4, 52])
def test_a_network_of_other_classes_is_not_scored(tiny_ma52, tmp_path, four, ma52_weights, method, num_classes):
    renamed = tmp_path / 'renamed.yaml'
    renamed.write_text('\n'.join(f'- action {i}' for i in range(52)))
    options = four if num_classes == 4 else {f'{method}_dataloader.dataset.label_set': str(renamed)}
    runner = small_runner(tiny_ma52, tmp_path / 'new', {**options, 'load_from': str(ma52_weights)})
    with pytest.raises(ValueError, match=r'old\.pth .*52 actions of the label set ma52.*label_set of the dataset'):
        getattr(runner, method)()


def test_a_frozen_backbone_keeps_its_weights_and_statistics(tiny_ma52, tmp_path, four, ma52_weights):
    frozen = {'model.backbone.frozen_stages': 4, 'model.backbone.freeze_excitation': True}
    runner = small_runner(tiny_ma52, tmp_path / 'new', {**four, **frozen, 'load_from': str(ma52_weights)})
    before = torch.load(ma52_weights)['state_dict']
    runner.train()
    after = runner.model.state_dict()
    changed = [name for name in get_shapes(runner.model) if name.startswith('backbone.') and
               not torch.equal(after[name], before[name])]  # fmt: skip
    assert changed == []
    assert not torch.equal(after['cls_head.fc_emb.weight'], before['cls_head.fc_emb.weight'])


def test_prototypes_and_classifiers_of_groups_start_anew_with_other_classes():
    head = small_head()
    state = {f'cls_head.{name}': tensor for name, tensor in head.state_dict().items()}
    target = {'label_set': LabelSet.from_dict(OWN).to_dict()}
    shapes = {
        f'cls_head.{name}': tuple(tensor.shape)
        for name, tensor in small_head(num_classes=3, label_set=OWN).state_dict().items()
    }
    for meta in ({'dataset_meta': {'label_set': MA52.to_dict()}}, {}):  # 52 classes are those of MA-52
        transfer = drop_other_classes({'state_dict': state, 'meta': meta}, 'pcan.pth', shapes, target)
        kept = {name: tuple(tensor.shape) for name, tensor in transfer.weights.items()}
        assert all(shapes[name] == shape for name, shape in kept.items())
        # Only the projections of the prototypes do not depend on the classes.
        assert kept.keys() == {name for name in shapes if 'projection' in name}
    same = drop_other_classes({'state_dict': state, 'meta': {}}, 'pcan.pth', {}, {'label_set': MA52.to_dict()})
    assert same.dropped == []

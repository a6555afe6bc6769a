"""Datasets, network, metrics and hooks of a run must agree about the classes before its first step."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.detection import build_detector
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.small_runs import small_runner
from mmaction.registry import METRICS
from mmengine.hooks import EarlyStoppingHook

from mmaction_microaction.engine import SafeCheckpointHook
from mmaction_microaction.engine.hooks.label_set_checks import (
    check_classes,
    check_monitored_metrics,
    list_metric_names,
)
from mmaction_microaction.label_sets import MA52, LabelSet

pytestmark = pytest.mark.usefixtures('tiny_resnets')
WITHOUT_GROUPS = LabelSet.from_dict({'name': 'flat', 'actions': list(MA52.names)})


def clips(label_set, ann_file='train.txt'):
    metainfo = {} if label_set is None else {'label_set': label_set.to_dict()}
    return SimpleNamespace(metainfo=metainfo, ann_file=ann_file)


def network(num_classes):
    model = torch.nn.Module()
    model.cls_head = torch.nn.Module()
    model.cls_head.num_classes = num_classes
    return model


@pytest.mark.parametrize('label_set', [FOUR, MA52, TWO_HUNDRED, None])
def test_matching_numbers_are_accepted(label_set):
    datasets = {name: [clips(label_set)] for name in ('train', 'val', 'test')}
    check_classes(network(4 if label_set is None else len(label_set)), datasets)
    check_classes(torch.nn.Linear(1, 1), datasets)  # a network that does not say its number of classes


@pytest.mark.parametrize('loop', ['train', 'val', 'test'])
@pytest.mark.parametrize(('label_set', 'num_classes'), [(FOUR, 52), (TWO_HUNDRED, 52), (MA52, 4), (TWO_HUNDRED, 4)])
def test_another_number_of_classes_names_both_and_the_setting(loop, label_set, num_classes):
    with pytest.raises(ValueError, match=rf'{loop}_dataloader \(list\.txt\)') as error:
        check_classes(network(num_classes), {loop: [clips(label_set, 'list.txt')]})
    message = str(error.value)
    assert f'the {len(label_set)} actions of the label set {label_set.name}' in message
    assert f'model.cls_head.num_classes={num_classes}.' in message
    assert f'Set model.cls_head.num_classes={len(label_set)}' in message


def test_networks_without_a_head_say_their_number_themselves():
    model = torch.nn.Module()
    model.num_classes = 40
    with pytest.raises(ValueError, match=r'model\.num_classes=40\. Set model\.num_classes=52'):
        check_classes(model, {'train': [clips(MA52)]})
    wrapped = torch.nn.DataParallel(model)
    with pytest.raises(ValueError, match=r'model\.num_classes=40'):
        check_classes(wrapped, {'train': [clips(MA52)]})


def test_the_setting_of_a_detector_is_that_of_its_head():
    detector = build_detector(num_classes=2)
    with pytest.raises(ValueError, match=r'model\.head\.num_classes=2\. Set model\.head\.num_classes=4,'):
        check_classes(detector, {'train': [clips(FOUR)]})
    check_classes(build_detector(num_classes=4), {'train': [clips(FOUR)]})


@pytest.mark.parametrize('other', [MA52, TWO_HUNDRED, WITHOUT_GROUPS])
def test_different_label_sets_of_loaders_are_named_first(other):
    # The number of classes fits one of the two only, so the message about it would be misleading.
    datasets = {'train': [clips(None), clips(FOUR)], 'val': [clips(other, 'val.txt')]}
    with pytest.raises(ValueError, match=rf'train_dataloader .*gestures.*val_dataloader \(val\.txt\).*{other.name}'):
        check_classes(network(4), datasets)


def test_groups_belong_to_the_label_set():
    with pytest.raises(ValueError, match=r'ma52.*flat'):
        check_classes(network(52), {'train': [clips(MA52)], 'val': [clips(WITHOUT_GROUPS)]})


def metrics(label_set, *kinds, **kwargs):
    built = [METRICS.build(dict(type=kind, **kwargs)) for kind in kinds]
    for metric in built:
        metric.dataset_meta = clips(label_set).metainfo
    return built


def test_names_are_those_of_the_results():
    scores = np.eye(52, dtype=np.float32)[[17, 18]]
    samples = [dict(pred_score=torch.tensor(s), gt_label=torch.tensor([17])) for s in scores]
    for prefix in (None, 'mine'):
        built = metrics(MA52, 'MicroActionMetric', 'ReversedPairsMetric', prefix=prefix)
        results = {}
        for metric in built:
            metric.process({}, samples)
            results |= metric.evaluate(2)
        names = list_metric_names(built)
        assert set(names) == set(results)
        assert f'{prefix or "reversed_pairs"}/top1' in names
        assert ('mine/' if prefix else '') + 'F1_mean' in names


def test_names_of_emotions_are_those_of_the_results():
    (metric,) = metrics(MA52, 'EmotionMetric')
    sample = dict(pred_emotion=torch.eye(5)[0], emotion=0, pred_score=torch.rand(52), gt_label=torch.ones(52))
    metric.process({}, [sample])
    assert set(list_metric_names([metric])) == set(metric.evaluate(1))


@pytest.mark.parametrize('label_set', [MA52, FOUR])
def test_names_of_detections_are_those_of_the_results(label_set, tmp_path):
    (metric,) = metrics(label_set, 'DetectionMetric')
    found = dict(segments=np.array([[0, 2.0]]), labels=np.array([1]), scores=np.array([0.5]))
    truth = dict(gt_segments=np.array([[0, 2.0]]), gt_labels=np.array([1]))
    metric.process({}, [dict(video_id='a', pred_detections=found, **truth)])
    names = list_metric_names([metric, *metrics(label_set, 'DumpResults', out_file_path=str(tmp_path / 'dump.pkl'))])
    assert set(names) == set(metric.evaluate(1))
    with pytest.raises(ValueError, match=r"'action/average_map'.*action/average_mAP"):
        check_monitored_metrics([SafeCheckpointHook(save_best='action/average_map', rule='greater')], names)


def test_names_are_unknown_if_one_metric_does_not_know_its_own():
    assert list_metric_names(metrics(MA52, 'MicroActionMetric', 'AccMetric')) == []
    assert list_metric_names(metrics(None, 'MicroActionMetric')) == []


def test_pairs_are_needed_before_the_first_step():
    with pytest.raises(ValueError, match=r'gestures has no reversed_pairs.*ReversedPairsMetric'):
        list_metric_names(metrics(FOUR, 'AccMetric', 'ReversedPairsMetric'))


FLAT = ['fine/F1_mean', 'fine/F1_macro', 'fine/F1_micro', 'fine/top1', 'fine/top5']


@pytest.mark.parametrize(
    ('hook', 'setting'),
    [
        (SafeCheckpointHook(save_best='F1_mean', rule='greater'), 'save_best'),
        (SafeCheckpointHook(save_best=['fine/top1', 'F1_mean'], rule='greater'), 'save_best'),
        (EarlyStoppingHook(monitor='F1_mean', rule='greater'), 'EarlyStoppingHook'),
    ],
)
def test_monitored_metrics_must_be_reported(hook, setting):
    grouped = list_metric_names(metrics(TWO_HUNDRED, 'MicroActionMetric'))
    check_monitored_metrics([hook], grouped)
    flat = list_metric_names(metrics(FOUR, 'MicroActionMetric'))
    assert sorted(flat) == sorted(FLAT)
    with pytest.raises(ValueError, match=rf"{setting} is 'F1_mean'") as error:
        check_monitored_metrics([hook], flat)
    assert all(name in str(error.value) for name in FLAT)


@pytest.mark.parametrize('save_best', [None, 'auto', 'fine/top1'])
def test_other_choices_are_accepted(save_best):
    hook = SafeCheckpointHook(save_best=save_best, rule='greater')
    check_monitored_metrics([hook], FLAT)
    check_monitored_metrics([SafeCheckpointHook(save_best='anything', rule='greater')], [])


def set_of(tmp_path, name, count):
    path = tmp_path / f'{name}.txt'
    path.write_text(''.join(f'action {i}\n' for i in range(count)))
    return str(path)


def same(path):
    return {f'{loader}_dataloader.dataset.label_set': path for loader in ('train', 'val', 'test')}


@pytest.mark.parametrize('verb', ['train', 'val', 'test'])
def test_a_run_with_another_number_of_classes_stops(tiny_ma52, tmp_path, verb):
    runner = small_runner(tiny_ma52, tmp_path, same(set_of(tmp_path, 'sixty', 60)))
    with pytest.raises(ValueError, match=r'60 actions of the label set sixty.*num_classes=52'):
        getattr(runner, verb)()


def test_a_run_with_two_label_sets_stops(tiny_ma52, tmp_path):
    options = {'val_dataloader.dataset.label_set': set_of(tmp_path, 'others', 52)}
    runner = small_runner(tiny_ma52, tmp_path, options)
    with pytest.raises(ValueError, match=r'train_dataloader .*ma52.*val_dataloader .*others.*same label_set'):
        runner.train()


@pytest.mark.parametrize('where', ['save_best', 'monitor'])
def test_a_run_that_monitors_a_metric_of_groups_stops_without_groups(tiny_ma52, tmp_path, where):
    options = same(set_of(tmp_path, 'flat', 52))
    if where == 'monitor':
        options['default_hooks.checkpoint.save_best'] = 'fine/F1_mean'
        options['custom_hooks'] = [dict(type='EarlyStoppingHook', monitor='F1_mean', rule='greater')]
    runner = small_runner(tiny_ma52, tmp_path, options)
    with pytest.raises(ValueError, match=rf"{where}.* 'F1_mean'.*fine/F1_mean"):
        runner.train()
    assert runner.iter == 0


def test_a_run_with_a_table_of_another_label_set_stops(tiny_ma52, tmp_path):
    options = {**same(set_of(tmp_path, 'many', 60)), 'model.cls_head.num_classes': 60}
    options['default_hooks.checkpoint.save_best'] = 'fine/F1_mean'
    runner = small_runner(tiny_ma52, tmp_path, options)
    with pytest.raises(ValueError, match=r'has 52 rows.*60 classes.*--label-set'):
        runner.train()


def test_a_run_without_label_embeddings_needs_one_line(tiny_ma52, tmp_path):
    options = {**same(set_of(tmp_path, 'many', 60)), 'model.cls_head.num_classes': 60}
    options.update({'model.cls_head.loss_emb': None, 'default_hooks.checkpoint.save_best': 'fine/F1_mean'})
    runner = small_runner(tiny_ma52, tmp_path, options)
    runner.train()
    assert runner.message_hub.get_info('best_ckpt').endswith('best_fine_F1_mean_epoch_1.pth')
    (content,) = [torch.load(path, weights_only=False) for path in tmp_path.glob('best_*.pth')]
    assert len(content['meta']['dataset_meta']['label_set']['actions']) == 60

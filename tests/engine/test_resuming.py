"""A resumed run restores the state of stock hooks and of the schedule, not only the weights."""

import re

import pytest
import torch
from helpers.engine_runs import Clips, make_runner
from mmengine.evaluator import BaseMetric

EMA = dict(type='EMAHook', momentum=0.3)


class Killed(BaseException):
    pass


class ScoreOfEpoch(BaseMetric):
    """Metric that returns a given score for each epoch, and kills the run in the validation of one of them."""

    def __init__(self, scores, killed_in=None):
        super().__init__()
        self.scores, self.killed_in, self.runner = scores, killed_in, None

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        if self.runner.epoch == self.killed_in:
            raise Killed
        return dict(F1_mean=self.scores[self.runner.epoch - 1])


def scored_runner(work_dir, scores, killed_in=None, **kwargs):
    torch.manual_seed(0)  # seed of the initial weights
    metric = ScoreOfEpoch(scores, killed_in)
    loader = dict(dataset=Clips(), batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False))
    runner = make_runner(
        work_dir,
        epochs=len(scores),
        checkpoint=dict(type='SafeCheckpointHook', interval=1, save_best='F1_mean', rule='greater'),
        val_dataloader=dict(**loader, collate_fn=dict(type='pseudo_collate')),
        val_evaluator=[metric],
        val_cfg=dict(),
        resume=True,
        **kwargs,
    )
    metric.runner = runner
    return runner


@pytest.mark.parametrize(
    ('scores', 'options', 'last'),
    [
        ([5, 4, 6, 5, 5, 9, 9], dict(patience=2), 5),
        ([1, 2, 3, 4, 5, 6, 7], dict(patience=2), 7),
        ([5, 1, 1, 1, 1, 9, 9], dict(patience=3), 4),
        ([1, 2, 5, 4, 5, 6, 7], dict(patience=3, stopping_threshold=4.5), 3),
    ],
)
def test_resumed_run_stops_at_the_same_epoch(tmp_path, scores, options, last):
    hook = dict(type='EarlyStoppingHook', monitor='F1_mean', rule='greater', **options)
    whole = scored_runner(tmp_path / 'whole', scores, hooks=[hook])
    whole.train()
    assert whole.epoch == last
    # The run is killed in the validation of every epoch, and started once more after its end.
    for attempt, killed_in in enumerate([*range(1, last + 1), None, None]):
        runner = scored_runner(tmp_path / 'killed', scores, killed_in, hooks=[hook], name=f'killed {attempt}')
        if killed_in:
            with pytest.raises(Killed):
                runner.train()
        else:
            runner.train()
            assert runner.epoch == last


def test_resumed_run_averages_the_same_weights(tmp_path):
    scores = [1, 2, 3, 4]
    scored_runner(tmp_path / 'whole', scores, hooks=[EMA]).train()
    for killed_in in (2, 3, None):
        runner = scored_runner(tmp_path / 'killed', scores, killed_in, hooks=[EMA], name=f'killed {killed_in}')
        if killed_in:
            with pytest.raises(Killed):
                runner.train()
        else:
            runner.train()
    whole, killed = (torch.load(tmp_path / name / 'epoch_4.pth', weights_only=False) for name in ('whole', 'killed'))
    for weights in ('state_dict', 'ema_state_dict'):
        assert all(torch.equal(tensor, killed[weights][name]) for name, tensor in whole[weights].items())
    # A test loads the averaged weights.
    assert not torch.equal(whole['state_dict']['layer.weight'], whole['ema_state_dict']['module.layer.weight'])


def test_learning_rate_stays_constant_after_the_schedule_with_a_warning(tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning', lambda self, text: messages.append(text))
    rates = []
    for epochs, end in ((2, 2), (4, 4)):
        schedule = [dict(type='CosineAnnealingLR', eta_min=0.001, by_epoch=True, begin=0, end=end, T_max=end)]
        options = dict(hooks=['EpochSeedHook'], resume=True, name=f'{epochs}', param_scheduler=schedule)
        runner = make_runner(tmp_path, epochs, **options)
        runner.train()
        rates.append(runner.optim_wrapper.get_lr()['lr'][0])
    # Half way from 0.01 to 0.001, as in epoch 2.
    assert rates == pytest.approx([0.0055, 0.0055])
    [warning] = [text for text in messages if 'schedule' in text]
    assert re.search('epoch 2.* epoch 4', warning)
    assert 'load_from' in warning

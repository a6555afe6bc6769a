"""Training and test runs that take milliseconds."""

import torch
from mmaction.structures import ActionDataSample
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset


class Clips(Dataset):
    """Dataset of four numbers with names of clips."""

    ann_fingerprint = dict(ann_file='train.txt', num_clips=4, sha256='0' * 64)
    metainfo = {}

    def __len__(self):
        return 4

    def __getitem__(self, index):
        sample = ActionDataSample(metainfo=dict(video_id=f'{index}.mp4'))
        return dict(inputs=torch.tensor([float(index)]), data_samples=sample)


class Line(BaseModel):
    """Linear model whose loss is NaN for the numbers in ``broken``."""

    def __init__(self, broken=()):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.broken = broken

    def forward(self, inputs, data_samples, mode):
        inputs = torch.stack(list(inputs))
        if mode == 'predict':
            return data_samples
        loss = self.layer(inputs).square().mean()
        if any(number in self.broken for number in inputs.flatten().tolist()):
            loss = loss * float('nan')
        return dict(loss_cls=loss)


def make_runner(
    work_dir,
    epochs=1,
    broken=(),
    hooks=(),
    dataset=None,
    checkpoint=None,
    name='toy',
    optim_wrapper=None,
    shuffle=False,
    default_scope='mmaction',
    **kwargs,
):
    """Build a runner that trains :class:`Line` on :class:`Clips`."""
    return Runner(
        model=Line(broken),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=dataset or Clips(),
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            collate_fn=dict(type='pseudo_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=optim_wrapper or dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(checkpoint=checkpoint or dict(type='SafeCheckpointHook')),
        custom_hooks=[dict(type=hook) if isinstance(hook, str) else hook for hook in hooks],
        default_scope=default_scope,
        experiment_name=f'{name} {work_dir}',
        log_level='ERROR',
        **kwargs,
    )


class Count(BaseMetric):
    """Metric that counts clips."""

    def process(self, data_batch, data_samples):
        self.results.append(len(data_samples))

    def compute_metrics(self, results):
        return dict(count=sum(results))


def make_test(work_dir, **kwargs):
    """Build a runner that also validates and tests."""
    loader = dict(dataset=Clips(), batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False))
    loader['collate_fn'] = dict(type='pseudo_collate')
    parts = {}
    for split in ('test', 'val'):
        parts |= {f'{split}_dataloader': loader, f'{split}_evaluator': [Count()], f'{split}_cfg': dict()}
    return make_runner(work_dir, **parts, **kwargs)

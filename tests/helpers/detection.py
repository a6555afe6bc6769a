"""Small detectors, and videos with known actions for them."""

import csv

import numpy as np
import torch
import torch.distributed as dist
from mmaction.apis import init_recognizer
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

from helpers.support import ROOT, write_clip
from mmaction_microaction.inference.detector import Detector
from mmaction_microaction.label_sets import MA52

COLUMNS = ('id', 'video_id', 'start_frame', 'end_frame', 'class', 'total_frames', 'fps')


def write_tiny_mma52(root):
    """Write the tables and videos of three splits with three videos each, and two actions a video.

    The actions of the test split are placeholders, as in the challenge.
    """
    for split, frames in (('train', (40, 33, 20)), ('val', (38, 25, 20)), ('test', (30, 25, 22))):
        folder = root / f'videos_{split}'
        folder.mkdir(parents=True)
        rows = []
        for index, count in enumerate(frames):
            name = f'{split}{index:04d}'
            write_clip(folder / f'{name}.mp4', num_frames=count, seed=index)
            if split == 'test':
                rows.append((len(rows), name, 0, 20, index + 1, count, 30.0))
                continue
            rows.append((len(rows), name, 0, count // 2, 8, count, 30.0))
            rows.append((len(rows), name, 5, count - 1, 24 + index, count, 30.0))
        with open(root / f'{split}.csv', 'w', encoding='utf-8', newline='') as file:
            csv.writer(file, lineterminator='\n').writerows([COLUMNS, *rows])
    return root


def build_detector(in_channels=8, num_classes=3, backbone=None, seed=0, **kwargs):
    """Build a small detector."""
    torch.manual_seed(seed)
    head = kwargs.pop('head', {})
    neck = kwargs.pop('neck', {})
    return MODELS.build(
        dict(
            type='MicroActionDetector',
            backbone=backbone,
            neck=dict(dict(type='TemporalPyramid', in_channels=in_channels, channels=16, window_size=9), **neck),
            head=dict(dict(type='PyramidDetectionHead', in_channels=16, channels=16, num_classes=num_classes), **head),
            **kwargs,
        )
    )


def make_sample(num_steps, segments=((0, 1),), labels=(0,), rate=7.5, **metainfo):
    """Return a sample with true actions in seconds, for a video of a number of steps."""
    sample = ActionDataSample()
    sample.set_metainfo(dict(video_id='video', duration=num_steps / rate, steps_per_second=rate, **metainfo))
    sample.set_field(torch.tensor(segments, dtype=torch.float32).reshape(-1, 2), 'gt_segments')
    sample.set_field(torch.tensor(labels, dtype=torch.int64), 'gt_labels')
    return sample


def make_videos(count, num_classes, rate=7.5, seed=0, channels=16):
    """Make feature sequences with the label structure of MMA-52: overlapping actions of different lengths.

    Each action adds the fixed random vector of its class to the steps that it covers, and there is noise everywhere.

    Returns:
        list[tuple[torch.Tensor, ActionDataSample]]: Features of shape (T, channels), and samples with the true actions.
    """
    vectors = np.random.default_rng(99).normal(size=(num_classes, channels))
    rng = np.random.default_rng(seed)
    videos = []
    for _ in range(count):
        num_steps = int(rng.integers(40, 110))
        duration = num_steps / rate
        features = rng.normal(size=(num_steps, channels))
        segments, labels = [], []
        for label in rng.permutation(num_classes)[: rng.integers(1, 4)]:
            length = rng.choice([1.2, 2.5, 0.7 * duration])
            start = rng.uniform(-length / 4, duration - 0.75 * length)
            segments.append([max(start, 0), min(start + length, duration)])
            labels.append(int(label))
            middle = (np.arange(num_steps) + 0.5) / rate
            features[(middle >= segments[-1][0]) & (middle < segments[-1][1])] += 2 * vectors[label]
        sample = make_sample(num_steps, segments, labels, rate)
        videos.append((torch.from_numpy(features).float(), sample))
    return videos


def compute_gradients(videos):
    """Return the gradients of a small detector for a batch of :func:`make_videos`."""
    detector = build_detector(16, 4, neck=dict(drop_path=0)).double()
    features, samples = zip(*videos)
    sum(detector.loss([f.double() for f in features], list(samples)).values()).backward()
    return [p.grad for p in detector.parameters()]


def compute_mean_gradients(rank, path, folder):
    """Compute the gradients of one of two processes, average them as DistributedDataParallel does, and save them."""
    init_default_scope('mmaction')
    dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=2)
    videos = make_videos(4, 4)
    gradients = compute_gradients(videos[:1] if rank == 0 else videos[1:])  # shares of different sizes
    for gradient in gradients:
        dist.all_reduce(gradient)
        gradient /= 2
    if rank == 0:
        torch.save(gradients, path)
    dist.barrier()
    dist.destroy_process_group()


def write_detector(
    folder, label_set=None, num_classes=52, name='detector', features=False, std=0.3, whole_pyramid=False
):
    """Write a config and a checkpoint of a small detector of frames or of stored features, and return their paths.

    Its pyramid has three levels or, if it is whole, six, whose detections are more varied in length.
    """
    from helpers.networks import resnet18_width  # not above: MMAction2's models need the package before them

    config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
    base = 'manet_r50_pyramid_mma52' if features else 'manet_r18_e2e_mma52'
    levels = '' if whole_pyramid else ', num_levels=3, num_stem_layers=1'
    ranges = '' if whole_pyramid else ', regression_ranges=[[0, 4], [4, 8], [8, 1e6]]'
    width = '' if features else f'in_channels={resnet18_width()}, '
    backbone = '' if features else 'backbone=dict(pretrained=None), test_cfg=dict(max_per_video=50), '
    config.write_text(
        f'_base_ = {str(ROOT / f"configs/mma52/{base}.py")!r}\n'
        f'model = dict({backbone}neck=dict({width}channels=16, window_size=9{levels}), '
        f'head=dict(in_channels=16, channels=16, num_classes={num_classes}{ranges}))\n'
    )
    content = Config.fromfile(config)
    for step in content.test_dataloader.dataset.pipeline:
        if 'crop_size' in step:
            step.crop_size = 32
        if 'scale' in step:
            step.scale = (-1, 40)
    content.dump(config)
    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(config), device='cpu')
    torch.nn.init.normal_(model.head.fc_cls.weight, std=std)  # large values give high scores
    saved = dict(state_dict=model.state_dict(), meta=dict(epoch=1, dataset_meta={}))
    if label_set is not None:
        saved['meta']['dataset_meta'] = dict(label_set=label_set.to_dict(), classes=label_set.names)
    save_checkpoint(saved, str(checkpoint))
    return config, checkpoint


class BarDetector(Detector):
    """Detector of bright bars: each column of a frame that is white belongs to one action.

    A frame has a column for each label. An action lasts as long as its column is white.
    """

    pipeline = (
        dict(type='DecordInit'),
        dict(type='SampleFramesAtRate', rate=10),
        dict(type='DecordDecode'),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackDetectionInputs'),
    )
    label_set, crop = MA52, 'auto'
    max_frames, feature_stride, test_cfg = None, 1, dict(max_per_video=200)

    def __init__(self):
        self.lengths = []

    def _points(self, frames):
        self.lengths.append(len(frames))
        white = frames[:, 0].float().mean(dim=1).numpy() > 127  # (T, labels)
        scores, segments = [], []
        for label, column in enumerate(white.T):
            edges = np.flatnonzero(np.diff(np.concatenate([[False], column, [False]]).astype(int)))
            for start, stop in zip(edges[::2], edges[1::2]):
                scores.append(np.eye(len(self.label_set))[label] * 0.9)
                segments.append([[start - 0.5, stop - 0.5]])
        return np.array(scores).reshape(-1, len(self.label_set)), np.array(segments, float).reshape(-1, 1, 2)


def draw_bars(actions, time, num_labels, height=4):
    """Return a frame in which the columns of the actions that happen at a time are white.

    Args:
        actions (Sequence[tuple]): Start, end and label of each action.
        time (float): Time in seconds.
        num_labels (int): Width of the frame.
        height (int): Height of the frame.
    """
    image = np.zeros((height, num_labels, 3), np.uint8)
    for start, end, label in actions:
        if start <= time < end:
            image[:, label] = 255
    return image

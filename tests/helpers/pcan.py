"""The authors' released PCAN: names of its tensors in this project, and values that follow from the released names."""

import ast

import torch
import torch.distributed as dist
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch.nn.parallel import DistributedDataParallel

from helpers.support import released_values
from mmaction_microaction.models.pcan_checkpoint import to_our_name

RELEASED = dict(
    rectify_pool='avg', rectify_untrained=True, loss_diversity=dict(type='PrototypeDiversityLoss', has_gradient=False)
)
"""Options of ``PCANHead`` that restore the behaviour of the release."""

FACTORS = [
    (lambda name: name.endswith('conv3.bn.weight'), 0.2),
    (lambda name: 'featuredifference' in name and name.endswith(('conv1.weight', 'conv2.weight')), 0.05),
    (lambda name: name.startswith('cls_head.fc_') and name.endswith('weight'), 0.1),
]
"""Factors of the reference's README, which keep the scores of order 1."""

COARSE_PROTOTYPES = {f'cls_head.fr_coarse_{branch}.spatio_cl_net.avg_f': (128, 7) for branch in ('rgb', 'pose')}
"""Names and shapes of the prototypes that no released checkpoint contains."""


def released_tensor(name, shape):
    """Return the values of a tensor of the released PCAN, in float32."""
    values = torch.from_numpy(released_values(name, shape))
    for applies, factor in FACTORS:
        if applies(name):
            values = values * factor
    return values.float()


def released_state(reference):
    """Return the tensors of a reference file by released name, in float32, without the counters of batch norms."""
    return {
        str(name): released_tensor(str(name), ast.literal_eval(str(shape)))
        for name, shape in zip(reference['state_names'], reference['state_shapes'])
    }


def our_state(state):
    """Return released tensors and the prototypes that releases lack by the names and in the layout of this project."""
    state = {**state, **{name: released_tensor(name, shape) for name, shape in COARSE_PROTOTYPES.items()}}
    return {to_our_name(name): tensor.T if name.endswith('avg_f') else tensor for name, tensor in state.items()}


def build_backbone(**options):
    """Build the backbone of ``configs/pose``."""
    rgb = dict(
        num_stages=4,
        lateral=True,
        lateral_infl=1,
        lateral_activate=(0, 0, 1, 1),
        fusion_kernel=7,
        base_channels=64,
        conv1_kernel=(1, 7, 7),
        inflate=(0, 0, 1, 1),
        with_pool2=False,
    )
    pose = dict(
        num_stages=3,
        stage_blocks=(4, 6, 3),
        lateral=True,
        lateral_inv=True,
        lateral_infl=16,
        lateral_activate=(0, 1, 1),
        fusion_kernel=7,
        in_channels=28,
        base_channels=32,
        out_indices=(2,),
        conv1_kernel=(1, 7, 7),
        conv1_stride_s=1,
        conv1_stride_t=1,
        pool1_stride_s=1,
        pool1_stride_t=1,
        inflate=(0, 1, 1),
        spatial_strides=(2, 2, 2),
        temporal_strides=(1, 1, 1),
        dilations=(1, 1, 1),
        with_pool2=False,
    )
    return dict(type='PCANBackbone', rgb_pathway=rgb, pose_pathway=pose, **options)


def load(module, state, prefix=''):
    """Load tensors by name. Only the counters that no release contains may be missing."""
    state = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    report = module.load_state_dict(state, strict=False)
    assert report.unexpected_keys == []
    assert [key for key in report.missing_keys if not key.endswith(('num_batches_tracked', 'num_updates'))] == []
    return module.double()


def build_head(**options):
    return MODELS.build(dict(type='PCANHead', **options))


def small_head(**options):
    """Build a head of few channels, whose classifiers predict different classes, with the same weights every time."""
    torch.manual_seed(0)
    head = build_head(in_channels=(12, 10), prototype_dims=(8, 6), dropout=0, **options)
    for name, parameter in head.named_parameters():
        if 'fc_' in name:
            torch.nn.init.normal_(parameter)
    return head


def draw_features(num_clips, dtype=torch.float32):
    """Return features of both branches, with 2 RGB frames and 8 pose frames of 3 x 3 pixels."""
    generator = torch.Generator().manual_seed(0)
    shapes = (num_clips, 12, 2, 3, 3), (num_clips, 10, 8, 3, 3)
    return tuple(torch.randn(shape, generator=generator, dtype=dtype).relu() for shape in shapes)


class TotalLoss(torch.nn.Module):
    """Sum of the loss terms of a head, for ``DistributedDataParallel``."""

    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, feats, samples):
        return sum(value for name, value in self.head.loss(feats, samples).items() if 'loss' in name)


def compute_step(part, wrap=lambda module: module):
    """Compute buffers and gradients of a head after a step with a part of a batch, in float64.

    The labels are such that half of the samples are true positives, some of them of the same class.
    """
    model = wrap(TotalLoss(small_head().double()))
    head = getattr(model, 'module', model).head
    feats = draw_features(16, torch.float64)
    with torch.no_grad():
        scores = head.classify(feats)
        # All samples are predicted correctly at the coarse level by the RGB branch.
        labels = scores['rgb'].argmax(dim=1)
        labels[::2] = (labels[::2] + 1) % 52
        labels[3], labels[9] = labels[1], labels[1]
    samples = [ActionDataSample().set_gt_label(int(label)) for label in labels]
    model(tuple(features[part] for features in feats), samples[part]).backward()
    return {
        'buffers': {name: buffer.clone() for name, buffer in head.named_buffers()},
        'gradients': {name: parameter.grad for name, parameter in head.named_parameters()},
    }


def compute_half_batch(rank, folder):
    """Compute a step of one of two processes with half of the batch each."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    torch.save(compute_step(slice(8 * rank, 8 * rank + 8), DistributedDataParallel), f'{folder}/rank{rank}.pth')
    dist.destroy_process_group()

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine import dist
from mmengine.model import BaseModule, bias_init_with_prob

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.necks.temporal_pyramid import ChannelNorm, MaskedConv
from mmaction_microaction.utils.precision import at_least_float32

_REGRESSION_RANGES = ((0, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, float('inf')))


class Points(NamedTuple):
    """The P points of a pyramid, level after level."""

    position: torch.Tensor
    """Step of the input that a point is centred on, shape (P,)."""
    stride: torch.Tensor
    """Steps between two points of the same level, shape (P,)."""
    smallest: torch.Tensor
    """Smallest distance in steps from a point to the farther end of its action, shape (P,)."""
    largest: torch.Tensor
    """Smallest distance that is too large, shape (P,)."""


class Targets(NamedTuple):
    """What the P points of a video should predict. K is the number of boundaries per point, 1 or C."""

    classes: torch.Tensor
    """1 for the classes that a point should detect, shape (P, C)."""
    distances: torch.Tensor
    """Distances in steps to start and end of the action, shape (P, K, 2). They are zero where ``positive`` is false."""
    positive: torch.Tensor
    """Whether a boundary belongs to an action, shape (P, K)."""


@MODELS.register_module()
class PyramidDetectionHead(BaseModule):
    """Head that detects actions at every point of a pyramid: one sigmoid per class, and distances to start and end.

    The head follows ActionFormer (Zhang et al., ECCV 2022, section 3.3). Two branches of convolutions, shared by all
    levels, predict a logit for each class and the distances from the point to the start and the end of the action, in
    strides of the level. Distances pass through a softplus, instead of ActionFormer's ReLU, so that a distance of zero
    has a gradient.

    A point is positive for an action if it lies in the action, within ``center_radius`` strides of its centre, and if
    its distance to the farther end is in the range of the level. Of several actions at a point, the shortest one is the
    target: its boundaries, and its class. Classes whose lengths differ by less than 0.001 steps share the point.

    With ``per_class_boundaries``, the head predicts a pair of distances for each class, and a point detects the
    shortest action of every class. This is the cure that ActionFormer's authors name for multi-label data.

    Positions and distances are in steps. Step t of the features has the position t, and covers t - 0.5 to t + 0.5.

    Args:
        in_channels (int): Number of channels of the pyramid.
        num_classes (int): Number of classes C. Defaults to the number of actions of MA-52.
        channels (int): Number of channels of the branches. Defaults to 256.
        num_convs (int): Number of convolutions of a branch before its output. Defaults to 2.
        regression_ranges (Sequence[tuple[float, float]]): For each level, the smallest distance in steps from a point
            to the farther end of its action, and the smallest distance that is too large. Defaults to ActionFormer's
            for six levels: 0 to 4, then doubled at each level, and no upper limit at the last.
        center_radius (float): Largest distance of a positive point from the centre of its action, in strides. Defaults
            to 1.5.
        per_class_boundaries (bool): Whether every class has its own distances. Defaults to False.
        prior (float): Probability that every class is predicted with at the beginning of training. Defaults to 0.01.
        loss_cls (dict): Config of the loss of the classes. Defaults to ``dict(type='SigmoidFocalLoss')``.
        loss_segment (dict): Config of the loss of the distances. Defaults to ``dict(type='SegmentDIoULoss')``.
        init_cfg (dict, optional): Config of the initialisation. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int = len(MA52),
        channels: int = 256,
        num_convs: int = 2,
        regression_ranges: Sequence[tuple[float, float]] = _REGRESSION_RANGES,
        center_radius: float = 1.5,
        per_class_boundaries: bool = False,
        prior: float = 0.01,
        loss_cls: dict = dict(type='SigmoidFocalLoss'),
        loss_segment: dict = dict(type='SegmentDIoULoss'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_classes, self.prior = num_classes, prior
        self.regression_ranges = [tuple(map(float, limits)) for limits in regression_ranges]
        self.center_radius = center_radius
        self.num_boundaries = num_classes if per_class_boundaries else 1
        sizes = [in_channels] + [channels] * num_convs
        self.cls_convs, self.segment_convs = (
            nn.ModuleList([MaskedConv(a, b, 3, bias=False) for a, b in pairwise(sizes)]) for _ in range(2)
        )
        self.cls_norms, self.segment_norms = (
            nn.ModuleList([ChannelNorm(channels) for _ in range(num_convs)]) for _ in range(2)
        )
        self.fc_cls = MaskedConv(sizes[-1], num_classes, 3)
        self.fc_segment = MaskedConv(sizes[-1], 2 * self.num_boundaries, 3)
        self.scales = nn.Parameter(torch.ones(len(self.regression_ranges)))
        self.loss_cls, self.loss_segment = MODELS.build(loss_cls), MODELS.build(loss_segment)
        nn.init.constant_(self.fc_cls.bias, bias_init_with_prob(prior))

    def init_weights(self) -> None:
        """Initialise the branches, such that every class starts with the probability ``prior``."""
        super().init_weights()
        nn.init.normal_(self.fc_cls.weight, std=0.01)
        nn.init.constant_(self.fc_cls.bias, bias_init_with_prob(self.prior))

    def forward(
        self, levels: list[torch.Tensor], masks: list[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Predict classes and distances at every point.

        Args:
            levels (list[torch.Tensor]): Sequences of the pyramid, each of shape (N, C', T_l).
            masks (list[torch.Tensor]): Booleans that are false after the end of a video, each of shape (N, 1, T_l).

        Returns:
            tuple[torch.Tensor, torch.Tensor, torch.Tensor]: Logits of the classes, shape (N, P, C), distances to start
            and end in steps, shape (N, P, K, 2), and the mask of the points, shape (N, P), for P points. All but the
            mask are float32 or higher.

        Raises:
            ValueError: If the pyramid has another number of levels than ``regression_ranges``.
        """
        if len(levels) != len(self.regression_ranges):
            raise ValueError(
                f'the pyramid has {len(levels)} levels, but regression_ranges of the head has '
                f'{len(self.regression_ranges)}: set as many ranges as num_levels of the neck'
            )
        logits, distances = [], []
        for index, (level, mask) in enumerate(zip(levels, masks)):
            features = self._run_branch(self.cls_convs, self.cls_norms, level, mask)
            logits.append(at_least_float32(self.fc_cls(features, mask)).transpose(1, 2))
            features = self._run_branch(self.segment_convs, self.segment_norms, level, mask)
            raw = at_least_float32(self.fc_segment(features, mask)) * self.scales[index]
            in_strides = F.softplus(raw).unflatten(1, (self.num_boundaries, 2)).permute(0, 3, 1, 2)
            distances.append(in_strides * 2**index)
        return torch.cat(logits, dim=1), torch.cat(distances, dim=1), torch.cat(masks, dim=2).squeeze(1)

    @staticmethod
    def _run_branch(convs: nn.ModuleList, norms: nn.ModuleList, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Run the convolutions of a branch on a level."""
        for conv, norm in zip(convs, norms):
            x = F.relu(norm(conv(x, mask))) * mask.to(x.dtype)
        return x

    def get_points(self, num_steps: int, device: torch.device | str = 'cpu') -> Points:
        """Return the points of a pyramid.

        Args:
            num_steps (int): Number of steps of the features, which is that of the first level.
            device (torch.device | str): Device of the tensors. Defaults to ``'cpu'``.

        Returns:
            Points: The points of all levels.
        """
        levels = []
        for index, limits in enumerate(self.regression_ranges):
            position = torch.arange(0, num_steps, 2**index, device=device, dtype=torch.float32)
            levels.append([position, *(torch.full_like(position, value) for value in (2**index, *limits))])
        return Points(*map(torch.cat, zip(*levels)))

    @torch.no_grad()
    def get_targets(self, points: Points, segments: torch.Tensor, labels: torch.Tensor) -> Targets:
        """Assign the actions of a video to the points.

        Args:
            points (Points): Points of the pyramid.
            segments (torch.Tensor): Starts and ends of the actions in steps, shape (M, 2).
            labels (torch.Tensor): Classes of the actions, shape (M,).

        Returns:
            Targets: The targets of the points.
        """
        position = points.position[:, None]
        distances = torch.stack([position - segments[:, 0], segments[:, 1] - position], dim=-1)
        farther, nearer = distances.max(dim=-1).values, distances.min(dim=-1).values
        from_center = (position - segments.mean(dim=1)).abs()
        candidate = (
            (nearer >= 0)
            & (farther >= points.smallest[:, None])
            & (farther < points.largest[:, None])
            & (from_center <= self.center_radius * points.stride[:, None])
        )
        num_points, per_class = len(position), self.num_boundaries > 1
        classes = segments.new_zeros(num_points, self.num_classes)
        target = segments.new_zeros(num_points, self.num_boundaries, 2)
        positive = torch.zeros(target.shape[:2], dtype=torch.bool, device=segments.device)
        if not len(segments):
            return Targets(classes, target, positive)
        lengths = (segments[:, 1] - segments[:, 0]).expand_as(farther).masked_fill(~candidate, float('inf'))
        for label in labels.unique().tolist() if per_class else [None]:
            same = torch.ones_like(labels, dtype=torch.bool) if label is None else labels == label
            actions = same.nonzero().flatten()
            own = lengths[:, actions]
            shortest, index = own.min(dim=1)
            found = shortest.isfinite()
            column = label or 0
            target[found, column] = distances[found, actions[index[found]]]
            positive[found, column] = True
            matched = (own <= shortest[:, None] + 1e-3) & found[:, None]
            point, action = matched.nonzero(as_tuple=True)
            classes[point, labels[actions[action]]] = 1
        return Targets(classes, target, positive)

    def loss(
        self,
        levels: list[torch.Tensor],
        masks: list[torch.Tensor],
        segments: list[torch.Tensor],
        labels: list[torch.Tensor],
    ) -> dict[str, torch.Tensor]:
        """Compute the losses, divided by the mean number of positive boundaries of a process.

        Args:
            levels (list[torch.Tensor]): Sequences of the pyramid, each of shape (N, C', T_l).
            masks (list[torch.Tensor]): Booleans that are false after the end of a video, each of shape (N, 1, T_l).
            segments (list[torch.Tensor]): Starts and ends of the actions of each video in steps, shape (M, 2).
            labels (list[torch.Tensor]): Classes of the actions of each video, shape (M,).

        Returns:
            dict[str, torch.Tensor]: ``loss_cls`` and ``loss_segment``, each of shape ().

        Raises:
            ValueError: If a label is not one of the classes.
        """
        largest = max((int(video.max()) for video in labels if len(video)), default=0)
        if largest >= self.num_classes:
            raise ValueError(
                f'an action has the label {largest}, but num_classes of the head is {self.num_classes}: set it to the '
                'number of actions of the label set'
            )
        logits, distances, valid = self(levels, masks)
        points = self.get_points(masks[0].size(-1), logits.device)
        videos = [self.get_targets(points, *video) for video in zip(segments, labels)]
        targets = Targets(*map(torch.stack, zip(*videos)))
        positive = targets.positive & valid.unsqueeze(-1)
        count = positive.sum().to(logits)
        dist.all_reduce(count, 'mean')  # so that gradients of several processes add up to those of the whole batch
        count = count.clamp(min=1)
        return dict(
            loss_cls=self.loss_cls(logits[valid], targets.classes[valid]) / count,
            loss_segment=self.loss_segment(distances[positive], targets.distances[positive]) / count,
        )

    def predict(
        self, levels: list[torch.Tensor], masks: list[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Predict a score for each class, and starts and ends, at every point.

        Args:
            levels (list[torch.Tensor]): Sequences of the pyramid, each of shape (N, C', T_l).
            masks (list[torch.Tensor]): Booleans that are false after the end of a video, each of shape (N, 1, T_l).

        Returns:
            tuple[torch.Tensor, torch.Tensor, torch.Tensor]: Scores of the classes, shape (N, P, C), starts and ends in
            steps, shape (N, P, K, 2), and the mask of the points, shape (N, P). K is 1, or C with boundaries per class.
        """
        logits, distances, valid = self(levels, masks)
        strides = 2 ** torch.arange(len(levels), device=logits.device)
        position = torch.cat(
            [torch.arange(level.size(-1), device=logits.device) * s for level, s in zip(levels, strides)]
        )
        position = position.to(distances.dtype)[:, None]
        segments = torch.stack([position - distances[..., 0], position + distances[..., 1]], dim=-1)
        return logits.sigmoid(), segments, valid

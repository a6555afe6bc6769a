from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model.weight_init import normal_init

from mmaction_microaction.label_sets import MA52, get_label_set
from mmaction_microaction.models.losses.prototype_calibration_loss import split_samples
from mmaction_microaction.utils.precision import at_least_float32

from .class_prototypes import ClassPrototypes
from .rgbpose_fusion_head import RGBPoseFusionHead

COARSE = '_coarse'
"""Ending of the names of scores and losses of the coarse level."""


@MODELS.register_module()
class PCANHead(RGBPoseFusionHead):
    r"""Head of PCAN (Li et al., "Prototypical Calibrating Ambiguous Samples for Micro-Action Recognition", AAAI 2025).

    Each of the two branches, RGB and pose, has a classifier of the actions, a classifier of their groups such as body
    parts, and prototypes of both. The training loss of a branch is the sum of

    - ``loss_cls`` and ``loss_cls_coarse``, the cross-entropies of the classifiers,
    - ``loss_proto`` and ``loss_proto_coarse``, see :class:`.PrototypeCalibrationLoss`,
    - ``loss_diversity``, see :class:`.PrototypeDiversityLoss`,
    - ``loss_hierarchy``, see :class:`.LabelTreeLoss`.

    A prediction is the classifier's logits plus a multiple of the cosines between features and prototypes of the
    actions. The probabilities of the branches are averaged, see :class:`.RGBPoseFusionHead`. Predictions need no
    labels. ``None`` switches a loss off, and its layers with it. Prototypes and their losses are computed in float32 or
    higher, also under automatic mixed precision.

    Where the defaults deviate from the released code, an option restores it: ``rectify_pool='avg'``,
    ``rectify_untrained=True`` and ``loss_diversity=dict(type='PrototypeDiversityLoss', has_gradient=False)``.
    ``configs/pose/README.md`` has the reasons.

    Args:
        num_classes (int): Number of classes, the number of actions of the label set. Defaults to MA-52's.
        in_channels (Sequence[int]): Numbers of channels of the RGB features and of the pose features. Defaults to
            ``(2048, 512)``.
        label_set (str | Path | dict, optional): Label set whose groups are the coarse level, see
            :func:`.get_label_set`. Defaults to None: the label set of MA-52.
        coarse (bool): Whether there are classifiers and prototypes of the groups. Defaults to True.
        prototype_dims (Sequence[int]): Numbers of dimensions of the prototypes of actions and of groups. Defaults to
            ``(256, 128)``.
        momentum (float): Momentum of the prototypes. Defaults to 0.9.
        loss_prototypes (dict, optional): Config of the loss of the prototypes of both levels. ``None`` removes the
            prototypes. Defaults to ``dict(type='PrototypeCalibrationLoss')``.
        loss_diversity (dict, optional): Config of the diversity loss of the actions' prototypes. Defaults to
            ``dict(type='PrototypeDiversityLoss')``.
        loss_hierarchy (dict, optional): Config of the loss of both levels together. Defaults to
            ``dict(type='LabelTreeLoss')``.
        rectification (Sequence[float]): Factors of the cosines in the predictions of the RGB branch and of the pose
            branch. Defaults to ``(5.0, 1.0)``, as in the released code.
        rectify_pool (Literal['max', 'avg']): How the features are pooled that are compared with the prototypes in
            predictions: ``'max'`` as in training, or ``'avg'`` as in the released code. Defaults to ``'max'``.
        rectify_untrained (bool): Whether prototypes of classes without any true positive in training take part in
            predictions. They are random. Defaults to False.
        **kwargs: Arguments of :class:`.RGBPoseFusionHead`.

    Raises:
        ValueError: If the label set has another number of actions, or no groups although ``coarse`` is True, or an
            option contradicts another one.
    """

    def __init__(
        self,
        num_classes: int = len(MA52),
        in_channels: Sequence[int] = (2048, 512),
        label_set: str | Path | dict | None = None,
        coarse: bool = True,
        prototype_dims: Sequence[int] = (256, 128),
        momentum: float = 0.9,
        loss_prototypes: dict | None = dict(type='PrototypeCalibrationLoss'),
        loss_diversity: dict | None = dict(type='PrototypeDiversityLoss'),
        loss_hierarchy: dict | None = dict(type='LabelTreeLoss'),
        rectification: Sequence[float] = (5.0, 1.0),
        rectify_pool: Literal['max', 'avg'] = 'max',
        rectify_untrained: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, **kwargs)
        label_set = get_label_set(label_set)
        if len(label_set) != num_classes:
            raise ValueError(
                f'the label set {label_set.name} has {len(label_set)} actions, but num_classes is {num_classes}: set '
                'cls_head.label_set to the label set of the dataset'
            )
        if coarse and not label_set.has_groups:
            raise ValueError(
                f'the label set {label_set.name} has no groups: set cls_head.coarse=False loss_hierarchy=None'
            )
        if loss_hierarchy is not None and not coarse:
            raise ValueError(
                'the hierarchy loss needs the classifiers of the groups: set coarse=True or loss_hierarchy=None'
            )
        if rectify_pool not in ('max', 'avg'):
            raise ValueError(f"rectify_pool must be 'max' or 'avg', got {rectify_pool!r}")
        self.coarse = coarse
        self.rectification = tuple(rectification)
        self.rectify_pool = rectify_pool
        self.loss_prototypes, self.loss_diversity, self.loss_hierarchy = (
            None if loss is None else MODELS.build(loss) for loss in (loss_prototypes, loss_diversity, loss_hierarchy)
        )
        # Derived from the label set, and therefore not in checkpoints.
        self.register_buffer('fine_to_coarse', torch.tensor(label_set.fine_to_coarse), persistent=False)
        num_groups = len(label_set.groups)
        channels = dict(zip(self.BRANCHES, in_channels))
        if coarse:
            self.fc_rgb_coarse, self.fc_pose_coarse = (nn.Linear(channels[name], num_groups) for name in self.BRANCHES)
        self.prototypes = nn.ModuleDict()
        if loss_prototypes is None:
            return
        for branch in self.BRANCHES:
            self.prototypes[branch] = ClassPrototypes(
                num_classes, channels[branch], prototype_dims[0], momentum, rectify_untrained
            )
            if coarse:
                self.prototypes[branch + COARSE] = ClassPrototypes(
                    num_groups, channels[branch], prototype_dims[1], momentum, rectify_untrained
                )

    def init_weights(self) -> None:
        """Initialise the classifiers as RGBPoseHead does. The projections keep PyTorch's initialisation."""
        super().init_weights()
        if self.coarse:
            normal_init(self.fc_rgb_coarse, std=self.init_std)
            normal_init(self.fc_pose_coarse, std=self.init_std)

    def forward(self, feats: tuple[torch.Tensor, torch.Tensor], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Compute the logits of the prediction.

        Args:
            feats (tuple[torch.Tensor, torch.Tensor]): RGB and pose features, shapes (N, C, T, H, W).

        Returns:
            dict[str, torch.Tensor]: Rectified logits of the actions by branch, ``rgb`` and ``pose``, shape
            (N, num_classes), and logits of the groups, ``rgb_coarse`` and ``pose_coarse``, shape (N, groups).
        """
        scores = self.classify(feats)
        if not self.prototypes:
            return scores
        for branch, features, factor in zip(self.BRANCHES, feats, self.rectification):
            with torch.autocast(features.device.type, enabled=False):
                pool = _pool_maximum if self.rectify_pool == 'max' else _pool_mean
                pooled = pool(at_least_float32(features))
                scores[branch] = at_least_float32(scores[branch]) + factor * self.prototypes[branch](pooled)
        return scores

    def classify(self, feats: tuple[torch.Tensor, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Compute the logits of the classifiers, without prototypes.

        Args:
            feats (tuple[torch.Tensor, torch.Tensor]): RGB and pose features, shapes (N, C, T, H, W).

        Returns:
            dict[str, torch.Tensor]: Logits, see :meth:`forward`.
        """
        scores = {}
        for branch, features in zip(self.BRANCHES, feats):
            # Both levels share one dropout, so that they see the same features.
            pooled = getattr(self, f'dropout_{branch}')(_pool_mean(features))
            scores[branch] = getattr(self, f'fc_{branch}')(pooled)
            if self.coarse:
                scores[branch + COARSE] = getattr(self, f'fc_{branch}{COARSE}')(pooled)
        return scores

    def loss(
        self, feats: tuple[torch.Tensor, torch.Tensor], data_samples: list[ActionDataSample], **kwargs: Any
    ) -> dict[str, torch.Tensor]:
        """Compute the loss terms, and update the prototypes.

        Args:
            feats (tuple[torch.Tensor, torch.Tensor]): RGB and pose features, shapes (N, C, T, H, W).
            data_samples (list[ActionDataSample]): Samples whose ``gt_label`` is a class index.

        Returns:
            dict[str, torch.Tensor]: Terms of each branch, and the top-k accuracies of the classifiers.

        Raises:
            ValueError: If labels are blended.
        """
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(feats[0].device)
        if labels.size(1) != 1:
            raise ValueError('PCAN needs a class index per clip: remove the blending from the data preprocessor')
        labels = labels.squeeze(1)
        scores = self.classify(feats)
        losses = self.loss_by_feat(scores, data_samples)
        for branch, features, weight in zip(self.BRANCHES, feats, self.loss_weights):
            # Cosines and moving averages need more digits than bfloat16 and float16 have.
            with torch.autocast(features.device.type, enabled=False):
                terms = self._branch_losses(branch, features, scores, labels)
            losses.update({f'{branch}_{name}': weight * value for name, value in terms.items()})
        return losses

    def _branch_losses(
        self, branch: str, features: torch.Tensor, scores: dict[str, torch.Tensor], labels: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Compute the terms of a branch besides the cross-entropy of the actions."""
        fine, losses, coarse_correct = at_least_float32(scores[branch]), {}, None
        if self.coarse:
            coarse, coarse_labels = at_least_float32(scores[branch + COARSE]), self.fine_to_coarse[labels]
            losses[f'loss_cls{COARSE}'] = F.cross_entropy(coarse, coarse_labels)
            coarse_correct = coarse.argmax(dim=1) == coarse_labels
            if self.loss_hierarchy is not None:
                losses['loss_hierarchy'] = self.loss_hierarchy(fine, coarse, labels, self.fine_to_coarse)
        if not self.prototypes:
            return losses
        pooled = _pool_maximum(at_least_float32(features))
        losses['loss_proto'], prototypes = self._prototype_loss(branch, pooled, fine, labels, coarse_correct)
        if self.loss_diversity is not None:
            losses['loss_diversity'] = self.loss_diversity(prototypes)
        if self.coarse:
            losses[f'loss_proto{COARSE}'], _ = self._prototype_loss(branch + COARSE, pooled, coarse, coarse_labels)
        return losses

    def _prototype_loss(
        self,
        name: str,
        pooled: torch.Tensor,
        scores: torch.Tensor,
        labels: torch.Tensor,
        coarse_correct: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Update the prototypes of a branch and level, and return their loss and the updated prototypes."""
        embeddings = self.prototypes[name].projection(pooled)
        sets = split_samples(labels, scores.argmax(dim=1), scores.size(1), coarse_correct)
        batch = self.prototypes[name].update(embeddings, sets)
        return self.loss_prototypes(embeddings, *batch, scores, labels), batch.prototypes

    def predict_by_feat(
        self, cls_scores: dict[str, torch.Tensor], data_samples: list[ActionDataSample]
    ) -> list[ActionDataSample]:
        """Store the predictions in the samples.

        Args:
            cls_scores (dict[str, torch.Tensor]): Logits of :meth:`forward`.
            data_samples (list[ActionDataSample]): The N samples.

        Returns:
            list[ActionDataSample]: The samples, with ``pred_score``, shape (num_classes,), ``pred_label``, and
            ``coarse_score``, shape (groups,), the probabilities of the separate classifiers of the groups.
        """
        super().predict_by_feat(cls_scores, data_samples)
        if self.coarse:
            for sample, scores in zip(data_samples, self.fuse(cls_scores, data_samples, COARSE)):
                sample.set_field(scores, 'coarse_score')
        return data_samples


def _pool_mean(features: torch.Tensor) -> torch.Tensor:
    """Average over frames and pixels: (N, C, T, H, W) to (N, C)."""
    return features.mean(dim=(2, 3, 4))


def _pool_maximum(features: torch.Tensor) -> torch.Tensor:
    """Average over the frames, and take the maximum over the pixels: (N, C, T, H, W) to (N, C)."""
    return F.adaptive_max_pool2d(features.mean(dim=2), 1).flatten(1)

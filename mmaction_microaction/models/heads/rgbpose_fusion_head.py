from collections.abc import Sequence
from typing import Any

import torch
from mmaction.models.heads import RGBPoseHead
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.utils.precision import at_least_float32


@MODELS.register_module()
class RGBPoseFusionHead(RGBPoseHead):
    """MMAction2's RGBPoseHead with one score per class: the weighted mean of the probabilities of both branches.

    RGBPoseHead predicts a dict with the scores of each branch, which neither metrics nor submissions accept. This head
    predicts a tensor of shape (num_classes,) per clip. The weights of the branches can be changed in a test::

        mim test mmaction CONFIG --checkpoint CHECKPOINT --cfg-options "model.cls_head.fusion_weights=(2, 1)"

    Args:
        num_classes (int): Number of classes, the number of actions of the label set. Defaults to MA-52's.
        in_channels (Sequence[int]): Numbers of channels of the RGB features and of the pose features. Defaults to
            ``(2048, 512)``.
        fusion_weights (Sequence[float]): Weights of the RGB branch and of the pose branch in the prediction. (1, 0) is
            the prediction of the RGB branch. Defaults to ``(1.0, 1.0)``.
        dropout (float): Dropout probability of both branches. Defaults to 0.5.
        average_clips (str): How the views of a test clip are averaged, see MMAction2's ``BaseHead``. Defaults to
            ``'prob'``.
        **kwargs: Arguments of MMAction2's ``RGBPoseHead``.

    Raises:
        ValueError: If the weights are not two numbers of at least 0 with a positive sum.
    """

    BRANCHES = ('rgb', 'pose')
    """Names of the branches, in the order of features and weights."""

    def __init__(
        self,
        num_classes: int = len(MA52),
        in_channels: Sequence[int] = (2048, 512),
        fusion_weights: Sequence[float] = (1.0, 1.0),
        dropout: float = 0.5,
        average_clips: str = 'prob',
        **kwargs: Any,
    ) -> None:
        # RGBPoseHead does not accept the integer 0 as dropout.
        super().__init__(num_classes, tuple(in_channels), dropout=float(dropout), average_clips=average_clips, **kwargs)
        if len(fusion_weights) != 2 or min(fusion_weights) < 0 or sum(fusion_weights) <= 0:
            raise ValueError(
                f'fusion_weights must be the weights of RGB and pose, such as (2, 1), got {tuple(fusion_weights)}'
            )
        self.fusion_weights = tuple(weight / sum(fusion_weights) for weight in fusion_weights)

    def loss_by_feat(
        self, cls_scores: dict[str, torch.Tensor], data_samples: list[ActionDataSample]
    ) -> dict[str, torch.Tensor]:
        """Compute the loss of each branch.

        Args:
            cls_scores (dict[str, torch.Tensor]): Logits of each branch, shape (N, num_classes).
            data_samples (list[ActionDataSample]): Samples whose ``gt_label`` is a class index or, for blended labels, a
                weight per class.

        Returns:
            dict[str, torch.Tensor]: ``rgb_loss_cls``, ``pose_loss_cls`` and, unless labels are blended, the top-k
            accuracies of each branch.
        """
        # RGBPoseHead fails with an AttributeError if a batch has as many samples as there are classes.
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(cls_scores['rgb'].device)
        labels = labels.squeeze(1) if labels.size(1) == 1 else labels
        losses = {}
        for branch, weight in zip(self.loss_components, self.loss_weights):
            # RGBPoseHead computes the accuracy in NumPy, which lacks bfloat16.
            terms = self.loss_by_scores(at_least_float32(cls_scores[branch]), labels)
            terms['loss_cls'] = weight * terms['loss_cls']
            losses.update({f'{branch}_{name}': value for name, value in terms.items()})
        return losses

    def predict_by_feat(
        self, cls_scores: dict[str, torch.Tensor], data_samples: list[ActionDataSample]
    ) -> list[ActionDataSample]:
        """Store the predictions in the samples.

        Args:
            cls_scores (dict[str, torch.Tensor]): Logits of each branch, shape (N * views, num_classes).
            data_samples (list[ActionDataSample]): The N samples.

        Returns:
            list[ActionDataSample]: The samples, with ``pred_score``, shape (num_classes,), and ``pred_label``.
        """
        for sample, scores in zip(data_samples, self.fuse(cls_scores, data_samples)):
            sample.set_pred_score(scores)
            sample.set_pred_label(scores.argmax(dim=-1, keepdim=True))
        return data_samples

    def fuse(
        self, cls_scores: dict[str, torch.Tensor], data_samples: list[ActionDataSample], level: str = ''
    ) -> torch.Tensor:
        """Average scores over the views of each clip, and then over the branches.

        Args:
            cls_scores (dict[str, torch.Tensor]): Logits by branch and level, shape (N * views, C).
            data_samples (list[ActionDataSample]): The N samples.
            level (str): Ending of the names of the logits. Defaults to ``''``, the fine level.

        Returns:
            torch.Tensor: Scores, shape (N, C). With ``average_clips='prob'``, they are probabilities.
        """
        return sum(
            weight * self.predict_by_scores(cls_scores[f'{branch}{level}'], data_samples)
            for branch, weight in zip(self.BRANCHES, self.fusion_weights)
        )

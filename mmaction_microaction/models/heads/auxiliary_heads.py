from functools import cache
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model.weight_init import normal_init

from mmaction_microaction.models.losses.groups import check_num_classes, get_fine_to_coarse

from .cosine_head import build_main_head


@MODELS.register_module()
def AuxiliaryHeads(
    main: str | dict,
    frame_weight: float = 0.5,
    group_weight: float = 0.5,
    loss_group: dict = dict(type='CrossEntropyLoss'),
    label_set: str | dict | None = None,
    **kwargs: Any,
) -> BaseHead:
    r"""Factory of a head with additional linear layers that are only used in training.

    .. math:: L = L_{main} + w_f \, L_{frame} + w_g \, (L_{group} + w_f \, L_{frame\,group})

    The additional layers predict the action of each frame, the group of the clip, such as the body part, and the group
    of each frame. All frames have the label of their clip. ``loss_cls`` of the head is the loss of the frames, too. The
    winner of the challenge of 2024 (qklee-lz/ACMMM2024-MAC) uses these layers with both weights 0.5. Its frames pass a
    squeeze-and-excitation block before the layer, and its groups have cosine classifiers, which are left out here.

    The result is the main head itself, with the same names of parameters, and alone classifies in tests. One option in
    any config switches it on; other arguments of the head stay as they are::

        model=dict(cls_head=dict(type='AuxiliaryHeads', main='MANetHead'))
        model=dict(cls_head=dict(type='AuxiliaryHeads', main=dict(type='CosineHead', main='I3DHead')))

    Features may be those of 2D networks, (N * T, D, H, W), of 3D networks, (N, D, T, H, W), or of transformers that
    average the frames themselves, (N, D), which count as one frame. The log contains ``loss_aux_frame``,
    ``loss_aux_group`` and ``loss_aux_frame_group``. Blended and smoothed labels are possible.

    Args:
        main (str | dict): Type of the main head, or its config.
        frame_weight (float): Weight :math:`w_f` of the losses of the frames. 0 removes their layers. Defaults to 0.5.
        group_weight (float): Weight :math:`w_g` of the losses of the groups. 0 removes their layers. Defaults to 0.5.
        loss_group (dict): Config of the loss of the groups. Defaults to ``dict(type='CrossEntropyLoss')``.
        label_set (str | dict, optional): Label set with groups: its name, file or content. Defaults to None: that of
            MA-52.
        **kwargs (Any): Further arguments of the main head.

    Returns:
        BaseHead: The main head, of a subclass of its class.

    Raises:
        ValueError: If both weights are 0, the label set has no groups, or it has not as many actions as the head has
            classes.
    """
    if not (frame_weight or group_weight):
        raise ValueError('frame_weight and group_weight are both 0: use the main head alone')
    head = build_main_head(main, kwargs)
    layers = nn.ModuleDict()
    if frame_weight:
        layers['fc_frame'] = nn.Linear(head.in_channels, head.num_classes)
    fine_to_coarse = None
    if group_weight:
        fine_to_coarse = get_fine_to_coarse(label_set, 'AuxiliaryHeads with a group_weight')
        check_num_classes(head.num_classes, fine_to_coarse)
        num_groups = int(fine_to_coarse.max()) + 1
        layers['fc_group'] = nn.Linear(head.in_channels, num_groups)
        if frame_weight:
            layers['fc_frame_group'] = nn.Linear(head.in_channels, num_groups)
    head.__class__ = _add_loss(type(head))
    head.register_buffer('fine_to_coarse', fine_to_coarse, persistent=False)
    head.frame_weight, head.group_weight, head.loss_group = frame_weight, group_weight, MODELS.build(loss_group)
    # The additional layers come first, since fc_lr5 of TSM's optimizer constructor applies to the last linear layer,
    # which must be that of the main head.
    head._modules = {'auxiliary': layers, **head._modules}
    return head


@cache
def _add_loss(head: type[BaseHead]) -> type[BaseHead]:
    """Return a subclass of a class of heads that computes the additional losses."""
    return type(f'{head.__name__}WithAuxiliaryHeads', (_AuxiliaryLosses, head), {})


class _AuxiliaryLosses:
    """Methods that :func:`AuxiliaryHeads` adds to a head."""

    def init_weights(self) -> None:
        """Initialise the weights of all layers."""
        super().init_weights()
        for layer in self.auxiliary.values():
            normal_init(layer, std=0.01)

    def loss(self, feats: torch.Tensor, data_samples: list[ActionDataSample], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Compute the losses of the main head, and the additional ones."""
        losses = super().loss(feats, data_samples, **kwargs)
        frames = self._pool_frames(feats, len(data_samples))
        if getattr(self, 'dropout', None) is not None:
            frames = self.dropout(frames)
        targets = self._get_targets(data_samples)
        if 'fc_frame' in self.auxiliary:
            value = self._compare(self.loss_cls, self.auxiliary['fc_frame'](frames), targets)
            losses['loss_aux_frame'] = self.frame_weight * value
        if 'fc_group' in self.auxiliary:
            groups = targets @ F.one_hot(self.fine_to_coarse).to(targets)
            value = self._compare(self.loss_group, self.auxiliary['fc_group'](frames.mean(dim=1, keepdim=True)), groups)
            losses['loss_aux_group'] = self.group_weight * value
        if 'fc_frame_group' in self.auxiliary:
            value = self._compare(self.loss_group, self.auxiliary['fc_frame_group'](frames), groups)
            losses['loss_aux_frame_group'] = self.frame_weight * self.group_weight * value
        return losses

    def _pool_frames(self, feats: torch.Tensor, num_clips: int) -> torch.Tensor:
        """Average features over the pixels of each frame; return shape (N, T, D)."""
        if not isinstance(feats, torch.Tensor) or feats.dim() not in (2, 4, 5):
            found = tuple(feats.shape) if isinstance(feats, torch.Tensor) else f'a {type(feats).__name__}'
            raise ValueError(
                f'AuxiliaryHeads needs features of shape (N * T, D, H, W), (N, D, T, H, W) or (N, D), got '
                f'{found}: this backbone has to be trained without it'
            )
        if feats.dim() == 2:
            return feats.unsqueeze(1)
        feats = feats.mean(dim=(-2, -1))
        return feats.transpose(1, 2) if feats.dim() == 3 else feats.unflatten(0, (num_clips, -1))

    def _get_targets(self, data_samples: list[ActionDataSample]) -> torch.Tensor:
        """Return the weight of each action for each clip, shape (N, C), smoothed as in the main head."""
        weight = next(self.auxiliary.parameters())
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(weight.device)
        if labels.size(1) == 1:
            labels = F.one_hot(labels.squeeze(1), self.num_classes)
        return (1 - self.label_smooth_eps) * labels.to(weight.dtype) + self.label_smooth_eps / self.num_classes

    @staticmethod
    def _compare(loss: nn.Module, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of logits of shape (N, T, K), where all T frames have the target of their clip, (N, K)."""
        values = loss(logits.flatten(0, 1), targets.repeat_interleave(logits.size(1), dim=0))
        return sum(values.values()) if isinstance(values, dict) else values

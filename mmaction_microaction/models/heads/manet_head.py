from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
import torch.nn as nn
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model.weight_init import normal_init

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.label_embeddings import load_label_embeddings


@MODELS.register_module()
class MANetHead(BaseHead):
    """Head of MANet: a classifier and a projection into the space of label embeddings (Guo et al., section IV-C).

    The features of each frame are averaged over the pixels, followed by dropout. A linear layer maps them to class
    logits; the projection maps them to the space of word vectors. Both outputs are averaged over the frames. The
    training loss is the cross-entropy (``loss_cls`` in the log) plus the distance between the projection and the word
    vector of the label (``loss_emb``).

    The table of word vectors is a buffer, which checkpoints contain. Since only the loss needs it, it is read from its
    file at the first loss. If a checkpoint already contains it, the file may be absent, but must not differ.

    Use it with a 2D or 3D backbone::

        model=dict(
            type='Recognizer2D',
            backbone=dict(type='ResNetSETSM', depth=50, num_segments=8),
            cls_head=dict(
                type='MANetHead', in_channels=2048, num_segments=8, label_embeddings='table.npy', embed_dims=300
            ),
        )

    Shapes, with N clips, T frames, C channels and D dimensions:

    - features: (N * T, C, H, W) of 2D backbones, (N, C, T', H, W) of 3D backbones, or (N, C)
    - logits: (N, num_classes)
    - projection: (N, D)

    Args:
        num_classes (int): Number of classes, the number of actions of the label set. Defaults to MA-52's.
        in_channels (int): Number of channels C of the features. Defaults to 2048.
        num_segments (int): Number of frames T per clip; used for features of 2D backbones only. Defaults to 8.
        label_embeddings (str, optional): Path of an ``.npy`` file of shape (num_classes, embed_dims), as built by
            ``microaction embed --label-set``. Defaults to None.
        embed_dims (int): Number of dimensions D of a word vector. Defaults to 300.
        projection (Literal['mlp', 'linear']): Layers of the projection: ``'mlp'`` (linear, tanh, linear, as in the
            released code) or ``'linear'`` (as the paper implies). Defaults to ``'mlp'``.
        loss_emb (dict, optional): Config of the embedding loss. ``None`` disables it and removes its layers; the head
            then needs no table: ``cls_head=dict(loss_emb=None)`` in a config. Defaults to
            ``dict(type='JointEmbeddingLoss')``.
        dropout_ratio (float): Dropout probability. Defaults to 0.5.
        init_std (float): Standard deviation of the classifier's initial weights. Defaults to 0.001.
        average_clips (str): How the views of a test clip are averaged, see MMAction2's ``BaseHead``. Defaults to
            ``'prob'``.
        **kwargs: Arguments of MMAction2's ``BaseHead``.

    Raises:
        ValueError: If ``projection`` is neither ``'mlp'`` nor ``'linear'``.
    """

    def __init__(
        self,
        num_classes: int = len(MA52),
        in_channels: int = 2048,
        num_segments: int = 8,
        label_embeddings: str | None = None,
        embed_dims: int = 300,
        projection: Literal['mlp', 'linear'] = 'mlp',
        loss_emb: dict | None = dict(type='JointEmbeddingLoss'),
        dropout_ratio: float = 0.5,
        init_std: float = 0.001,
        average_clips: str = 'prob',
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        if projection not in ('mlp', 'linear'):
            raise ValueError(f"projection must be 'mlp' or 'linear', got {projection!r}")
        self.num_segments = num_segments
        self.init_std = init_std
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc_cls = nn.Linear(in_channels, num_classes)
        if loss_emb is None:
            self.loss_emb = None
            return
        self.loss_emb = MODELS.build(loss_emb)
        self.fc_emb = nn.Linear(in_channels, embed_dims)
        # Must remain the last linear layer: `fc_lr5` multiplies its learning rate by five, as in the released code.
        self.fc_emb_t = nn.Linear(embed_dims, embed_dims) if projection == 'mlp' else None
        self.label_embeddings_file = label_embeddings
        # NaN until it is loaded from a checkpoint or the file.
        self.register_buffer('label_embeddings', torch.full((num_classes, embed_dims), torch.nan))
        self._has_embeddings = False
        self.register_load_state_dict_post_hook(_allow_no_embeddings)

    def init_weights(self) -> None:
        """Initialise the classifier's weights as TSM does; the projection keeps PyTorch's initialisation."""
        normal_init(self.fc_cls, std=self.init_std)

    def forward(self, feats: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Compute the class logits.

        Args:
            feats (torch.Tensor): Features, of one of the shapes that :meth:`pool` accepts.

        Returns:
            torch.Tensor: Logits, shape (N, num_classes).
        """
        return self.classify(self.dropout(self.pool(feats)))

    def pool(self, feats: torch.Tensor) -> torch.Tensor:
        """Average features over the pixels of each frame.

        Args:
            feats (torch.Tensor): Features of a 2D network, shape (N * T, C, H, W), of a 3D network, shape
                (N, C, T', H, W), where T' may differ from T, or of a transformer that pools them itself, shape (N, C).

        Returns:
            torch.Tensor: Pooled features, shape (N, T, C).

        Raises:
            ValueError: If the features have another number of dimensions or channels, or the number of frames is not a
                multiple of T.
        """
        if feats.dim() not in (2, 4, 5) or feats.size(1) != self.in_channels:
            raise ValueError(
                f'expected features of shape (N * T, {self.in_channels}, H, W), (N, {self.in_channels}, T, H, W) or '
                f'(N, {self.in_channels}), got {tuple(feats.shape)}; cls_head.in_channels must match the backbone'
            )
        if feats.dim() == 2:
            return feats.unsqueeze(1)
        feats = feats.mean(dim=(-2, -1))
        if feats.dim() == 3:
            return feats.transpose(1, 2)
        if feats.size(0) % self.num_segments:
            raise ValueError(
                f'{feats.size(0)} frames are not a whole number of clips of {self.num_segments}: num_clips of '
                'SampleFrames must be equal to num_segments of backbone and head.'
            )
        return feats.unflatten(0, (-1, self.num_segments))

    def classify(self, frames: torch.Tensor) -> torch.Tensor:
        """Map pooled features, shape (N, T, C), to logits, shape (N, num_classes)."""
        return self.fc_cls(frames).mean(dim=1)

    def project(self, frames: torch.Tensor) -> torch.Tensor:
        """Map pooled features, shape (N, T, C), to the space of label embeddings, :math:`X_z` of shape (N, D)."""
        projections = self.fc_emb(frames)
        if self.fc_emb_t is not None:
            projections = self.fc_emb_t(torch.tanh(projections))
        return projections.mean(dim=1)

    def loss(self, feats: torch.Tensor, data_samples: list[ActionDataSample], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Compute the loss terms.

        Args:
            feats (torch.Tensor): Features, of one of the shapes that :meth:`pool` accepts.
            data_samples (list[ActionDataSample]): Samples whose ``gt_label`` is a class index or, for blended labels, a
                weight per class.

        Returns:
            dict[str, torch.Tensor]: ``loss_cls``, ``loss_emb`` and, unless labels are blended, the top-k accuracies.

        Raises:
            FileNotFoundError: If the table of label embeddings is needed and its file does not exist.
            ValueError: If the file is not a usable table, or differs from the table of the checkpoint.
        """
        # Classifier and projection share one dropout, so that they see the same features.
        frames = self.dropout(self.pool(feats))
        losses = self.loss_by_feat(self.classify(frames), data_samples)
        if self.loss_emb is not None:
            losses['loss_emb'] = self.loss_emb(self.project(frames), self._targets(data_samples))
        return losses

    def _targets(self, data_samples: list[ActionDataSample]) -> torch.Tensor:
        """Return the word vectors of the labels, or their weighted means, :math:`X_q` of shape (N, D)."""
        self.ensure_embeddings()
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(self.label_embeddings.device)
        if labels.size(1) == 1:
            return self.label_embeddings[labels.squeeze(1)]
        return labels.to(self.label_embeddings.dtype) @ self.label_embeddings

    def read_embeddings(self) -> torch.Tensor | None:
        """Read the table of label embeddings from its file.

        Returns:
            torch.Tensor | None: The table, shape (num_classes, D), or None if the head has no embedding loss.

        Raises:
            FileNotFoundError: If the file does not exist or ``label_embeddings`` is None.
            ValueError: If the file is not a table of the expected shape.
        """
        if self.loss_emb is None:
            return None
        return torch.from_numpy(load_label_embeddings(self.label_embeddings_file, tuple(self.label_embeddings.shape)))

    def ensure_embeddings(self) -> None:
        """Read the table unless a checkpoint contained it; in that case, check that the file has the same content.

        Raises:
            FileNotFoundError: If the table is needed and its file does not exist.
            ValueError: If the file is not a usable table, or differs from the table of the checkpoint.
        """
        if self.loss_emb is None or self._has_embeddings:
            return
        path, in_checkpoint = self.label_embeddings_file, not self.label_embeddings.isnan().any()
        if not in_checkpoint or (path is not None and Path(path).is_file()):
            table = self.read_embeddings()
            if not in_checkpoint:
                self.label_embeddings.copy_(table)
            elif not torch.allclose(self.label_embeddings.cpu(), table.to(self.label_embeddings.dtype), atol=1e-6):
                raise ValueError(
                    f'The label embeddings of the checkpoint differ from those in {path}. To keep the embeddings of '
                    'the checkpoint, set model.cls_head.label_embeddings=None. To use the file instead, remove '
                    "'cls_head.label_embeddings' from the state_dict of the checkpoint."
                )
        self._has_embeddings = True


def _allow_no_embeddings(head: nn.Module, incompatible: NamedTuple) -> None:
    """Accept checkpoints without the table, which is then read at the first loss."""
    incompatible.missing_keys[:] = [key for key in incompatible.missing_keys if not key.endswith('label_embeddings')]

from pathlib import Path

import torch
import torch.nn as nn
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmengine.model.weight_init import normal_init

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.models.label_embeddings import load_label_embeddings


@MODELS.register_module()
class MANetHead(BaseHead):
    """Head of MANet: a classifier, and a projection into the space of the label words (Guo et al., section IV-C).

    Per frame: mean over the pixels, dropout, then one linear layer to the class logits and, beside it, the projection;
    both are averaged over the frames. Training adds the distance between the projection and the word vector of the
    label to the cross-entropy; the log shows ``loss_cls`` and ``loss_emb`` apart.

    The word vectors are a buffer that checkpoints carry. Only the loss needs them: the file is read at the first loss.
    Where a checkpoint has brought them, the file may be missing, but not hold others.

    Args:
        num_classes (int): Defaults to 52.
        in_channels (int): Channels C of the features. Defaults to 2048.
        num_segments (int): Frames T per clip, for features of single frames. Defaults to 8.
        label_embeddings (str, optional): ``.npy`` file of shape (num_classes, embed_dims), as built by
            ``tools/build_label_embeddings.py``. Defaults to None.
        embed_dims (int): Dimensions D of a word vector. Defaults to 300.
        projection (str): ``'mlp'`` (released code: linear, tanh, linear) or ``'linear'`` (as the paper implies).
            Defaults to ``'mlp'``.
        loss_emb (dict, optional): Config of the embedding loss. ``None`` turns it off and removes its layers.
            Defaults to ``dict(type='JointEmbeddingLoss')``.
        dropout_ratio (float): Defaults to 0.5.
        init_std (float): Standard deviation of the classifier's initial weights. Defaults to 0.001.
        average_clips (str): How test views are averaged, see MMAction2's ``BaseHead``. Defaults to ``'prob'``.
        **kwargs: Of MMAction2's ``BaseHead``.

    Raises:
        ValueError: If ``projection`` is neither of the two.
    """

    def __init__(
        self,
        num_classes=NUM_ACTIONS,
        in_channels=2048,
        num_segments=8,
        label_embeddings=None,
        embed_dims=300,
        projection='mlp',
        loss_emb=dict(type='JointEmbeddingLoss'),
        dropout_ratio=0.5,
        init_std=0.001,
        average_clips='prob',
        **kwargs,
    ):
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
        # Last of the linear layers: the one whose learning rate `fc_lr5` multiplies by five, as in the released code.
        self.fc_emb_t = nn.Linear(embed_dims, embed_dims) if projection == 'mlp' else None
        self.label_embeddings_file = label_embeddings
        # NaN until a checkpoint or the file has filled it.
        self.register_buffer('label_embeddings', torch.full((num_classes, embed_dims), torch.nan))
        self._has_embeddings = False
        self.register_load_state_dict_post_hook(_allow_no_embeddings)

    def init_weights(self):
        """Draw the classifier's weights as TSM does; the projection keeps PyTorch's initialisation."""
        normal_init(self.fc_cls, std=self.init_std)

    def forward(self, feats, **kwargs):
        """Compute the class logits.

        Args:
            feats (torch.Tensor): See :meth:`pool`.

        Returns:
            torch.Tensor: Logits, shape (N, num_classes).
        """
        return self.classify(self.dropout(self.pool(feats)))

    def pool(self, feats):
        """Average over the pixels of each frame.

        Args:
            feats (torch.Tensor): Of 2D networks, (N * T, C, H, W); of 3D ones, (N, C, T', H, W), with whatever number
                of frames T' they leave; of transformers that pool by themselves, (N, C).

        Returns:
            torch.Tensor: Shape (N, T, C).

        Raises:
            ValueError: If the features have another number of dimensions or channels, or are not whole clips.
        """
        if feats.dim() not in (2, 4, 5) or feats.size(1) != self.in_channels:
            raise ValueError(
                f'expected features of shape (N * T, {self.in_channels}, H, W), (N, {self.in_channels}, T, H, W) or '
                f'(N, {self.in_channels}), got {tuple(feats.shape)}; cls_head.in_channels must fit the backbone'
            )
        if feats.dim() == 2:
            return feats.unsqueeze(1)
        feats = feats.mean(dim=(-2, -1))
        if feats.dim() == 3:
            return feats.transpose(1, 2)
        if feats.size(0) % self.num_segments:
            raise ValueError(
                f'{feats.size(0)} frames are not a whole number of clips of {self.num_segments}: the num_clips of '
                'SampleFrames and the num_segments of backbone and head must agree.'
            )
        return feats.unflatten(0, (-1, self.num_segments))

    def classify(self, frames):
        """Map pooled features (N, T, C) to logits (N, num_classes)."""
        return self.fc_cls(frames).mean(dim=1)

    def project(self, frames):
        """Map pooled features (N, T, C) to the space of the label words, :math:`X_z` of shape (N, D)."""
        projections = self.fc_emb(frames)
        if self.fc_emb_t is not None:
            projections = self.fc_emb_t(torch.tanh(projections))
        return projections.mean(dim=1)

    def loss(self, feats, data_samples, **kwargs):
        """Compute the loss terms.

        Args:
            feats (torch.Tensor): See :meth:`pool`.
            data_samples (list[ActionDataSample]): With ``gt_label``, an index or, blended, a weight per class.

        Returns:
            dict[str, torch.Tensor]: ``loss_cls``, ``loss_emb`` and, of unblended labels, the top-k accuracies.

        Raises:
            FileNotFoundError, ValueError: If there is no usable table of label embeddings, or two that differ.
        """
        # One dropout for both branches: classifier and projection see the same features.
        frames = self.dropout(self.pool(feats))
        losses = self.loss_by_feat(self.classify(frames), data_samples)
        if self.loss_emb is not None:
            losses['loss_emb'] = self.loss_emb(self.project(frames), self._targets(data_samples))
        return losses

    def _targets(self, data_samples):
        """Look up the word vectors of the labels, or their weighted means, :math:`X_q` of shape (N, D)."""
        self.settle_embeddings()
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(self.label_embeddings.device)
        if labels.size(1) == 1:
            return self.label_embeddings[labels.squeeze(1)]
        return labels.to(self.label_embeddings.dtype) @ self.label_embeddings

    def read_embeddings(self):
        """Read the table from its file.

        Returns:
            torch.Tensor | None: Shape (num_classes, D), or None if the head has no embedding loss.

        Raises:
            FileNotFoundError, ValueError: If there is no usable table.
        """
        if self.loss_emb is None:
            return None
        return torch.from_numpy(load_label_embeddings(self.label_embeddings_file, tuple(self.label_embeddings.shape)))

    def settle_embeddings(self):
        """Read the table, unless a checkpoint has brought it, and make sure that the file holds no other.

        Raises:
            FileNotFoundError, ValueError: If there is no usable table, or there are two that differ.
        """
        if self.loss_emb is None or self._has_embeddings:
            return
        path, brought = self.label_embeddings_file, not self.label_embeddings.isnan().any()
        if not brought or (path is not None and Path(path).is_file()):
            table = self.read_embeddings()
            if not brought:
                self.label_embeddings.copy_(table)
            elif not torch.allclose(self.label_embeddings.cpu(), table.to(self.label_embeddings.dtype), atol=1e-6):
                raise ValueError(
                    f'The checkpoint was trained with other label embeddings than those of {path}. To go on with its '
                    'own, set model.cls_head.label_embeddings=None; to train it for those of the file, take '
                    "'cls_head.label_embeddings' out of its state_dict."
                )
        self._has_embeddings = True


def _allow_no_embeddings(head, incompatible):
    """Let checkpoints lack the word vectors, which only the loss needs: it reads the file then."""
    for name in [name for name in incompatible.missing_keys if name.endswith('label_embeddings')]:
        incompatible.missing_keys.remove(name)

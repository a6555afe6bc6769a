import torch
import torch.nn as nn
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from mmengine.model.weight_init import normal_init

from mmaction_microaction.label_sets import MA52


@MODELS.register_module()
class MAENet(BaseModel):
    r"""Network that recognises the emotion and the micro-actions of a video (Guo et al., section VI, Fig. 7).

    The network has two branches, each with its own backbone whose feature maps are averaged over the pixels. The face
    branch computes :math:`X_{face}`, shape (T, d), from crops of the face. The micro-action branch computes
    :math:`X_{act}`, shape (T, d), from the whole frames, with a transformer encoder over time behind its backbone. The
    logits of the actions (several of which may occur) and of the emotions are

    .. math:: A = FC(\mathrm{mean}_t X_{act}), \quad E = FC(\mathrm{mean}_t [X_{face}; X_{act}])

    (Eq. 7). The loss is the binary cross-entropy of A (``loss_act`` in the log) plus :math:`\beta` times the
    cross-entropy of E (``loss_emo``, which includes :math:`\beta`).

    Without ``face_backbone``, E is computed from :math:`X_{act}` alone. Without ``action_backbone``, both A and E are
    computed from :math:`X_{face}`, since Table VI reports an mAP of the face branch.

    Frames whose mask is false (no face) are left out of the mean of :math:`X_{face}`. Their pixels are replaced
    by zeros (the mean colour) before the backbone, so that they have no influence. Through the temporal shift, a
    missing face affects the previous and the next frame like the end of a clip. If no frame has a face, the mean is
    zero.

    The paper leaves three details open. Here, the positions in time are encoded by sinusoids (Vaswani et al., NeurIPS
    2017, whose encoder the paper uses), which are added to the features. As in MANet, dropout is applied to frames
    before they are averaged. The binary cross-entropy is averaged over videos and actions.

    Use it as the model of a config::

        model=dict(
            type='MAENet',
            action_backbone=dict(type='ResNetSETSM', depth=50, num_segments=16),
            face_backbone=dict(type='ResNetTSM', depth=50, num_segments=16, pretrained=None),
        )

    Args:
        action_backbone (dict, optional): Config of the backbone for whole frames, a ``ResNetSETSM`` or ``ResNetTSM``.
            ``None`` disables the micro-action branch. Defaults to None.
        face_backbone (dict, optional): Config of the backbone for faces, a ``ResNetSETSM`` or ``ResNetTSM``. ``None``
            disables the face branch. Defaults to None.
        num_classes (int): Number of actions. Defaults to MA-52's.
        num_emotions (int): Number of emotions. Defaults to 5.
        encoder (dict): Settings of the encoder: ``num_layers`` (2 by default, section VI-A), ``nhead`` (8 by default)
            and other arguments of PyTorch's ``TransformerEncoderLayer``.
        dropout_ratio (float): Dropout probability. Defaults to 0.5.
        init_std (float): Standard deviation of the classifiers' initial weights. Defaults to 0.001.
        loss_act (dict): Config of the loss of the actions. Defaults to ``dict(type='BCELossWithLogits')``.
        loss_emo (dict): Config of the loss of the emotions; its ``loss_weight`` is :math:`\beta`. Defaults to
            ``dict(type='CrossEntropyLoss', loss_weight=0.03)``.
        data_preprocessor (dict, optional): Config of a ``MultiModalDataPreprocessor`` with an entry for each input.
            Defaults to None.
        init_cfg (dict, optional): Config of the initialisation. Defaults to None.

    Raises:
        ValueError: If neither backbone is set, or the backbones differ in ``num_segments``.
    """

    def __init__(
        self,
        action_backbone: dict | None = None,
        face_backbone: dict | None = None,
        num_classes: int = len(MA52),
        num_emotions: int = 5,
        encoder: dict = dict(),
        dropout_ratio: float = 0.5,
        init_std: float = 0.001,
        loss_act: dict = dict(type='BCELossWithLogits'),
        loss_emo: dict = dict(type='CrossEntropyLoss', loss_weight=0.03),
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.action_backbone = None if action_backbone is None else MODELS.build(action_backbone)
        self.face_backbone = None if face_backbone is None else MODELS.build(face_backbone)
        branches = [branch for branch in (self.face_backbone, self.action_backbone) if branch is not None]
        if len({branch.num_segments for branch in branches}) != 1:
            raise ValueError(
                'MAENet needs action_backbone, face_backbone or both, with the same num_segments; got '
                f'{[branch.num_segments for branch in branches]}.'
            )
        self.num_segments = branches[0].num_segments
        self.num_classes = num_classes
        self.init_std = init_std
        if self.action_backbone is not None:
            dims = self.action_backbone.feat_dim
            encoder = {'num_layers': 2, 'nhead': 8, **encoder}
            num_layers = encoder.pop('num_layers')
            layer = nn.TransformerEncoderLayer(dims, batch_first=True, **encoder)
            self.encoder = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
            self.register_buffer('positions', encode_positions(self.num_segments, dims), persistent=False)
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc_act = nn.Linear(branches[-1].feat_dim, num_classes)
        self.fc_emo = nn.Linear(sum(branch.feat_dim for branch in branches), num_emotions)
        self.loss_act = MODELS.build(loss_act)
        self.loss_emo = MODELS.build(loss_emo)

    def init_weights(self) -> None:
        """Initialise the encoder like PyTorch's ``Transformer``, and the classifiers like MANet's."""
        for layer in (self.fc_act, self.fc_emo):
            normal_init(layer, std=self.init_std)
        if self.action_backbone is not None:
            # TransformerEncoder copies one layer, so that all layers would start with the same weights.
            for parameter in self.encoder.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)
        super().init_weights()

    def forward(
        self, inputs: dict[str, torch.Tensor], data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'
    ) -> tuple | dict | list:
        """Run the network in one of MMEngine's modes.

        Args:
            inputs (dict[str, torch.Tensor]): Three tensors for N videos, V views and T frames. ``imgs``: whole frames,
                shape (N, V * T, 3, H, W). ``face_imgs``: faces, shape (N, V' * T, 3, H', W'), where V' divides V;
                their features are repeated for the other views. ``face_mask``: booleans of shape (N, V' * T), true for
                frames with a face. Inputs of a disabled branch may be missing.
            data_samples (list[ActionDataSample], optional): Samples with ``gt_label``, which is 1 for each action that
                occurs and 0 for the others, and ``emotion``, an index. Defaults to None.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``. Defaults to ``'tensor'``.

        Returns:
            tuple | dict | list: In mode ``'tensor'``, the logits of the actions, shape (N, V, num_classes), and of the
            emotions, shape (N, V, num_emotions). In the other modes, the result of :meth:`loss` or :meth:`predict`.

        Raises:
            RuntimeError: If the mode is unknown.
        """
        if mode == 'tensor':
            return self.classify(*self.extract_feat(inputs))
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise RuntimeError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def extract_feat(
        self, inputs: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
        """Compute the features of every frame.

        Args:
            inputs (dict[str, torch.Tensor]): Frames, faces and mask, see :meth:`forward`.

        Returns:
            tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]: :math:`X_{face}`, shape (N, V, T, d),
            the mask, shape (N, V, T), and :math:`X_{act}`, shape (N, V, T, d). Values of a disabled branch are None.
        """
        face = mask = action = None
        if self.face_backbone is not None:
            mask = inputs['face_mask'].bool()
            faces = inputs['face_imgs']
            face = self._frame_features(self.face_backbone, faces * mask[:, :, None, None, None].to(faces.dtype))
            mask = mask.unflatten(1, (-1, self.num_segments))
        if self.action_backbone is not None:
            frames = self._frame_features(self.action_backbone, inputs['imgs'])
            encoded = self.encoder(frames.flatten(0, 1) + self.positions.to(frames.dtype))
            action = encoded.unflatten(0, frames.shape[:2])
        return face, mask, action

    def _frame_features(self, backbone: nn.Module, images: torch.Tensor) -> torch.Tensor:
        """Map images of shape (N, V * T, 3, H, W) to features of shape (N, V, T, d)."""
        if images.dim() != 5 or images.size(1) % self.num_segments:
            raise ValueError(
                f'expected inputs of shape (N, V * {self.num_segments}, 3, H, W), got {tuple(images.shape)}: num_clips '
                'of SampleFrames must be equal to num_segments of the backbones.'
            )
        features = backbone(images.flatten(0, 1)).mean(dim=(-2, -1))
        return features.unflatten(0, (images.size(0), -1, self.num_segments))

    def classify(
        self, face: torch.Tensor, mask: torch.Tensor, action: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute the logits of actions and emotions, each of shape (N, V, K), from the features of every frame."""
        branches = []
        if face is not None:
            weight = mask.unsqueeze(-1).to(face.dtype)
            branches.append((self.dropout(face) * weight).sum(dim=2) / weight.sum(dim=2).clamp(min=1))
        if action is not None:
            branches.append(self.dropout(action).mean(dim=2))
            if face is not None and face.size(1) != action.size(1):
                # Several crops of the whole frames share the same faces.
                branches[0] = branches[0].repeat(1, action.size(1) // face.size(1), 1)
        return self.fc_act(branches[-1]), self.fc_emo(torch.cat(branches, dim=-1))

    def loss(self, inputs: dict[str, torch.Tensor], data_samples: list[ActionDataSample]) -> dict[str, torch.Tensor]:
        """Compute the loss terms from the logits, averaged over the views.

        Args:
            inputs (dict[str, torch.Tensor]): Frames, faces and mask, see :meth:`forward`.
            data_samples (list[ActionDataSample]): Samples with ``gt_label`` and ``emotion``, see :meth:`forward`.

        Returns:
            dict[str, torch.Tensor]: ``loss_act`` and ``loss_emo``, each of shape ().

        Raises:
            ValueError: If the labels have another number of actions than the network.
        """
        actions, emotions = (logits.mean(dim=1) for logits in self.classify(*self.extract_feat(inputs)))
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(actions)
        if labels.shape != actions.shape:
            raise ValueError(
                f'the labels have {labels.size(1)} actions, the network has {actions.size(1)}: num_classes must be '
                'equal to the number of actions that leave_out of MA52ProDataset keeps'
            )
        emotion = torch.tensor([int(sample.emotion) for sample in data_samples], device=emotions.device)
        return dict(loss_act=self.loss_act(actions, labels), loss_emo=self.loss_emo(emotions, emotion))

    def predict(self, inputs: dict[str, torch.Tensor], data_samples: list[ActionDataSample]) -> list[ActionDataSample]:
        """Predict probabilities, averaged over the views.

        Args:
            inputs (dict[str, torch.Tensor]): Frames, faces and mask, see :meth:`forward`.
            data_samples (list[ActionDataSample]): Samples that the predictions are added to.

        Returns:
            list[ActionDataSample]: The samples with two more fields: ``pred_score``, the probability of each action,
            and ``pred_emotion``, the probabilities of the emotions, which sum to 1.
        """
        actions, emotions = self.classify(*self.extract_feat(inputs))
        actions, emotions = actions.sigmoid().mean(dim=1), emotions.softmax(dim=-1).mean(dim=1)
        for sample, action, emotion in zip(data_samples, actions, emotions):
            sample.set_pred_score(action)
            sample.set_field(emotion, 'pred_emotion')
        return data_samples


def encode_positions(length: int, dims: int) -> torch.Tensor:
    """Compute the sinusoidal encoding of positions in time (Vaswani et al., NeurIPS 2017, section 3.5).

    Args:
        length (int): Number of positions T.
        dims (int): Number of dimensions d, even.

    Returns:
        torch.Tensor: Encodings, shape (T, d). Even columns are sines, odd columns are cosines of the same frequencies.
    """
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, dims, 2) / dims)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)

import torch
import torch.nn as nn
from mmaction.registry import MODELS
from mmengine.model import BaseModel
from mmengine.model.weight_init import normal_init

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS


@MODELS.register_module()
class MAENet(BaseModel):
    r"""Emotion and micro-actions of a video, from the face and the whole frames (Guo et al., section VI, Fig. 7).

    Two branches, each a backbone of its own whose feature maps are averaged over the pixels: the face branch gives
    :math:`X_{face}` of shape (T, d); what the micro-action branch gives goes through a transformer encoder over time,
    whose output is :math:`X_{act}` of shape (T, d). Then

    .. math:: A = FC(\mathrm{mean}_t X_{act}), \quad E = FC(\mathrm{mean}_t [X_{face}; X_{act}])

    (Eq. 7) are the logits of the actions, several of which may occur, and of the emotions. The loss is the binary
    cross-entropy of A plus :math:`\beta` times the cross-entropy of E; the log shows ``loss_act`` and ``loss_emo``,
    :math:`\beta` included.

    Without ``face_backbone``, E follows from :math:`X_{act}` alone; without ``action_backbone``, both A and E from
    :math:`X_{face}`, which the mAP of the face branch in Table VI suggests.

    A frame without a face, by the mask, is left out of the mean of :math:`X_{face}`. Its pixels have no influence: they
    are replaced by zeros, which is the mean colour, before the backbone sees them. That the face is missing does reach
    the next and the previous frame, through the temporal shift, like the end of a clip. Where no frame has a face, the
    mean is zero.

    What the paper does not say: positions in time are told by the sinusoids of Vaswani et al. (NeurIPS 2017), whose
    encoder it uses, added to the features; frames are dropped out as in MANet, before they are averaged; the binary
    cross-entropy is the mean over videos and actions.

    Args:
        action_backbone (dict, optional): Of the whole frames, a ``ResNetSETSM`` or ``ResNetTSM``. None: no such branch.
        face_backbone (dict, optional): Of the faces, likewise.
        num_classes (int): Actions. Defaults to 52.
        num_emotions (int): Defaults to 5.
        encoder (dict): ``num_layers``, by default 2 (section VI-A), ``nhead``, by default 8, and other arguments of
            PyTorch's ``TransformerEncoderLayer``.
        dropout_ratio (float): Defaults to 0.5.
        init_std (float): Standard deviation of the classifiers' initial weights. Defaults to 0.001.
        loss_act (dict): Defaults to ``dict(type='BCELossWithLogits')``.
        loss_emo (dict): Its ``loss_weight`` is :math:`\beta`. Defaults to
            ``dict(type='CrossEntropyLoss', loss_weight=0.03)``.
        data_preprocessor (dict, optional): A ``MultiModalDataPreprocessor`` with an entry for each input.
        init_cfg (dict, optional): Defaults to None.

    Raises:
        ValueError: If there is no branch, or the branches differ in the number of frames.
    """

    def __init__(
        self,
        action_backbone=None,
        face_backbone=None,
        num_classes=NUM_ACTIONS,
        num_emotions=5,
        encoder=dict(),
        dropout_ratio=0.5,
        init_std=0.001,
        loss_act=dict(type='BCELossWithLogits'),
        loss_emo=dict(type='CrossEntropyLoss', loss_weight=0.03),
        data_preprocessor=None,
        init_cfg=None,
    ):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.action_backbone = None if action_backbone is None else MODELS.build(action_backbone)
        self.face_backbone = None if face_backbone is None else MODELS.build(face_backbone)
        branches = [branch for branch in (self.face_backbone, self.action_backbone) if branch is not None]
        if len({branch.num_segments for branch in branches}) != 1:
            raise ValueError(
                'MAENet needs action_backbone, face_backbone or both, of the same num_segments; got '
                f'{[branch.num_segments for branch in branches]}.'
            )
        self.num_segments = branches[0].num_segments
        self.init_std = init_std
        if self.action_backbone is not None:
            dims = self.action_backbone.feat_dim
            encoder = {'num_layers': 2, 'nhead': 8, **encoder}
            num_layers = encoder.pop('num_layers')
            layer = nn.TransformerEncoderLayer(dims, batch_first=True, **encoder)
            self.encoder = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
            self.register_buffer('positions', sinusoids(self.num_segments, dims), persistent=False)
        self.dropout = nn.Dropout(dropout_ratio)
        self.fc_act = nn.Linear(branches[-1].feat_dim, num_classes)
        self.fc_emo = nn.Linear(sum(branch.feat_dim for branch in branches), num_emotions)
        self.loss_act = MODELS.build(loss_act)
        self.loss_emo = MODELS.build(loss_emo)

    def init_weights(self):
        """Draw the encoder's weights as PyTorch's ``Transformer`` does, and the classifiers' as MANet does."""
        for layer in (self.fc_act, self.fc_emo):
            normal_init(layer, std=self.init_std)
        if self.action_backbone is not None:
            # PyTorch copies one layer, so that all would start alike.
            for parameter in self.encoder.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)
        super().init_weights()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """Run the network as MMEngine's runners ask for it.

        Args:
            inputs (dict[str, torch.Tensor]): ``imgs``, the whole frames, shape (N, V * T, 3, H, W), where V is the
                number of views; ``face_imgs``, likewise, of as many views or fewer, which are then repeated; and
                ``face_mask``, booleans of shape (N, V * T), true where there is a face. What a branch that is not
                there would read may be missing.
            data_samples (list[ActionDataSample], optional): With ``gt_label``, 1 for each action that occurs and 0 for
                the others, and ``emotion``, an index.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            tuple | dict | list: For ``'tensor'``, logits of the actions and of the emotions, each of shape (N, V, K);
            otherwise see :meth:`loss` and :meth:`predict`.
        """
        if mode == 'tensor':
            return self.classify(*self.extract_feat(inputs))
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise RuntimeError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def extract_feat(self, inputs):
        """Compute the features of every frame.

        Args:
            inputs (dict[str, torch.Tensor]): See :meth:`forward`.

        Returns:
            tuple: :math:`X_{face}`, the mask and :math:`X_{act}`, of shapes (N, V, T, d), (N, V, T) and (N, V, T, d);
            None for what is not there.
        """
        face = mask = action = None
        if self.face_backbone is not None:
            mask = inputs['face_mask'].bool()
            faces = inputs['face_imgs']
            face = self._frames(self.face_backbone, faces * mask[:, :, None, None, None].to(faces.dtype))
            mask = mask.unflatten(1, (-1, self.num_segments))
        if self.action_backbone is not None:
            frames = self._frames(self.action_backbone, inputs['imgs'])
            encoded = self.encoder(frames.flatten(0, 1) + self.positions.to(frames.dtype))
            action = encoded.unflatten(0, frames.shape[:2])
        return face, mask, action

    def _frames(self, backbone, images):
        """Map (N, V * T, 3, H, W) to (N, V, T, d)."""
        if images.dim() != 5 or images.size(1) % self.num_segments:
            raise ValueError(
                f'expected inputs of shape (N, V * {self.num_segments}, 3, H, W), got {tuple(images.shape)}: the '
                'num_clips of SampleFrames and the num_segments of the backbones must agree.'
            )
        features = backbone(images.flatten(0, 1)).mean(dim=(-2, -1))
        return features.unflatten(0, (images.size(0), -1, self.num_segments))

    def classify(self, face, mask, action):
        """Compute the logits of actions and emotions, each of shape (N, V, K), from :meth:`extract_feat`."""
        branches = []
        if face is not None:
            weight = mask.unsqueeze(-1).to(face.dtype)
            branches.append((self.dropout(face) * weight).sum(dim=2) / weight.sum(dim=2).clamp(min=1))
        if action is not None:
            branches.append(self.dropout(action).mean(dim=2))
            if face is not None and face.size(1) != action.size(1):
                # Several crops of the whole frames, which share the faces.
                branches[0] = branches[0].repeat(1, action.size(1) // face.size(1), 1)
        return self.fc_act(branches[-1]), self.fc_emo(torch.cat(branches, dim=-1))

    def loss(self, inputs, data_samples):
        """Compute the loss terms; logits of several views are averaged.

        Args:
            inputs, data_samples: See :meth:`forward`.

        Returns:
            dict[str, torch.Tensor]: ``loss_act`` and ``loss_emo``.

        Raises:
            ValueError: If the labels are of another number of actions.
        """
        actions, emotions = (logits.mean(dim=1) for logits in self.classify(*self.extract_feat(inputs)))
        labels = torch.stack([sample.gt_label for sample in data_samples]).to(actions)
        if labels.shape != actions.shape:
            raise ValueError(
                f'the labels are of {labels.size(1)} actions, the network of {actions.size(1)}: num_classes must be '
                'what leave_out leaves in MA52ProDataset'
            )
        emotion = torch.tensor([int(sample.emotion) for sample in data_samples], device=emotions.device)
        return dict(loss_act=self.loss_act(actions, labels), loss_emo=self.loss_emo(emotions, emotion))

    def predict(self, inputs, data_samples):
        """Predict probabilities, averaged over the views.

        Args:
            inputs, data_samples: See :meth:`forward`.

        Returns:
            list[ActionDataSample]: The samples, with ``pred_score``, the probability of each action, and
            ``pred_emotion``, those of the emotions, which add up to 1.
        """
        actions, emotions = self.classify(*self.extract_feat(inputs))
        actions, emotions = actions.sigmoid().mean(dim=1), emotions.softmax(dim=-1).mean(dim=1)
        for sample, action, emotion in zip(data_samples, actions, emotions):
            sample.set_pred_score(action)
            sample.set_field(emotion, 'pred_emotion')
        return data_samples


def sinusoids(length, dims):
    """Encode positions in time (Vaswani et al., NeurIPS 2017, section 3.5).

    Args:
        length (int): Number of positions T.
        dims (int): Dimensions d, even.

    Returns:
        torch.Tensor: Shape (T, d): the sine of every frequency in the even columns, the cosine in the odd ones.
    """
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, dims, 2) / dims)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)

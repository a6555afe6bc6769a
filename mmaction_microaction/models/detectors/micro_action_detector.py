import struct
from typing import NamedTuple, Self

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from torch.nn.utils.rnn import pad_sequence

from .decoding import decode_detections
from .frame_features import check_clip_len, extract_features

# What a detector remembers of its training: features, the backbone that computed them, frames and steps per second.
_MEMORY = {'_fingerprint': 8, '_backbone_fingerprint': 8, '_rates': 16}
_SETTINGS = ('max_candidates', 'max_per_video', 'sigma', 'voting_iou')


@MODELS.register_module()
class MicroActionDetector(BaseModel):
    """Detector that finds all micro-actions of a video: their class, start, end and score.

    The whole video is one sequence of features. A pyramid with a point per step and level predicts, at each point, one
    sigmoid per class and the distances to start and end (ActionFormer, Zhang et al., ECCV 2022). Soft-NMS ranks what is
    found; nothing is dropped because of a low score.

    The inputs are either frames, with a ``backbone``, or features that ``microaction extract-features`` stored,
    without. A 2D backbone, such as ``ResNetSETSM`` or ``ResNetTSM``, treats all frames as one clip, whatever its
    ``num_segments``. A 3D backbone sees consecutive clips of ``clip_len`` frames. Every video of a batch passes through
    the backbone on its own, so that its result does not depend on the others.

    Use it as the model of a config::

        model=dict(
            type='MicroActionDetector',
            neck=dict(type='TemporalPyramid', in_channels=2048),
            head=dict(type='PyramidDetectionHead', in_channels=256),
            data_preprocessor=dict(type='DetectionDataPreprocessor'),
        )

    Args:
        neck (dict): Config of the neck, a ``TemporalPyramid``.
        head (dict): Config of the head, a ``PyramidDetectionHead``.
        backbone (dict, optional): Config of a backbone of MMAction2 or of this package. Defaults to None: the inputs
            are features.
        clip_len (int, optional): Number of frames of a clip of a 3D backbone. Defaults to None: the backbone is 2D.
        feature_stride (int): Frames per step of the features. Defaults to 1.
        freeze_backbone (bool): Whether the backbone keeps its weights and its batch-norm statistics. A backbone with
            adapters freezes itself, except for the adapters. Defaults to False.
        test_cfg (dict): Settings of :func:`.decode_detections`: ``max_candidates``, ``max_per_video``, ``sigma`` and
            ``voting_iou``. Defaults to ``dict()``.
        data_preprocessor (dict, optional): Config of a ``DetectionDataPreprocessor``. Defaults to None: one that does
            not normalise.
        init_cfg (dict, optional): Config of the initialisation. Defaults to None.

    Raises:
        ValueError: If ``test_cfg`` has an unknown setting or a ``sigma`` that is not positive, or ``feature_stride``
            does not divide ``clip_len``.
    """

    def __init__(
        self,
        neck: dict,
        head: dict,
        backbone: dict | None = None,
        clip_len: int | None = None,
        feature_stride: int = 1,
        freeze_backbone: bool = False,
        test_cfg: dict = dict(),
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=data_preprocessor or dict(type='DetectionDataPreprocessor'), init_cfg=init_cfg
        )
        unknown = sorted(set(test_cfg) - set(_SETTINGS))
        if unknown:
            raise ValueError(f'test_cfg has the unknown settings {", ".join(unknown)}; known: {", ".join(_SETTINGS)}')
        if not test_cfg.get('sigma', 1) > 0:
            raise ValueError(f'sigma of test_cfg must be greater than 0, got {test_cfg["sigma"]}')
        check_clip_len(clip_len, feature_stride)
        self.clip_len, self.feature_stride, self.test_cfg = clip_len, feature_stride, dict(test_cfg)
        self.freeze_backbone = freeze_backbone
        self.backbone = None if backbone is None else MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.head = MODELS.build(head)
        # As bytes: MMEngine averages buffers over processes in float32, which is exact for small numbers.
        for name, num_bytes in _MEMORY.items():
            self.register_buffer(name, torch.zeros(num_bytes, dtype=torch.int64))
        self.register_load_state_dict_post_hook(_allow_no_memory)
        if freeze_backbone and self.backbone is not None:
            self.backbone.requires_grad_(False)

    @property
    def num_classes(self) -> int:
        """int: Number of classes."""
        return self.head.num_classes

    def train(self, mode: bool = True) -> Self:
        """Set the mode. A frozen backbone stays in the mode of inference."""
        super().train(mode)
        if self.freeze_backbone and self.backbone is not None:
            self.backbone.eval()
        return self

    def forward(
        self, inputs: list[torch.Tensor], data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'
    ) -> tuple | dict | list:
        """Run the network in one of MMEngine's modes.

        Args:
            inputs (list[torch.Tensor]): Frames of each video, shape (T, 3, H, W), or its features, shape (T, C).
            data_samples (list[ActionDataSample], optional): Samples with the metainfo ``steps_per_second`` (frames or
                features per second) and ``duration`` (seconds), and in training with ``gt_segments`` and ``gt_labels``.
                Defaults to None.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``. Defaults to ``'tensor'``.

        Returns:
            tuple | dict | list: In mode ``'tensor'``, the scores, starts and ends at all points, and their mask, see
            :meth:`.PyramidDetectionHead.predict`. In the other modes, the result of :meth:`loss` or :meth:`predict`.

        Raises:
            RuntimeError: If the mode is unknown.
        """
        if mode == 'tensor':
            return self.head.predict(*self.extract_feat(inputs))
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise RuntimeError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def extract_feat(self, inputs: list[torch.Tensor]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Compute the pyramid of a batch of videos.

        Args:
            inputs (list[torch.Tensor]): Frames or features of each video, see :meth:`forward`.

        Returns:
            tuple[list[torch.Tensor], list[torch.Tensor]]: Sequences and masks of the levels, see
            :class:`.TemporalPyramid`.

        Raises:
            ValueError: If frames are passed without a backbone, or features with one.
        """
        sequences = [self._sequence(video) for video in inputs]
        if len(sequences) == 1:  # an exported graph is of this kind, and has any number of steps
            features = sequences[0][None]
            return self.neck(features, torch.ones_like(features[:, :1], dtype=torch.bool))
        features = pad_sequence([sequence.T for sequence in sequences], batch_first=True).transpose(1, 2)
        steps = torch.arange(features.size(2), device=features.device)
        lengths = torch.tensor([sequence.size(1) for sequence in sequences], device=features.device)
        return self.neck(features, (steps < lengths[:, None]).unsqueeze(1))

    def _sequence(self, video: torch.Tensor) -> torch.Tensor:
        """Return the features of a video, shape (C, T)."""
        if self.backbone is None and video.dim() == 2:
            return video.T
        if self.backbone is not None and video.dim() == 4:
            return extract_features(self.backbone, video, self.clip_len, self.feature_stride)
        expected = (
            'features of shape (T, C), since it has no backbone'
            if self.backbone is None
            else ('frames of shape (T, 3, H, W), since it has a backbone')
        )
        raise ValueError(f'the detector expects {expected}; got a tensor of shape {tuple(video.shape)}')

    def loss(self, inputs: list[torch.Tensor], data_samples: list[ActionDataSample]) -> dict[str, torch.Tensor]:
        """Compute the losses.

        Args:
            inputs (list[torch.Tensor]): Frames or features of each video, see :meth:`forward`.
            data_samples (list[ActionDataSample]): Samples with ``gt_segments``, starts and ends in seconds, shape
                (M, 2), and ``gt_labels``, shape (M,).

        Returns:
            dict[str, torch.Tensor]: ``loss_cls`` and ``loss_segment``, each of shape ().

        Raises:
            ValueError: If the features come from another network or pipeline than those of earlier steps.
        """
        self._check_features(data_samples)
        if self.backbone is not None:
            self._remember_rates(data_samples[0].steps_per_second, self._rate(data_samples[0]))
        levels, masks = self.extract_feat(inputs)
        segments = [
            sample.gt_segments.to(levels[0].device, torch.float32) * self._rate(sample) - 0.5 for sample in data_samples
        ]
        labels = [sample.gt_labels.to(levels[0].device) for sample in data_samples]
        return self.head.loss(levels, masks, segments, labels)

    def predict(self, inputs: list[torch.Tensor], data_samples: list[ActionDataSample]) -> list[ActionDataSample]:
        """Detect actions.

        Args:
            inputs (list[torch.Tensor]): Frames or features of each video, see :meth:`forward`.
            data_samples (list[ActionDataSample]): Samples that the detections are added to.

        Returns:
            list[ActionDataSample]: The samples with the field ``pred_detections``: a dict with ``segments``, starts and
            ends in seconds, shape (M, 2), ``labels``, shape (M,), and ``scores``, shape (M,), best first.

        Raises:
            ValueError: If the features come from another network or pipeline than those of the training, or frames
                have another rate.
        """
        self._check_features(data_samples)
        if self.backbone is not None:
            for sample in data_samples:
                self.check_frame_rate(sample.steps_per_second)
        scores, segments, valid = self.head.predict(*self.extract_feat(inputs))
        for sample, *video in zip(data_samples, *(part.detach().cpu().numpy() for part in (scores, segments, valid))):
            video_scores, video_segments, points = video
            found = decode_detections(
                video_scores[points], video_segments[points], self._rate(sample), sample.duration, **self.test_cfg
            )
            detections = {name: torch.from_numpy(values) for name, values in found._asdict().items()}
            sample.set_field(detections, 'pred_detections')
        return data_samples

    def _rate(self, sample: ActionDataSample) -> float:
        """Return the steps of the features per second."""
        return sample.steps_per_second / self.feature_stride

    @property
    def feature_fingerprint(self) -> int:
        """Fingerprint of the features that the detector was trained on, so that others are refused. 0: not known."""
        return read_fingerprint(self._fingerprint)

    def check_frame_rate(self, frames_per_second: float) -> None:
        """Check that frames have the rate of the training, and as many frames per step.

        A detector that was trained on features needs the rate and the stride with which they were extracted. A detector
        whose checkpoint does not contain them accepts every rate.

        Args:
            frames_per_second (float): Frames per second.

        Raises:
            ValueError: If the rate or the stride differs. The message contains both and the settings.
        """
        expected = struct.unpack('>dd', bytes(self._rates.tolist()))
        found = frames_per_second, frames_per_second / self.feature_stride
        if any(expected) and found != expected:
            frames, steps = expected
            raise ValueError(
                f'the detector was trained on {frames:g} frames and {steps:g} steps per second, but the pipeline and '
                f'the model have {found[0]:g} and {found[1]:g}: set rate={frames:g} in SampleFramesAtRate of the '
                f'pipeline and model.feature_stride={frames / steps:g}'
            )

    def _remember_rates(self, frames_per_second: float, steps_per_second: float) -> None:
        """Remember the rates of the frames and of the steps in the training."""
        content = struct.pack('>dd', frames_per_second, steps_per_second)
        self._rates.copy_(torch.tensor(list(content)))

    def _check_features(self, data_samples: list[ActionDataSample]) -> None:
        """Remember which features the detector is trained on, and refuse others."""
        found = {sample.get('feature_fingerprint') for sample in data_samples} - {None}
        if not found:
            return
        expected = self.feature_fingerprint
        if expected == 0 and self.training and len(found) == 1:
            self._fingerprint.copy_(_to_bytes(found.pop()))
            sample = data_samples[0]
            self._backbone_fingerprint.copy_(_to_bytes(sample.get('backbone_fingerprint', 0)))
            if sample.get('frames_per_second'):
                self._remember_rates(sample.frames_per_second, sample.steps_per_second)
        elif (expected and found != {expected}) or len(found) > 1:
            raise ValueError(
                'the features were extracted by another network, or with other settings, than those that the detector '
                f'was trained on (fingerprints {sorted(f"{value:015x}" for value in found)} and {expected:015x}): '
                'extract the features of all splits with the same checkpoint and options of "microaction '
                'extract-features", or train the detector again'
            )


def read_fingerprint(content: torch.Tensor | None) -> int:
    """Return the number in a buffer of a detector, and 0 without a buffer."""
    return 0 if content is None else int.from_bytes(content.tolist(), 'big')


def _to_bytes(number: int) -> torch.Tensor:
    """Return the content of a buffer with a number."""
    return torch.tensor(list(number.to_bytes(8, 'big')))


def _allow_no_memory(detector: MicroActionDetector, incompatible: NamedTuple) -> None:
    """Accept checkpoints that do not say what they were trained on. Nothing is compared with it then."""
    incompatible.missing_keys[:] = [key for key in incompatible.missing_keys if key not in _MEMORY]

"""Defects of MMAction2 1.2.0."""

import functools
import sys
import types
import warnings
from importlib.machinery import PathFinder
from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F
import torch.utils.checkpoint


def silence_mmcv_lite():
    """Keep ``mmcv-lite`` from warning at every start of a compiled operator that no network here uses.

    Answers ``UserWarning: Fail to import MultiScaleDeformableAttention from mmcv.ops.multi_scale_deform_attn, You
    should install mmcv rather than mmcv-lite if you need this module``.
    """
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


def provide_missing_drn():
    """Let ``mmaction.models`` be imported although its wheel lacks the folder of the DRN localizer.

    Answers ``ModuleNotFoundError: No module named 'mmaction.models.localizers.drn'`` (mmaction2 issue 2714). DRN itself
    remains unavailable and says so when it is built.
    """
    name = 'mmaction.models.localizers.drn'
    # find_spec(name) would import mmaction.models, which is what fails: look into the folder instead.
    localizers = [f'{folder}/models/localizers' for folder in find_spec('mmaction').submodule_search_locations]
    if name in sys.modules or PathFinder.find_spec(name, localizers):
        return

    class DRN(torch.nn.Module):
        """Stands in for the localizer that the wheel lacks."""

        def __init__(self, *args, **kwargs):
            raise ImportError(
                'DRN cannot be built: the wheel of MMAction2 1.2.0 lacks mmaction/models/localizers/drn. '
                'To use this localizer, install MMAction2 from its sources.'
            )

    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    package.drn, module.DRN = module, DRN
    sys.modules.update({package.__name__: package, module.__name__: module})


def shift_hue_without_overflow():
    """Let ``ColorJitter`` shift the hue on NumPy 2.

    Answers ``OverflowError: Python integer -23 out of bounds for uint8``: NumPy 2 no longer widens a ``uint8`` array
    that a larger or negative Python integer is added to.
    """
    if np.lib.NumpyVersion(np.__version__) < '2.0.0':
        return

    import cv2
    from mmaction.datasets.transforms.processing import ColorJitter

    def adjust_hue(img, factor):
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        # OpenCV keeps the hue of an 8-bit image in units of 2 degrees; MMAction2 scales the factor by 255 all the same.
        hsv[..., 0] = (hsv[..., 0].astype(int) + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    ColorJitter.adjust_hue = staticmethod(adjust_hue)


def start_from_scratch():
    """Let ``pretrained=None`` alone start any backbone from random weights.

    Answers ``TypeError: expected string or bytes-like object, got 'NoneType'`` of TSM, TIN, MobileNetV2 and Video Swin,
    ``AttributeError: 'list' object has no attribute 'get'`` of MobileOne and ``AssertionError: please specify clip
    pretraied checkpoint`` of UniFormerV2: unless another option is set as well, they look for weights to load.
    """
    from mmaction.models import backbones

    def load_only_what_is_named(cls, option):
        init = cls.__init__

        @functools.wraps(init)
        def init_and_check(self, *args, **kwargs):
            init(self, *args, **kwargs)
            # MobileOne, which mmpretrain defines, has its weights named in init_cfg alone.
            in_init_cfg = isinstance(self.init_cfg, dict) and self.init_cfg.get('type') == 'Pretrained'
            if getattr(self, 'pretrained', None) is None and not in_init_cfg:
                setattr(self, option, False)

        cls.__init__ = init_and_check

    options = dict(
        ResNetTSM='pretrained2d',
        MobileNetV2TSM='pretrained2d',
        MobileOneTSM='pretrained2d',  # only with mmpretrain
        SwinTransformer3D='pretrained2d',
        UniFormerV2='clip_pretrained',
    )
    for name, option in options.items():
        if hasattr(backbones, name):
            load_only_what_is_named(getattr(backbones, name), option)


def run_tin_without_compiled_mmcv():
    """Let TIN run where mmcv's compiled operator is missing: with ``mmcv-lite``, and on the CPU in any case.

    Answers ``ImportError: Failed to import `tin_shift` from `mmcv.ops`. You will be unable to use TIN.``
    """
    from mmaction.models.backbones import resnet_tin

    linear_sampler = resnet_tin.linear_sampler

    @functools.wraps(linear_sampler)
    def linear_sampler_on_any_device(data, offset):
        # Only now: the package's models are registered after this module has run.
        from mmaction_microaction.compat.tin_shift import sample_frames_at

        if data.is_cuda and find_spec('mmcv._ext'):
            return linear_sampler(data, offset)
        return sample_frames_at(data, offset)

    resnet_tin.linear_sampler = linear_sampler_on_any_device


def count_hits_in_bfloat16():
    """Let heads compute loss and accuracy of logits in bfloat16.

    Answers ``TypeError: Got unsupported ScalarType BFloat16``: the accuracy is computed in NumPy, which lacks it.
    """
    from mmaction.models.heads import BaseHead

    loss_by_feat = BaseHead.loss_by_feat

    @functools.wraps(loss_by_feat)
    def loss_by_float_feat(self, cls_scores, data_samples):
        # Logits in float64 stay as precise as they are.
        wide_enough = torch.promote_types(cls_scores.dtype, torch.float32)
        return loss_by_feat(self, cls_scores.to(wide_enough), data_samples)

    BaseHead.loss_by_feat = loss_by_float_feat


def checkpoint_activations_explicitly():
    """Keep ``with_cp=True`` from warning, and from failing in a later PyTorch, for the lack of an argument.

    Answers ``UserWarning: torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly``.
    """
    from mmaction.models.backbones import resnet, resnet3d

    # Not the other way: it computes a block twice more instead of once where a function like MANet's
    # excite_and_shift differentiates within its own backward pass.
    checkpoint = functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=True)
    for module in (resnet, resnet3d):
        module.cp = types.SimpleNamespace(checkpoint=checkpoint)


def balance_losses_of_blended_labels():
    """Let ``CBFocalLoss`` take blended labels, as Mixup, CutMix and label smoothing give them.

    Answers ``RuntimeError: one_hot is only applicable to index tensor of type LongTensor``. A blended label costs what
    its labels cost, each by its share: with mixup (Zhang et al., ICLR 2018), the loss of the one times lambda plus that
    of the other times 1 - lambda.
    """
    from mmaction.models.losses import CBFocalLoss

    forward = CBFocalLoss._forward

    @functools.wraps(forward)
    def forward_any_label(self, cls_score, label, **kwargs):
        if label.shape != cls_score.shape:
            return forward(self, cls_score, label, **kwargs)
        log_p, log_q = F.logsigmoid(cls_score), F.logsigmoid(-cls_score)
        if_label = -((self.gamma * log_q).exp() * log_p)
        if_not = -((self.gamma * log_p).exp() * log_q)
        # Of each sample, the loss for each label that it could have.
        losses = if_not.sum(dim=1, keepdim=True) - if_not + if_label
        weights = torch.as_tensor(self.weights, dtype=losses.dtype, device=losses.device)
        return (label * weights * losses).sum() / label.sum()

    CBFocalLoss._forward = forward_any_label


def decay_weights_by_default():
    """Let TSM's optimizer constructor, and with it MANet's, take an optimizer that names no ``weight_decay``.

    Answers ``TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'``, in the first step: the groups of
    parameters are given None as their decay, in place of the optimizer's default.
    """
    from mmaction.engine.optimizers import TSMOptimWrapperConstructor

    add_params = TSMOptimWrapperConstructor.add_params

    @functools.wraps(add_params)
    def add_params_without_none(self, params, model, **kwargs):
        add_params(self, params, model, **kwargs)
        for group in params:
            if group['weight_decay'] is None:
                del group['weight_decay']

    TSMOptimWrapperConstructor.add_params = add_params_without_none

"""Changes to MMAction2 1.2.0."""

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

from mmaction_microaction.utils.precision import at_least_float32

from .tin_shift import shift_groups_by_fractions


def silence_mmcv_lite():
    """Suppress ``mmcv-lite``'s warning about a compiled operator that no network of this project uses.

    Suppresses ``UserWarning: Fail to import MultiScaleDeformableAttention from mmcv.ops.multi_scale_deform_attn, You
    should install mmcv rather than mmcv-lite if you need this module``.
    """
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


def provide_missing_drn():
    """Allow the import of ``mmaction.models`` although its wheel lacks the module of the DRN localizer.

    Fixes ``ModuleNotFoundError: No module named 'mmaction.models.localizers.drn'`` (mmaction2 issue 2714). DRN itself
    remains unavailable: building it raises an ``ImportError``.
    """
    name = 'mmaction.models.localizers.drn'
    # find_spec(name) would import mmaction.models, which fails, so look for the module in its folder.
    localizers = [f'{folder}/models/localizers' for folder in find_spec('mmaction').submodule_search_locations]
    if name in sys.modules or PathFinder.find_spec(name, localizers):
        return

    class DRN(torch.nn.Module):
        """Placeholder for the localizer that the wheel lacks."""

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
    """Allow ``ColorJitter`` to shift the hue with NumPy 2.

    Fixes ``OverflowError: Python integer -23 out of bounds for uint8``: NumPy 2 no longer promotes a ``uint8`` array
    when a larger or negative Python integer is added.
    """
    if np.lib.NumpyVersion(np.__version__) < '2.0.0':
        return

    import cv2
    from mmaction.datasets.transforms.processing import ColorJitter

    def adjust_hue(img, factor):
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        # MMAction2 scales the factor by 255, although OpenCV stores the hue of 8-bit images in units of 2 degrees.
        hsv[..., 0] = (hsv[..., 0].astype(int) + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    ColorJitter.adjust_hue = staticmethod(adjust_hue)


def provide_infinity_to_pose_transforms():
    """Allow ``PoseCompact`` and ``MMCompact`` to find the box around the joints with NumPy 2.

    Fixes ``AttributeError: `np.Inf` was removed in the NumPy 2.0 release. Use `np.inf` instead.``
    """
    from mmaction.datasets.transforms import pose_transforms

    class NumPyWithInf(types.ModuleType):
        """NumPy as that module sees it. The module that others import remains as it is."""

        Inf = np.inf

        def __getattr__(self, name):
            return getattr(np, name)

    pose_transforms.np = NumPyWithInf('numpy')


def sample_for_tests_without_side_effects():
    """Restore NumPy's random state after ``UniformSampleFrames`` and ``MMUniformSampleFrames`` have sampled for a test.

    They set the seed of the global generator to 255 for every sample, so that the random numbers of everything else in
    the process repeat: training clips after a validation without workers, for example. The sampled frames remain the
    same.
    """
    from mmaction.datasets.transforms import UniformSampleFrames

    get_test_clips = UniformSampleFrames._get_test_clips

    @functools.wraps(get_test_clips)
    def get_test_clips_and_restore(self, num_frames, clip_len):
        state = np.random.get_state()
        try:
            return get_test_clips(self, num_frames, clip_len)
        finally:
            np.random.set_state(state)

    UniformSampleFrames._get_test_clips = get_test_clips_and_restore


def start_from_scratch():
    """Allow ``pretrained=None`` to start any backbone from random weights, without a second option.

    Fixes ``TypeError: expected string or bytes-like object, got 'NoneType'`` of TSM, TIN, MobileNetV2 and Video Swin,
    ``AttributeError: 'list' object has no attribute 'get'`` of MobileOne and ``AssertionError: please specify clip
    pretraied checkpoint`` of UniFormerV2: they try to load weights unless ``pretrained2d`` or ``clip_pretrained`` is
    False.
    """
    from mmaction.models import backbones

    def disable_unless_pretrained(cls, option):
        init = cls.__init__

        @functools.wraps(init)
        def init_and_disable(self, *args, **kwargs):
            init(self, *args, **kwargs)
            # The weights of mmpretrain's MobileOne are set in init_cfg only.
            in_init_cfg = isinstance(self.init_cfg, dict) and self.init_cfg.get('type') == 'Pretrained'
            if getattr(self, 'pretrained', None) is None and not in_init_cfg:
                setattr(self, option, False)

        cls.__init__ = init_and_disable

    options = dict(
        ResNetTSM='pretrained2d',
        MobileNetV2TSM='pretrained2d',
        MobileOneTSM='pretrained2d',  # only with mmpretrain
        SwinTransformer3D='pretrained2d',
        UniFormerV2='clip_pretrained',
    )
    for name, option in options.items():
        if hasattr(backbones, name):
            disable_unless_pretrained(getattr(backbones, name), option)


def run_tin_without_compiled_mmcv():
    """Allow TIN to run without mmcv's compiled operator, which ``mmcv-lite`` lacks and which never supports the CPU.

    Fixes ``ImportError: Failed to import `tin_shift` from `mmcv.ops`. You will be unable to use TIN.``
    """
    from mmaction.models.backbones import resnet_tin

    linear_sampler = resnet_tin.linear_sampler

    @functools.wraps(linear_sampler)
    def linear_sampler_on_any_device(data, offset):
        if data.is_cuda and find_spec('mmcv._ext'):
            return linear_sampler(data, offset)
        return shift_groups_by_fractions(data, offset)

    resnet_tin.linear_sampler = linear_sampler_on_any_device


def compute_accuracy_in_float32():
    """Allow heads to compute loss and accuracy from logits in bfloat16.

    Fixes ``TypeError: Got unsupported ScalarType BFloat16``: the accuracy is computed in NumPy, which lacks this type.
    """
    from mmaction.models.heads import BaseHead

    loss_by_feat = BaseHead.loss_by_feat

    @functools.wraps(loss_by_feat)
    def loss_by_float32_feat(self, cls_scores, data_samples):
        return loss_by_feat(self, at_least_float32(cls_scores), data_samples)

    BaseHead.loss_by_feat = loss_by_float32_feat


def pass_use_reentrant():
    """Pass ``use_reentrant`` to PyTorch's activation checkpointing (``with_cp=True``), as later versions will require.

    Fixes ``UserWarning: torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly``.
    """
    from mmaction.models.backbones import resnet, resnet3d

    # With use_reentrant=False, a block is recomputed twice instead of once if a function such as MANet's
    # excite_and_shift differentiates within its own backward pass.
    checkpoint = functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=True)
    for module in (resnet, resnet3d):
        module.cp = types.SimpleNamespace(checkpoint=checkpoint)


def accept_blended_labels_in_focal_loss():
    """Allow ``CBFocalLoss`` to be computed from blended labels, as produced by Mixup, CutMix and label smoothing.

    Fixes ``RuntimeError: one_hot is only applicable to index tensor of type LongTensor``. The loss of a blended label
    is the weighted mean of the losses of its labels. With mixup (Zhang et al., ICLR 2018), the loss of one label is
    multiplied by lambda, the loss of the other by 1 - lambda.
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
        # Entry (n, k) is the loss of sample n if k is its label.
        losses = if_not.sum(dim=1, keepdim=True) - if_not + if_label
        weights = torch.as_tensor(self.weights, dtype=losses.dtype, device=losses.device)
        return (label * weights * losses).sum() / label.sum()

    CBFocalLoss._forward = forward_any_label


def use_default_weight_decay():
    """Allow an optimizer without ``weight_decay`` in TSM's optimizer constructor, and so in MANet's.

    Fixes ``TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'`` in the first step: the constructor
    sets the weight decay of its groups to None instead of leaving the optimizer's default.
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

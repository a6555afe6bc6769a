"""Where in the frames a network saw an action: Grad-CAM (Selvaraju et al., ICCV 2017)."""

import copy
import warnings
from functools import partial

import torch
from mmaction.models.backbones import ResNet, ResNet3d
from mmaction.structures import ActionDataSample
from mmaction.utils import GradCAM

from .windows import Window, WindowPipeline, gather


def has_gradcam(model):
    """Say whether ``gradcam`` knows a network.

    Args:
        model (nn.Module): A recognizer.

    Returns:
        bool: Whether its backbone is a ResNet, 2D or 3D.
    """
    return isinstance(model.backbone, (ResNet, ResNet3d))


def gradcam(model, inputs, target=None):
    """Map how much each place of each frame speaks for an action, at the output of the last residual block.

    There, where only pooling and a linear layer follow, as in TSN, TSM, MANet and I3D, Grad-CAM is the part that a
    place has in the logit of the action (class activation mapping, Zhou et al., CVPR 2016), without what speaks against
    it. The maps are interpolated between the places of that block, one every 32 pixels: 7 x 7 of a frame of 224 x 224.

    Args:
        model (nn.Module): A trained recognizer with a ResNet, 2D or 3D; it is left as it is.
        inputs (torch.Tensor): What the test pipeline packs, shape (T, 3, H, W) or (views, 3, T, H, W).
        target (int, optional): Fine label. Defaults to None: the predicted one.

    Returns:
        np.ndarray: Shape (T, H, W), 3D views one after the other; 0 is the smallest value of a clip or 3D view and 1
        the largest. All zero where nothing speaks for the action.

    Raises:
        ValueError: If the network has no ResNet, or no such action.
    """
    backbone = model.backbone
    if not has_gradcam(model):
        raise ValueError(
            f'Grad-CAM is drawn of the last residual block, which {type(backbone).__name__} has not; take a network '
            'with a ResNet, such as TSN, TSM, MANet or I3D.'
        )
    if target is not None and not 0 <= target < model.cls_head.num_classes:
        raise ValueError(f'expected an action from 0 to {model.cls_head.num_classes - 1}, got {target}')
    last = backbone.res_layers[-1]
    # GradCAM leaves hooks and gradients behind, and changes how the head averages: the copy takes them with it. It asks
    # for gradients of frozen layers too.
    cam = GradCAM(copy.deepcopy(model).requires_grad_(True), f'backbone/{last}/{len(getattr(backbone, last)) - 1}/relu')
    data_sample = ActionDataSample()
    if target is not None:
        data_sample.set_gt_label(target)
    data = dict(inputs=[inputs], data_samples=[data_sample])
    with warnings.catch_warnings(), torch.enable_grad():
        # It would lack gradients of the input of the ReLU, which are not asked for.
        warnings.filterwarnings('ignore', message='Using a non-full backward hook')
        # Its public method gives pictures, in which the maps cannot be told from the frames.
        maps, _ = cam._calculate_localization_map(data, use_labels=target is not None)
    return maps.flatten(0, 1).cpu().numpy()


def read_sample(video, pipeline, window=None):
    """Run a test pipeline on a window of a video, and keep the frames for the eye.

    Args:
        video (Video): The video.
        pipeline (list[dict]): Of the config, ``test_dataloader.dataset.pipeline``.
        window (Window, optional): The frames. Defaults to None: all.

    Returns:
        tuple[torch.Tensor, np.ndarray]: What the pipeline packs, and the frames of it, cut and scaled as the network
        sees them but as they were before ``SubtractMeanFrame``: RGB, uint8, shape (T, H, W, 3), views one after the
        other.

    Raises:
        ValueError: If the frames cannot be decoded.
    """
    window = window or Window(0, video.num_frames, 0, video.duration)
    treat = WindowPipeline(pipeline)
    cut = WindowPipeline([step for step in pipeline if step['type'] != 'SubtractMeanFrame'])
    wanted = partial(treat.frame_indices, fps=video.fps)
    gathered = next(gather(video.frames(), [window], wanted, treat.shrink), None)
    if gathered is None:
        raise ValueError(f'{video.path} breaks off before the end of what is to be seen; give another video')
    inputs, seen = (steps.pack(window.stop - window.start, gathered[1], video.fps) for steps in (treat, cut))
    frames = seen if seen.dim() == 4 else seen.transpose(1, 2).flatten(0, 1)
    return inputs, frames.permute(0, 2, 3, 1).numpy()

"""Grad-CAM (Selvaraju et al., ICCV 2017): maps of where in the frames a network saw an action."""

import copy
import warnings
from functools import partial

import numpy as np
import torch
from mmaction.models.backbones import ResNet, ResNet3d
from mmaction.structures import ActionDataSample
from mmaction.utils import GradCAM

from mmaction_microaction.video.reader import Video

from .windows import Window, WindowPipeline, gather


def has_gradcam(model: torch.nn.Module) -> bool:
    """Return whether :func:`gradcam` supports a network.

    Args:
        model (torch.nn.Module): A recognizer.

    Returns:
        bool: True if the backbone is a ResNet, 2D or 3D.
    """
    return isinstance(model.backbone, (ResNet, ResNet3d))


def gradcam(model: torch.nn.Module, inputs: torch.Tensor, target: int | None = None) -> np.ndarray:
    """Map the evidence for an action in each frame, at the output of the last residual block.

    In TSN, TSM, MANet and I3D, only pooling and a linear layer follow this block. There, Grad-CAM is the contribution
    of a position to the logit of the action (class activation mapping, Zhou et al., CVPR 2016), with negative
    contributions set to zero. The block has one position for every 32 pixels, 7 x 7 for a frame of 224 x 224; the maps
    are interpolated between them.

    Args:
        model (torch.nn.Module): A trained recognizer with a ResNet, 2D or 3D. It is not modified.
        inputs (torch.Tensor): One clip as the test pipeline packs it, shape (T, 3, H, W) or (views, 3, T, H, W).
        target (int, optional): Fine label. Defaults to None: the predicted label.

    Returns:
        np.ndarray: Maps, shape (T, H, W); 3D views follow one another. Values are scaled from the smallest (0) to the
        largest (1) of the clip, or of the 3D view. All values are 0 if there is no evidence for the action.

    Raises:
        ValueError: If the network has no ResNet, or ``target`` is out of range.
    """
    backbone = model.backbone
    if not has_gradcam(model):
        raise ValueError(
            f'Grad-CAM needs the last residual block of a ResNet, but the backbone is {type(backbone).__name__}; use a '
            'network with a ResNet, such as TSN, TSM, MANet or I3D'
        )
    if target is not None and not 0 <= target < model.cls_head.num_classes:
        raise ValueError(f'expected an action from 0 to {model.cls_head.num_classes - 1}, got {target}')
    last = backbone.res_layers[-1]
    # GradCAM leaves hooks and gradients behind and changes how the head averages, so it works on a copy. It needs
    # gradients of frozen layers too.
    cam = GradCAM(copy.deepcopy(model).requires_grad_(True), f'backbone/{last}/{len(getattr(backbone, last)) - 1}/relu')
    data_sample = ActionDataSample()
    if target is not None:
        data_sample.set_gt_label(target)
    data = dict(inputs=[inputs], data_samples=[data_sample])
    with warnings.catch_warnings(), torch.enable_grad():
        # PyTorch warns that gradients of the input of the ReLU may be missing. They are not used.
        warnings.filterwarnings('ignore', message='Using a non-full backward hook')
        # The public method returns frames blended with the maps, from which the maps cannot be recovered.
        maps, _ = cam._calculate_localization_map(data, use_labels=target is not None)
    return maps.flatten(0, 1).cpu().numpy()


def read_sample(video: Video, pipeline: list[dict], window: Window | None = None) -> tuple[torch.Tensor, np.ndarray]:
    """Run a test pipeline on a window of a video, and keep the frames for display.

    Args:
        video (Video): The video.
        pipeline (list[dict]): Test pipeline of the config, ``test_dataloader.dataset.pipeline``.
        window (Window, optional): Window of the video. Defaults to None: the whole video.

    Returns:
        tuple[torch.Tensor, np.ndarray]: The input of the network, and its frames: RGB, uint8, shape (T, H, W, 3),
        cropped and scaled as the network sees them, but without ``SubtractMeanFrame``. 3D views follow one another.

    Raises:
        ValueError: If the frames cannot be decoded, or the pipeline needs poses.
    """
    window = window or Window(0, video.num_frames - 1, 0, video.duration)
    for_network = WindowPipeline(pipeline)
    if for_network.needs_poses:
        raise ValueError('Grad-CAM is not available for networks that need poses; use one that sees frames alone')
    for_display = WindowPipeline([step for step in pipeline if step['type'] != 'SubtractMeanFrame'])
    frame_indices = partial(for_network.frame_indices, fps=video.fps)
    gathered = next(gather(video.frames(), [window], frame_indices, for_network.shrink), None)
    if gathered is None:
        raise ValueError(f'{video.path} ends within the frames to be shown; use another video')
    _, images = gathered
    inputs, frames = (steps.pack(window.num_frames, images, video.fps) for steps in (for_network, for_display))
    frames = frames if frames.dim() == 4 else frames.transpose(1, 2).flatten(0, 1)
    return inputs, frames.permute(0, 2, 3, 1).numpy()

"""Grad-CAM of a piece of a video."""

import torch

from mmaction_microaction.inference.gradcam import gradcam
from mmaction_microaction.inference.windows import WindowPipeline, gather, window_at
from mmaction_microaction.videos import Video
from mmaction_microaction.visualization import plot_gradcam


def can_explain(inferencer):
    """Say whether a network has the gradients that Grad-CAM needs.

    Args:
        inferencer (MicroActionInferencer): With the network.

    Returns:
        bool: False for an ONNX file.
    """
    return hasattr(inferencer.recognizer, 'model')


def explain(inferencer, path, interval, whole):
    """Draw where a network saw an action.

    Args:
        inferencer (MicroActionInferencer): With the network.
        path (str | Path): The video.
        interval (Interval): The action, and when.
        whole (bool): Whether the video was taken for one clip; otherwise the network looks at a window in the middle of
            the interval, as it does for a timeline.

    Returns:
        matplotlib.figure.Figure: Frames above, maps below.

    Raises:
        ValueError: If it cannot be done with this network, or the video breaks off.
    """
    recognizer, video = inferencer.recognizer, Video(path)
    if not can_explain(inferencer):
        raise ValueError('Grad-CAM needs gradients, which an ONNX file has not; choose a network with a checkpoint.')
    begin, length = 0, video.duration
    if not whole:
        length = min(inferencer.window, video.duration)
        begin = min(max((interval.start + interval.end - length) / 2, 0), video.duration - length)
    window = window_at(video.times, video.duration, begin, length)
    pipeline = WindowPipeline(recognizer.pipeline)
    # For the eye, frames as they were before neighbours were subtracted, where the network wants that.
    plain = WindowPipeline([step for step in recognizer.pipeline if step['type'] != 'SubtractMeanFrame'])
    gathered = next(gather(video.frames(), [window], pipeline.frame_indices), None)
    if gathered is None:
        raise ValueError('The video breaks off before this action; choose an earlier one.')
    images = gathered[2]
    inputs = pipeline.pack(window.stop - window.start, images)
    frames = plain.pack(window.stop - window.start, images)
    if frames.dim() == 5:
        # Views of 3D networks, one after the other.
        frames = frames.transpose(1, 2).flatten(0, 1)
    maps = gradcam(recognizer.model, {'inputs': inputs}, interval.label)
    scores = recognizer(torch.stack([inputs]))[0]
    begin = video.times[window.start]
    title = f'What the network saw, {begin:.1f} to {begin + window.seconds:.1f} s'
    return plot_gradcam(frames.permute(0, 2, 3, 1).numpy(), maps, scores, interval.label, title)

"""Grad-CAM figures of clips and intervals."""

from pathlib import Path

from matplotlib.figure import Figure

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.gradcam import gradcam, has_gradcam, read_sample
from mmaction_microaction.inference.windows import window_at
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.reader import Video
from mmaction_microaction.visualization import plot_gradcam


def can_explain(inferencer: MicroActionInferencer) -> bool:
    """Return whether Grad-CAM supports a network.

    Args:
        inferencer (MicroActionInferencer): Inferencer with the network.

    Returns:
        bool: False for a detector, for an ONNX file, which has no gradients, for a network without a ResNet, and for
        one that needs poses.
    """
    model = getattr(inferencer.recognizer, 'model', None)
    if model is None or not has_gradcam(model):
        return False
    return not (inferencer.is_detector or inferencer.pipeline.needs_poses)


def explain(inferencer: MicroActionInferencer, video: str | Path | Video, interval: Interval, whole: bool) -> Figure:
    """Draw where a network saw an action.

    Args:
        inferencer (MicroActionInferencer): Inferencer with the network.
        video (str | Path | Video): Path of the video, or the open video.
        interval (Interval): The action and its time.
        whole (bool): True for a video that is one clip. False for a timeline: the network sees one window in the middle
            of the interval.

    Returns:
        Figure: Frames above, maps below.

    Raises:
        ValueError: If Grad-CAM does not support the network, or the video breaks off.
    """
    recognizer, video = inferencer.recognizer, video if isinstance(video, Video) else Video(video)
    if not can_explain(inferencer):
        raise ValueError('Grad-CAM needs the gradients of a ResNet; choose such a network.')
    start, length = 0, video.duration
    if not whole:
        length = min(inferencer.window, video.duration)
        start = min(max((interval.start + interval.end - length) / 2, 0), video.duration - length)
    window = window_at(video.times, video.duration, start, length)
    inputs, frames = read_sample(video, recognizer.pipeline, window)
    maps = gradcam(recognizer.model, inputs, interval.label)
    [scores] = recognizer(inputs[None])
    title = f'What the network saw, {window.start:.1f} to {window.end:.1f} s'
    return plot_gradcam(frames, maps, scores, interval.label, title, label_set=inferencer.label_set)

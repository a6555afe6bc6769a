"""Grad-CAM of a piece of a video."""

from mmaction_microaction.inference.gradcam import gradcam, has_gradcam, read_sample
from mmaction_microaction.inference.windows import window_at
from mmaction_microaction.video.reader import Video
from mmaction_microaction.visualization import plot_gradcam


def can_explain(inferencer):
    """Say whether Grad-CAM can be drawn of a network.

    Args:
        inferencer (MicroActionInferencer): With the network.

    Returns:
        bool: False for an ONNX file, which has no gradients, and for networks without a ResNet.
    """
    model = getattr(inferencer.recognizer, 'model', None)
    return model is not None and has_gradcam(model)


def explain(inferencer, video, interval, whole):
    """Draw where a network saw an action.

    Args:
        inferencer (MicroActionInferencer): With the network.
        video (str | Path | Video): The video.
        interval (Interval): The action, and when.
        whole (bool): Whether the video was taken for one clip; otherwise the network looks at a window in the middle of
            the interval, as it does for a timeline.

    Returns:
        matplotlib.figure.Figure: Frames above, maps below.

    Raises:
        ValueError: If it cannot be done with this network, or the video breaks off.
    """
    recognizer, video = inferencer.recognizer, video if isinstance(video, Video) else Video(video)
    if not can_explain(inferencer):
        raise ValueError('Grad-CAM needs the gradients of a ResNet; choose a network that has them.')
    begin, length = 0, video.duration
    if not whole:
        length = min(inferencer.window, video.duration)
        begin = min(max((interval.start + interval.end - length) / 2, 0), video.duration - length)
    window = window_at(video.times, video.duration, begin, length)
    inputs, frames = read_sample(video, recognizer.pipeline, window)
    maps = gradcam(recognizer.model, inputs, interval.label)
    [scores] = recognizer(inputs[None])
    title = f'What the network saw, {window.begin:.1f} to {window.begin + window.seconds:.1f} s'
    return plot_gradcam(frames, maps, scores, interval.label, title)

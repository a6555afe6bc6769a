"""Whether a pipeline samples as many frames as a network takes for one clip."""

from mmaction.models.recognizers import Recognizer2D, Recognizer3D
from mmengine.model import is_model_wrapper


def check_frames(model, pipeline, source):
    """Refuse a pipeline whose clips are not those of a network that works on single frames (TSM, TIN, MANet, MAENet).

    Such a network cuts the frames that it is given into clips of ``num_segments``. Frames of another sampling are cut
    in the wrong places without an error as long as their number divides: one clip of 16 frames counts as two of 8.

    Args:
        model (torch.nn.Module): The network.
        pipeline (list[dict | Callable]): Transforms, as configs or built.
        source (str): What the pipeline is called in a message, such as ``'train_dataloader'``.

    Raises:
        ValueError: If parts of the network differ in ``num_segments``, or the pipeline samples clips of another length
            or gives a 3D network frames.
    """
    network = model.module if is_model_wrapper(model) else model
    input_format = next(filter(None, (_get(step, 'input_format') for step in pipeline)), None)
    for kind, expected, other in ((Recognizer2D, 'NCHW', 'NCTHW'), (Recognizer3D, 'NCTHW', 'NCHW')):
        if isinstance(network, kind) and input_format == other:
            raise ValueError(
                f'The pipeline of {source} has FormatShape(input_format={other!r}), and a {kind.__name__} takes '
                f'{expected!r}: 2D networks take single frames, 3D networks clips of them.'
            )
    if input_format != 'NCHW':
        return
    # By what a config knows, backbone, cls_head, action_backbone, …: the layers inside have it from there.
    segments = {
        name: module.num_segments
        for name, module in network.named_children()
        if isinstance(getattr(module, 'num_segments', None), int)
    }
    sampling = next((step for step in pipeline if _get(step, 'clip_len') is not None), None)
    if not segments or sampling is None:
        return
    told = ', '.join(f'model.{name}.num_segments={number}' for name, number in segments.items())
    if len(set(segments.values())) > 1:
        raise ValueError(f'The parts of the network take clips of different numbers of frames: {told}. Set them alike.')
    (num_segments,) = set(segments.values())
    clip_len, num_clips = _get(sampling, 'clip_len'), _get(sampling, 'num_clips') or 1
    if num_segments in (clip_len, clip_len * num_clips):
        return
    kind = sampling['type'] if isinstance(sampling, dict) else type(sampling).__name__
    raise ValueError(
        f'The pipeline of {source} samples clips of another number of frames than the network takes: {kind} has '
        f'clip_len={clip_len} and num_clips={num_clips}, the network {told}. Set num_clips={num_segments} with '
        f'clip_len=1 in the pipelines of train, val and test, or num_segments of the network. Several clips of a video '
        'are tested with twice_sample=True of SampleFrames, num_sample_positions of DenseSampleFrames, ThreeCrop or '
        'TenCrop.'
    )


def _get(step, name):
    """Return an argument of a transform, or None if it has no such argument or does not set it."""
    return step.get(name) if isinstance(step, dict) else getattr(step, name, None)

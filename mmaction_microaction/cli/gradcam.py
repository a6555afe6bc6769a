"""Draw where a network looks in a video (Grad-CAM). The network must have a ResNet.

microaction gradcam CONFIG CHECKPOINT VIDEO --out gradcam.png
microaction gradcam CONFIG CHECKPOINT VIDEO --out gradcam.png --label B1
"""

from pathlib import Path

SUFFIXES = ('.png', '.pdf', '.svg')


def add_arguments(parser):
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='weights of the network')
    parser.add_argument('video', help='video file')
    parser.add_argument(
        '--out', default='gradcam.png', metavar='FILE', help='.png, .pdf or .svg file to write (default: %(default)s)'
    )
    parser.add_argument(
        '--label',
        '--action',
        metavar='LABEL',
        help='label, code or name of the action to explain (default: the predicted action)',
    )
    parser.add_argument('--title', help='heading of the figure (default: name of the video)')


def check(args):
    if Path(args.out).suffix not in SUFFIXES:
        raise ValueError(f'--out {args.out}: must end in .png, .pdf or .svg')


def run(args):
    from mmaction_microaction.inference.gradcam import gradcam, read_sample
    from mmaction_microaction.inference.recognizer import TorchRecognizer
    from mmaction_microaction.utils.files import atomic_write, check_writable
    from mmaction_microaction.video.reader import Video
    from mmaction_microaction.visualization import plot_gradcam

    check_writable(args.out)
    video = Video(args.video)
    recognizer = TorchRecognizer(args.config, args.checkpoint)
    label_set = recognizer.label_set
    label = None if args.label is None else parse_label(args.label, label_set)
    inputs, frames = read_sample(video, recognizer.pipeline)
    [scores] = recognizer(inputs[None])
    maps = gradcam(recognizer.model, inputs, label)
    figure = plot_gradcam(frames, maps, scores, label, args.title or Path(args.video).name, label_set=label_set)
    with atomic_write(args.out) as unfinished:
        figure.savefig(unfinished, format=Path(args.out).suffix[1:])
    print(f'the frames and maps are drawn in {args.out}')


def parse_label(text, label_set):
    """Return the label of an action from its label, code or name.

    Raises:
        ValueError: If the label set has no such action.
    """
    from mmaction_microaction.structures.list_rows import ListReader

    label = ListReader(label_set).parse_label(text)
    if label is None or not 0 <= label < len(label_set):
        action = label_set.actions[-1]
        raise ValueError(
            f'--label {text}: the network has no such action. Use a label of {label_set.title}, 0 to {action.index}, '
            f'or a code or name, such as {action.code} or {action.name!r}'
        )
    return label

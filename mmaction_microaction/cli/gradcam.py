"""Draw where a network looks in a video (Grad-CAM). The network must have a ResNet.

microaction gradcam CONFIG CHECKPOINT VIDEO --out gradcam.png
microaction gradcam CONFIG CHECKPOINT VIDEO --out gradcam.png --action B1
"""

import argparse
from pathlib import Path

SUFFIXES = ('.png', '.pdf', '.svg')


def label_of(text):
    """Return the label of an action from its code or its label."""
    from mmaction_microaction.label_sets.ma52 import ACTIONS

    for action in ACTIONS:
        if text.upper() in (action.code, str(action.index)):
            return action.index
    raise argparse.ArgumentTypeError(f'{text} is neither a code, A1 to G4, nor a label, 0 to {len(ACTIONS) - 1}')


def add_arguments(parser):
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='weights of the network')
    parser.add_argument('video', help='video file')
    parser.add_argument(
        '--out', default='gradcam.png', metavar='FILE', help='.png, .pdf or .svg file to write (default: %(default)s)'
    )
    parser.add_argument(
        '--action', type=label_of, help='code or label of the action to explain (default: the predicted action)'
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
    inputs, frames = read_sample(video, recognizer.pipeline)
    [scores] = recognizer(inputs[None])
    maps = gradcam(recognizer.model, inputs, args.action)
    figure = plot_gradcam(frames, maps, scores, args.action, args.title or Path(args.video).name)
    with atomic_write(args.out) as unfinished:
        figure.savefig(unfinished, format=Path(args.out).suffix[1:])
    print(f'the frames and maps are drawn in {args.out}')

"""Draw where in a video a network saw an action (Grad-CAM); for networks with a ResNet.

python tools/plot_gradcam.py CONFIG CHECKPOINT VIDEO --out gradcam.png
python tools/plot_gradcam.py CONFIG CHECKPOINT VIDEO --out gradcam.png --action B1
"""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.inference.gradcam import gradcam, read_sample
from mmaction_microaction.inference.recognizer import TorchRecognizer
from mmaction_microaction.label_sets.ma52 import ACTIONS
from mmaction_microaction.utils.files import atomic_write, check_writable
from mmaction_microaction.utils.messages import warn_in_one_line
from mmaction_microaction.video.reader import Video
from mmaction_microaction.visualization import plot_gradcam


def action(text):
    for one in ACTIONS:
        if text.upper() in (one.code, str(one.index)):
            return one.index
    raise argparse.ArgumentTypeError(f'{text} is neither a code, A1 to G4, nor a label, 0 to {len(ACTIONS) - 1}')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('video')
    parser.add_argument('--out', default='gradcam.png', help='.png, .pdf or .svg (default: %(default)s)')
    parser.add_argument('--action', type=action, help='code or label (default: the predicted action)')
    parser.add_argument('--title', help='stands above (default: name of the video)')
    args = parser.parse_args()
    if Path(args.out).suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out {args.out}: name a .png, .pdf or .svg')
    return args


def main():
    args = parse_args()
    warn_in_one_line()
    try:
        check_writable(args.out)
        video = Video(args.video)
        recognizer = TorchRecognizer(args.config, args.checkpoint)
        inputs, frames = read_sample(video, recognizer.pipeline)
        [scores] = recognizer(inputs[None])
        maps = gradcam(recognizer.model, inputs, args.action)
        figure = plot_gradcam(frames, maps, scores, args.action, args.title or Path(args.video).name)
        with atomic_write(args.out) as unfinished:
            figure.savefig(unfinished, format=Path(args.out).suffix[1:])
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'the frames and maps are drawn in {args.out}')


if __name__ == '__main__':
    main()

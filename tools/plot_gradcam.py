"""Draw where in a video a network saw an action (Grad-CAM); for networks with a ResNet.

python tools/plot_gradcam.py CONFIG CHECKPOINT VIDEO --out gradcam.png
python tools/plot_gradcam.py CONFIG CHECKPOINT VIDEO --out gradcam.png --action B1
"""

import argparse
import pickle
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.runner import load_checkpoint

from mmaction_microaction.inference.gradcam import gradcam, read_sample
from mmaction_microaction.taxonomy import ACTIONS
from mmaction_microaction.visualization import plot_gradcam

# isort: split
from mmaction.apis import init_recognizer  # cannot be imported before the package


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
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        config = Config.fromfile(args.config)
        model = init_recognizer(config, device='cpu')
        try:
            load_checkpoint(model, args.checkpoint, map_location='cpu', strict=True)
        except RuntimeError as error:
            raise ValueError(f'{args.checkpoint} does not fit {args.config}: {error}') from None
        model.to(get_device())
        sample, frames = read_sample(args.video, config.test_dataloader.dataset.pipeline)
        with torch.no_grad():
            scores = model.test_step(pseudo_collate([sample]))[0].pred_score.cpu().numpy()
        maps = gradcam(model, sample, args.action)
        figure = plot_gradcam(frames, maps, scores, args.action, args.title or Path(args.video).name)
        figure.savefig(args.out)
    except (OSError, ValueError, pickle.UnpicklingError) as error:
        sys.exit(f'error: {error}')
    print(f'the frames and maps are drawn in {args.out}')


if __name__ == '__main__':
    main()

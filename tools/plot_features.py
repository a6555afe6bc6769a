"""Draw the features before the classifier in the plane (t-SNE or UMAP), of one network or of two side by side.

With MMAction2's FeatureHead in place of the head, a test writes features instead of scores:

mim test mmaction CONFIG --checkpoint CHECKPOINT --cfg-options test_dataloader.batch_size=1 \\
    model.cls_head._delete_=True model.cls_head.type=FeatureHead model.cls_head.average_clips=score \\
    test_evaluator._delete_=True test_evaluator.type=DumpResults test_evaluator.out_file_path=manet.pkl
python tools/plot_features.py manet.pkl tsm.pkl --ann-file data/ma52/val_list_videos.txt --out features.png

Larger batches work too, but every feature is written with all of its batch.
"""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.utils.files import atomic_write, check_writable
from mmaction_microaction.visualization import embed_features, plot_features, read_features
from mmaction_microaction.visualization.embedding import METHODS
from mmaction_microaction.visualization.names import tell_apart


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('features', nargs='+', help='what the tests wrote, one file or two')
    parser.add_argument('--ann-file', required=True, metavar='LIST', help='the list that was tested')
    parser.add_argument('--out', default='features.png', help='.png, .pdf or .svg (default: %(default)s)')
    parser.add_argument(
        '--method', choices=METHODS, default='tsne', help='umap needs: pip install umap-learn (default: %(default)s)'
    )
    parser.add_argument('--title', help='stands above')
    args = parser.parse_args()
    if not len({Path(path).resolve() for path in args.features}) == len(args.features) <= 2:
        parser.error('name one file, or two different ones')
    if Path(args.out).suffix not in ('.png', '.pdf', '.svg'):
        parser.error(f'--out {args.out}: name a .png, .pdf or .svg')
    return args


def main():
    args = parse_args()
    try:
        check_writable(args.out)
        runs = {}
        for name, path in zip(tell_apart(args.features), args.features):
            features, labels = read_features(path, args.ann_file)
            runs[name] = embed_features(features, method=args.method), labels
        figure = plot_features(runs, args.title, args.method)
        with atomic_write(args.out) as unfinished:
            figure.savefig(unfinished, format=Path(args.out).suffix[1:])
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'the features are drawn in {args.out}')


if __name__ == '__main__':
    main()

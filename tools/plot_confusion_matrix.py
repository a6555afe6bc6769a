"""Draw the confusion matrix of a test run.

mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
python tools/plot_confusion_matrix.py predictions.pkl --out confusion_matrix.png
"""

import argparse
import sys

from mmaction_microaction.evaluation.functional import rank_classes
from mmaction_microaction.visualization import confusion_matrix, plot_confusion_matrix, read_predictions


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', help='what mim test --dump wrote')
    parser.add_argument('--out', default='confusion_matrix.png', help='.png, .pdf or .svg (default: %(default)s)')
    parser.add_argument('--title', help='stands above the matrix')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        scores, labels = read_predictions(args.predictions)
        figure = plot_confusion_matrix(confusion_matrix(labels, rank_classes(scores)[:, 0]), args.title)
        figure.savefig(args.out)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'the confusion matrix is in {args.out}')


if __name__ == '__main__':
    main()

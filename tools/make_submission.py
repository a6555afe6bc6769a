"""Turn predictions into the file that the micro-action challenge takes.

PREDICTIONS is what mim test --dump wrote, or the pickle of the authors' test script: 52 probabilities per clip, in the
order of the list. Predictions of MMAction2's VideoDataset, which name no clips, are taken in that order, too. No code
is run from it.

mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
python tools/make_submission.py predictions.pkl --ann-file data/ma52/test_list_videos.txt --out submission
"""

import argparse
import sys

from mmaction_microaction.structures.predictions import read_scores
from mmaction_microaction.submission import SUBMISSION_FORMATS, write_submission
from mmaction_microaction.utils.messages import warn_in_one_line


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', metavar='PREDICTIONS', help='pickle with the scores of every clip')
    parser.add_argument('--ann-file', required=True, metavar='LIST', help='annotation list of the clips')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for prediction.csv and submission.zip')
    parser.add_argument(
        '--format',
        choices=SUBMISSION_FORMATS,
        default='codabench',
        help='codabench: MAC 2025 and the standing Codabench page; 2024: MAC 2024, which the page no longer takes '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--coarse-from',
        choices=('top1', 'sum'),
        default='top1',
        help='top1: body part of each action, as the authors; sum: by summed probability (default: %(default)s)',
    )
    parser.add_argument(
        '--ids',
        choices=('name', 'stem'),
        default='name',
        help='name: clips as they are listed, test0000.mp4; stem: test0000 (default: %(default)s)',
    )
    return parser.parse_args()


def main():
    args = parse_args()
    warn_in_one_line()
    try:
        names, scores = read_scores(args.predictions, args.ann_file)
        table, archive = write_submission(args.out, names, scores, args.format, args.coarse_from, args.ids)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    if SUBMISSION_FORMATS[args.format].note:
        print(f'note: {SUBMISSION_FORMATS[args.format].note}')
    print(f'{len(names):,} rows of format {args.format} are in {table}; upload {archive}')


if __name__ == '__main__':
    main()

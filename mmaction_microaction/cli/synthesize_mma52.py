"""Render a synthetic MMA-52: videos in which a person performs several actions.

Actions overlap, and may begin before the video or end after it. The files have
the same layout as MMA-52, and the tables contain the true intervals. The true
poses are written too. Run the command again with the same options to continue
an interrupted run.

    microaction synthesize-mma52 --out data/mma52_synthetic --videos 600,100,200 --size 64 --workers 2
"""

import argparse

from mmaction_microaction.utils import parallel

COUNTS = ('long-tailed', 'uniform')


def parse_video_counts(text):
    try:
        train, val, test = map(int, text.split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} must be the numbers of train, val and test videos, such as 600,100,200'
        ) from None
    return train, val, test


def add_arguments(parser):
    parser.add_argument('--out', default='data/mma52_synthetic', help='folder of the data set (default: %(default)s)')
    parser.add_argument(
        '--videos',
        type=parse_video_counts,
        default='600,100,200',
        metavar='TRAIN,VAL,TEST',
        help='number of videos in each split (default: %(default)s)',
    )
    parser.add_argument('--size', default='112', help='width of a 5:6 portrait, or WxH (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: %(default)s)')
    parser.add_argument(
        '--counts',
        choices=COUNTS,
        default='long-tailed',
        help='frequencies of the actions: long-tailed as in MMA-52, or uniform (default: %(default)s)',
    )
    parser.add_argument(
        '--subjects', type=int, default=200, help='number of subjects, none in two splits (default: %(default)s)'
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )


def run(args):
    from mmaction_microaction.synthetic import Mma52Settings, write_mma52_dataset
    from mmaction_microaction.synthetic.settings import parse_video_size
    from mmaction_microaction.utils.progress import progress_bar

    size = parse_video_size(args.size)
    settings = Mma52Settings(*args.videos, size, args.seed, args.counts, args.subjects)
    with progress_bar('rendering') as progress:
        write_mma52_dataset(args.out, settings, args.workers, progress)
    print(f'{sum(args.videos)} videos are in {args.out}')

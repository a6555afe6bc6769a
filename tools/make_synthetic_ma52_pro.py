"""Render a synthetic MA-52-Pro: people whose emotion shows in the face and in what they do, only together for certain.

Run it again with the same options to continue a run that was stopped.

    python tools/make_synthetic_ma52_pro.py --out data/ma52_pro_synthetic --videos 700 --seed 0 --workers 2
"""

import argparse
import sys

from mmaction_microaction.synthetic import ProSettings, video_size, write_pro_dataset
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.progress import progress_bar


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--out', default='data/ma52_pro_synthetic', help='folder of the data set (default: %(default)s)'
    )
    parser.add_argument(
        '--videos', type=int, default=700, help='5 : 1 : 1 in train, val and test (default: %(default)s)'
    )
    parser.add_argument(
        '--size',
        default='208',
        help='width of a 5:6 portrait, or WxH; a face is an eighth as high as the picture (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='another seed, another data set (default: %(default)s)')
    parser.add_argument(
        '--subjects', type=int, default=210, help='number of people, none in two splits (default: %(default)s)'
    )
    parser.add_argument('--workers', type=int, default=default_workers(), help='processes (default: %(default)s)')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        settings = ProSettings(args.videos, video_size(args.size), args.seed, args.subjects)
        with progress_bar('rendering') as progress:
            write_pro_dataset(args.out, settings, args.workers, progress)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.videos} videos are in {args.out}')


if __name__ == '__main__':
    main()

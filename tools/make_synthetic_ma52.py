"""Render a synthetic MA-52: a seated person who performs the 52 micro-actions, on disk exactly as the real data set.

Run it again with the same options to continue a run that was stopped.

    python tools/make_synthetic_ma52.py --out data/ma52_synthetic --clips 2080 --size 112 --workers 2
    python tools/make_synthetic_ma52.py --contact-sheet sheet.png
"""

import argparse
import sys
from pathlib import Path

import cv2

from mmaction_microaction.synthetic import Settings, draw_contact_sheet, video_size, write_dataset
from mmaction_microaction.synthetic.plan import COUNTS, PROTOCOLS
from mmaction_microaction.utils.files import check_writable, write_whole
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.progress import progress_bar


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', default='data/ma52_synthetic', help='folder of the data set (default: %(default)s)')
    parser.add_argument('--clips', type=int, default=2080, help='train, val and test together (default: %(default)s)')
    parser.add_argument(
        '--size',
        default='112',
        help="width of MA-52's 5:6 portrait (1080 there), or WxH (default: %(default)s)",
    )
    parser.add_argument('--seed', type=int, default=0, help='another seed, another data set (default: %(default)s)')
    parser.add_argument(
        '--counts',
        choices=COUNTS,
        default=COUNTS[0],
        help='clips per action; long-tailed as in MA-52 (default: uniform)',
    )
    parser.add_argument(
        '--protocol',
        choices=PROTOCOLS,
        default=PROTOCOLS[0],
        help='cross-subject: no subject in two splits; released: all splits share them (default: cross-subject)',
    )
    parser.add_argument('--subjects', type=int, default=200, help='number of people (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=default_workers(), help='processes (default: %(default)s)')
    parser.add_argument(
        '--contact-sheet', metavar='PNG', help='write one picture with 8 frames of each action, and no data set'
    )
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        size = video_size(args.size)
        if args.contact_sheet:
            path = Path(args.contact_sheet)
            if path.suffix != '.png':
                raise ValueError(f'cannot write {path}: it must be a .png')
            check_writable(path)
            write_whole(path, cv2.imencode('.png', draw_contact_sheet(size, args.seed)[..., ::-1])[1].tobytes())
            print(f'the contact sheet is in {path}')
            return
        settings = Settings(args.clips, size, args.seed, args.counts, args.protocol, args.subjects)
        with progress_bar('rendering') as progress:
            write_dataset(args.out, settings, args.workers, progress)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.clips} clips are in {args.out}')


if __name__ == '__main__':
    main()

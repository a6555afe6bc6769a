"""Render a long video whose micro-actions are known, to try timelines on: one person, one action after the other.

    python tools/make_long_video.py --actions 52 --size 64 --seed 1 --out long.mp4
    python tools/demo.py long.mp4 --model CONFIG CHECKPOINT --json found.json
    python tools/score_timeline.py found.json long.json

writes long.mp4 and, in the form of tools/demo.py --json, long.json. Its person is of the data set of the same seed.
"""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.structures.intervals import write_intervals
from mmaction_microaction.synthetic import video_size
from mmaction_microaction.synthetic.long_video import write_long_video
from mmaction_microaction.utils.files import check_writable


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--actions', type=int, default=52, help='how many, one after the other (default: %(default)s)')
    parser.add_argument('--size', default='112', help="width of MA-52's 5:6 portrait, or WxH (default: %(default)s)")
    parser.add_argument('--seed', type=int, default=1, help='another seed, another person (default: %(default)s)')
    parser.add_argument('--out', type=Path, default='long.mp4', help='the video, *.mp4 (default: %(default)s)')
    args = parser.parse_args()
    if args.out.suffix != '.mp4':
        parser.error(f'--out {args.out}: must end in .mp4')
    listed = args.out.with_suffix('.json')
    try:
        for path in (args.out, listed):
            check_writable(path)
        truth = write_long_video(args.out, args.actions, video_size(args.size), args.seed)
        write_intervals({str(args.out): truth}, listed)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{truth[-1].end:.0f} seconds are in {args.out}, what is seen when in {listed}')


if __name__ == '__main__':
    main()

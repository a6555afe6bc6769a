"""Join random clips to a long video whose micro-actions are known, to try timelines on.

    python tools/make_long_video.py data/ma52_synthetic/val_list_videos.txt data/ma52_synthetic/videos_val \\
        --clips 100 --out long.mp4
    python tools/demo.py long.mp4 --model CONFIG CHECKPOINT --json found.json
    python tools/score_timeline.py found.json long.json

writes long.mp4 and, in the form of tools/demo.py --json, long.json.
"""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.datasets.annotations import read_annotations
from mmaction_microaction.intervals import write_intervals
from mmaction_microaction.synthetic.long_video import join_clips


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ann_file', metavar='LIST', help='list of the clips')
    parser.add_argument('videos', metavar='FOLDER', help='folder with them')
    parser.add_argument('--clips', type=int, default=100, help='how many to join (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='another seed, other clips (default: %(default)s)')
    parser.add_argument('--out', type=Path, default='long.mp4', help='the video, *.mp4 (default: %(default)s)')
    args = parser.parse_args()
    if args.out.suffix != '.mp4':
        parser.error(f'--out {args.out}: must end in .mp4')
    try:
        truth = join_clips(args.videos, read_annotations(args.ann_file), args.clips, args.out, args.seed)
        write_intervals({str(args.out): truth}, args.out.with_suffix('.json'))
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{truth[-1].end:.0f} seconds are in {args.out}, what is seen when in {args.out.with_suffix(".json")}')


if __name__ == '__main__':
    main()

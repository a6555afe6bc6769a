"""Render a long video with known micro-actions, to evaluate timelines.

One person performs one action after the other. The true intervals are written
beside the video, in the format of "microaction demo --json", and the true poses
in a *.pkl. The person belongs to the synthetic data set of the same seed.

    microaction synthesize-video --actions 52 --size 64 --seed 1 --out long.mp4
    microaction demo long.mp4 --model CONFIG CHECKPOINT --json found.json
    microaction score found.json --truth long.json
"""

from pathlib import Path


def add_arguments(parser):
    parser.add_argument('--actions', type=int, help='number of actions (default: every micro-action once)')
    parser.add_argument(
        '--size', default='112', help='width of a 5:6 portrait, as in MA-52, or WxH (default: %(default)s)'
    )
    parser.add_argument(
        '--seed', type=int, default=1, help='random seed, which also chooses the person (default: %(default)s)'
    )
    parser.add_argument('--out', type=Path, default='long.mp4', help='video to write, *.mp4 (default: %(default)s)')


def check(args):
    if args.out.suffix != '.mp4':
        raise ValueError(f'--out {args.out}: must end in .mp4')


def run(args):
    from mmaction_microaction.label_sets import MA52
    from mmaction_microaction.structures.intervals import write_intervals
    from mmaction_microaction.synthetic.long_video import write_long_video
    from mmaction_microaction.synthetic.settings import parse_video_size
    from mmaction_microaction.utils.files import check_writable

    truth_file = args.out.with_suffix('.json')
    for path in (args.out, truth_file, args.out.with_suffix('.pkl')):
        check_writable(path)
    num_actions = len(MA52) if args.actions is None else args.actions
    truth = write_long_video(args.out, num_actions, parse_video_size(args.size), args.seed)
    write_intervals({str(args.out): truth}, truth_file)
    print(f'{truth[-1].end:.0f} seconds are in {args.out}, the true intervals in {truth_file}')

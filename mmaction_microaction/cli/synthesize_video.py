"""Render a long video with known micro-actions, to evaluate timelines.

One person performs one action after the other. The true intervals are written
beside the video, in the format of "microaction demo --json", and the true poses
in a *.pkl. The person belongs to the synthetic data set of the same seed.

    microaction synthesize-video --actions 52 --size 64 --seed 1 --out long.mp4
    microaction demo long.mp4 --model CONFIG CHECKPOINT --json found.json
    microaction score found.json --truth long.json

With --people, it is an interview: people side by side, who rest between their
actions. The true coding is in the *.json, as "microaction agree" reads it.

    microaction synthesize-video --people 2 --minutes 10 --size 256 --seed 1 --out interviews/P01.mp4
    microaction code interviews/ --out results/ --people 2
    microaction agree results/ interviews/
"""

from pathlib import Path


def add_arguments(parser):
    parser.add_argument(
        '--actions',
        type=int,
        metavar='N',
        help='number of actions of each person (default: every micro-action once; with --people, eight per minute)',
    )
    parser.add_argument(
        '--size', default='112', help='width of a 5:6 portrait, as in MA-52, or WxH, per person (default: %(default)s)'
    )
    parser.add_argument(
        '--seed', type=int, default=1, help='random seed, which also chooses the person (default: %(default)s)'
    )
    parser.add_argument('--people', type=int, metavar='N', help='interview with this number of people, 1 to 4')
    parser.add_argument('--minutes', type=float, metavar='N', help='duration of an interview (default: 10)')
    parser.add_argument('--out', type=Path, default='long.mp4', help='video to write, *.mp4 (default: %(default)s)')


def check(args):
    if args.out.suffix != '.mp4':
        raise ValueError(f'--out {args.out}: must end in .mp4')
    if args.minutes is not None and args.people is None:
        raise ValueError('--minutes is the duration of an interview; add --people')
    if args.minutes is not None and not 0 < args.minutes <= 24 * 60:
        raise ValueError(f'--minutes {args.minutes}: must be more than 0, and at most 1440')


def run(args):
    from mmaction_microaction.label_sets import MA52
    from mmaction_microaction.structures.intervals import write_intervals
    from mmaction_microaction.synthetic.interview import write_interview
    from mmaction_microaction.synthetic.long_video import write_long_video
    from mmaction_microaction.synthetic.settings import parse_video_size
    from mmaction_microaction.utils.files import check_writable
    from mmaction_microaction.utils.messages import format_count

    truth_file = args.out.with_suffix('.json')
    if args.people is not None:
        for path in (args.out, truth_file):
            check_writable(path)
        seconds = 60 * (10 if args.minutes is None else args.minutes)
        size = parse_video_size(args.size)
        coding = write_interview(args.out, args.people, seconds, size, args.seed, args.actions)
        count = format_count(len(coding.events), 'action')
        print(f'{args.out}: {count} in {seconds:.0f} seconds; the truth is in {truth_file}')
        return
    for path in (args.out, truth_file, args.out.with_suffix('.pkl')):
        check_writable(path)
    num_actions = len(MA52) if args.actions is None else args.actions
    truth = write_long_video(args.out, num_actions, parse_video_size(args.size), args.seed)
    write_intervals({str(args.out): truth}, truth_file)
    print(f'{truth[-1].end:.0f} seconds are in {args.out}, the true intervals in {truth_file}')

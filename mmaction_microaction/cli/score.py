"""Score the intervals that "microaction demo" found: precision and recall.

A found interval is correct if it overlaps a true interval of the same label
with at least the given intersection over union, and no found interval with a
higher score has been matched with that one. Videos are matched by file name.

    microaction score found.json true.json --iou 0.5
"""


def add_arguments(parser):
    parser.add_argument('found', help='intervals that "microaction demo --json" wrote')
    parser.add_argument('true', help='true intervals in the same format, without scores')
    parser.add_argument(
        '--iou',
        type=float,
        default=0.5,
        help='minimum intersection over union, above 0 and at most 1 (default: %(default)s)',
    )


def check(args):
    if not 0 < args.iou <= 1:
        raise ValueError(f'--iou {args.iou:g}: must be above 0 and at most 1')


def run(args):
    from mmaction_microaction.evaluation.functional import timeline_scores
    from mmaction_microaction.structures.intervals import read_intervals

    scores = timeline_scores(read_intervals(args.true), read_intervals(args.found), args.iou)
    print(
        f'| intersection over union at least {args.iou:g} | precision | recall | found | true |\n|---|---|---|---|---|'
    )
    for level, (correct, found, true) in scores.items():
        precision, recall = (f'{correct / count:.1%}' if count else 'none' for count in (found, true))
        print(f'| {level} | {precision} | {recall} | {found} | {true} |')

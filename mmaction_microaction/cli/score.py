"""Score the intervals that "microaction demo" detected: precision, recall and mAP.

A detection is correct if it overlaps a true interval of the same label with at
least the given intersection over union, and no detection with a higher score
has been matched with that interval. Videos are matched by file name. The mean
average precision (mAP) is that of MMA-52, over the actions that are true.

    microaction score detections.json --truth truth.json --iou 0.5
"""


def add_arguments(parser):
    parser.add_argument('detections', help='intervals that "microaction demo --json" wrote')
    parser.add_argument(
        '--truth', required=True, metavar='FILE', help='true intervals in the same format, without scores'
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        help='label set of both files: NAME of one of the package, or a .yaml or .txt FILE (default: ma52)',
    )
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
    from mmaction_microaction.evaluation.functional import count_detections, timeline_metrics
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.structures.intervals import read_intervals

    label_set = get_label_set(args.label_set)
    try:
        truth, detections = (read_intervals(path, label_set) for path in (args.truth, args.detections))
    except ValueError as error:
        if args.label_set:
            raise
        raise ValueError(
            f'{error} (labels are read as those of {label_set.title}, unless --label-set is used)'
        ) from None
    levels = count_detections(truth=truth, detections=detections, iou=args.iou)
    print(
        f'| intersection over union at least {args.iou:g} | precision | recall | detections | truth |\n'
        '|---|---|---|---|---|'
    )
    for level, (true_positives, num_detections, num_true) in levels.items():
        precision, recall = (f'{true_positives / n:.1%}' if n else 'none' for n in (num_detections, num_true))
        print(f'| {level} | {precision} | {recall} | {num_detections} | {num_true} |')
    if levels['fine'].truth:
        metrics = timeline_metrics(truth=truth, detections=detections)
        print('\n| mean average precision | average of 0.1 to 0.9 | 0.5 |\n|---|---|---|')
        for name, level in (('fine', 'action'), ('coarse', 'body')):
            if name in levels:
                print(f'| {name} | {metrics[f"{level}/average_mAP"]:.1f} | {metrics[f"{level}/mAP@0.5"]:.1f} |')

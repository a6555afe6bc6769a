"""Score detected actions by mean average precision, as the challenge scores track 2 (MMA-52).

FOUND is a table in the columns of the challenge (video_id,t_start,t_end,class,score),
or the file that "mim test … --dump" wrote for a detector. Times are in seconds.
All numbers are percentages: average_mAP is the mean over the thresholds 0.1 to 0.9,
mAP_challenge that over 0.2, 0.5 and 0.7. Classes that are never true are left out of
the means, as in "mim test". In the val split of MMA-52, every class is true.

    microaction score-detections found.csv --ann-file data/mma52/val.csv --json scores.json

Two scores that need no network show what a detector has to beat: every class over
every whole video, scored by its frequency in training; and the true actions of every
video, each over the whole video, with random scores.

    microaction score-detections --class-priors data/mma52/train.csv --ann-file data/mma52/val.csv
    microaction score-detections --true-labels --ann-file data/mma52/val.csv
"""

import warnings


def add_arguments(parser):
    parser.add_argument('found', metavar='FOUND', nargs='?', help='detections, as .csv or .pkl')
    parser.add_argument('--class-priors', metavar='TRAIN', help='score the frequencies of the classes in this table')
    parser.add_argument('--true-labels', action='store_true', help='score the true actions over whole videos')
    parser.add_argument('--seed', type=int, default=0, help='seed of --true-labels (default: %(default)s)')
    parser.add_argument('--ann-file', required=True, metavar='TABLE', help='table with the true actions')
    parser.add_argument('--label-set', default='ma52', help='label set of all files (default: %(default)s)')
    parser.add_argument('--json', metavar='OUT', help='file to write the numbers to, with those of each class')


def check(args):
    given = [args.found is not None, args.class_priors is not None, args.true_labels]
    if sum(given) != 1:
        raise ValueError('give one of FOUND, --class-priors and --true-labels')


def run(args):
    import json

    import numpy as np

    from mmaction_microaction.evaluation.functional import (
        detect_class_priors,
        detect_true_labels,
        detection_average_precisions,
        detection_metrics,
    )
    from mmaction_microaction.evaluation.metrics.detection_metric import describe_mean, format_detection_metrics
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.structures.detection_annotations import has_placeholders, read_detection_annotations
    from mmaction_microaction.structures.detections import collect_instances, read_detections
    from mmaction_microaction.utils.files import check_writable, write_whole
    from mmaction_microaction.utils.messages import first_few, format_count

    label_set = get_label_set(args.label_set)
    if args.json:
        check_writable(args.json)
    videos = read_detection_annotations(args.ann_file, label_set)
    if has_placeholders(videos):
        raise ValueError(
            f'{args.ann_file} has no true actions, like the placeholders of the test split, whose true ones are '
            'hidden: scores would be meaningless. Use the val table.'
        )
    truth = collect_instances(videos)
    if args.class_priors is not None:
        train = collect_instances(read_detection_annotations(args.class_priors, label_set))
        detections = detect_class_priors(videos, train.labels, len(label_set))
    elif args.true_labels:
        detections = detect_true_labels(videos, args.seed)
    else:
        detections = read_detections(args.found, label_set)
        unknown = sorted(set(detections.video_ids.tolist()) - {video.video_id for video in videos})
        if unknown:
            warnings.warn(
                f'{args.found} has detections in {format_count(len(unknown), "video")} that {args.ann_file} does not '
                f'list, which count as wrong: {first_few(unknown)}',
                stacklevel=1,
            )
        empty = int((detections.segments[:, 1] <= detections.segments[:, 0]).sum())
        if empty:
            warnings.warn(
                f'{args.found} has {format_count(empty, "row")} without a duration, whose end is not after the start: '
                'wrong',
                stacklevel=1,
            )

    try:
        metrics = detection_metrics(truth, detections, label_set, absent_classes='ignore')
    except ValueError as error:
        raise ValueError(f'{args.ann_file}: {error}') from None
    precisions = detection_average_precisions(truth, detections, len(label_set), absent_classes='ignore')
    counts = np.bincount(truth.labels, minlength=len(label_set))
    print(
        f'{format_count(len(detections.scores), "detection")}, {format_count(len(truth.labels), "true action")} of '
        f'{format_count(len(videos), "video")}'
    )
    print(format_detection_metrics(metrics))
    print(describe_mean(truth.labels, label_set))
    if args.json:
        classes = [
            {
                'name': name,
                'true': int(count),
                'AP': None if not count else [round(100 * float(value), 4) for value in column],
            }
            for name, count, column in zip(label_set.names, counts, precisions.T)
        ]
        content = {'unit': 'percent', **metrics, 'classes': classes}
        write_whole(args.json, (json.dumps(content, indent=1, allow_nan=False) + '\n').encode())

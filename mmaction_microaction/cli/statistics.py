"""Draw which actions of MMA-52 overlap, how long they last, and how many happen at once.

microaction statistics data/mma52/train.csv --out statistics.png
"""

from pathlib import Path

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument('table', help='table in the format of MMA-52')
    parser.add_argument('--out', required=True, type=Path, metavar='FIGURE', help='file to write: .png, .pdf or .svg')
    parser.add_argument('--label-set', default='ma52', help='label set of the table (default: %(default)s)')
    parser.add_argument('--title', help='title of the figure (default: path of the table)')


def check(args):
    if args.out.suffix not in ('.png', '.pdf', '.svg'):
        raise ValueError(f'--out {args.out}: the suffix must be .png, .pdf or .svg')


def run(args):
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.structures.detection_annotations import has_placeholders, read_detection_annotations
    from mmaction_microaction.structures.detection_statistics import summarize_detections
    from mmaction_microaction.utils.files import atomic_write, check_writable
    from mmaction_microaction.visualization import plot_detection_statistics

    label_set = get_label_set(args.label_set)
    check_writable(args.out)
    videos = read_detection_annotations(args.table, label_set)
    if has_placeholders(videos):
        raise ValueError(
            f'{args.table} has no true actions, like the placeholders of the test split: use another table'
        )
    statistics = summarize_detections(videos, label_set)
    figure = plot_detection_statistics(statistics, label_set, args.title or args.table)
    with atomic_write(args.out) as unfinished:
        figure.savefig(unfinished, format=args.out.suffix[1:])
    print(f'{args.out}: {format_count(len(statistics.labels), "action")} of {format_count(statistics.videos, "video")}')

"""Write a report about the predictions of a test run.

The report is a page with all tables and figures. The figures are also written
as PNG and PDF.

    mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
    microaction analyze predictions.pkl --videos data/ma52/videos_val --out report

Several files are the folds of a cross-validation. The report is about all their
clips, and contains the mean and the standard deviation of each metric:

    microaction analyze fold1.pkl fold2.pkl fold3.pkl --out report
"""


def add_arguments(parser):
    parser.add_argument('predictions', nargs='+', help='predictions that "mim test … --dump" wrote, or several folds')
    parser.add_argument(
        '--compare', nargs='+', metavar='PREDICTIONS', help='predictions of another network for the same clips'
    )
    parser.add_argument(
        '--ann-file', metavar='LIST', help='list of the training clips (default: the numbers of clips in the label set)'
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE (default: the one in the predictions)',
    )
    parser.add_argument(
        '--videos', metavar='FOLDER', help='folder of the tested videos, for links, durations and frames'
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write to')
    parser.add_argument('--title', help='heading of the page')


def run(args):
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.report import write_report

    page = write_report(
        args.predictions,
        args.out,
        args.compare,
        args.ann_file,
        args.videos,
        args.title,
        None if args.label_set is None else get_label_set(args.label_set),
    )
    print(f'the report is in {page}, its figures as PNG and PDF beside it')

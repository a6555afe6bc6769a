"""Write a report about the predictions of a test run.

The report is a page with all tables and figures. The figures are also written
as PNG and PDF.

    mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
    microaction analyze predictions.pkl --videos data/ma52/videos_val --out report
"""


def add_arguments(parser):
    parser.add_argument('predictions', help='predictions that "mim test … --dump" wrote')
    parser.add_argument('--compare', metavar='PREDICTIONS', help='predictions of another network for the same clips')
    parser.add_argument(
        '--ann-file', metavar='LIST', help="list of the training clips (default: the numbers of clips of MA-52's list)"
    )
    parser.add_argument(
        '--videos', metavar='FOLDER', help='folder of the tested videos, for links, durations and frames'
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write to')
    parser.add_argument('--title', help='heading of the page')


def run(args):
    from mmaction_microaction.report import write_report

    page = write_report(args.predictions, args.out, args.compare, args.ann_file, args.videos, args.title)
    print(f'the report is in {page}, its figures as PNG and PDF beside it')

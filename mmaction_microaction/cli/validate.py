"""Check a submission file for the micro-action challenge before it is uploaded.

The check covers columns, labels, names of clips and the contents of the zip file.
The header of the table says which track and year it is for.

    microaction validate submission.zip --ann-file data/ma52/test_list_videos.txt
    microaction validate submission.zip --ann-file data/mma52/test.csv
"""

import sys

SHOWN = 20
"""Number of problems that are printed."""


def add_arguments(parser):
    parser.add_argument('file', metavar='FILE', help='.csv or .zip, of either track')
    parser.add_argument(
        '--ann-file',
        metavar='LIST',
        help='annotation list of the clips that the file must contain, or table of MMA-52',
    )


def run(args):
    from mmaction_microaction.submission import validate_submission

    report = validate_submission(args.file, args.ann_file)
    for problem in report.problems[:SHOWN]:
        print(f'{args.file}: {problem}')
    if len(report.problems) > SHOWN:
        print(f'… and {len(report.problems) - SHOWN:,} more')
    for note in report.notes:
        print(f'note: {note}')
    if report.problems:
        sys.exit(f'{args.file} is not valid; problems: {len(report.problems):,}')
    print(f'{args.file} is valid: {report.rows:,} rows in the format {report.format}')

"""Check a file for the micro-action challenge before it is uploaded: columns, labels, names, and the zip around them.

python tools/validate_submission.py submission.zip --ann-file data/ma52/test_list_videos.txt
"""

import argparse
import sys

from mmaction_microaction.submission import validate_submission

SHOWN = 20


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file', metavar='FILE', help='.csv or .zip, of MAC 2024 or of the standing Codabench page')
    parser.add_argument('--ann-file', metavar='LIST', help='annotation list of the clips that have to be there')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        report = validate_submission(args.file, args.ann_file)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    for problem in report.problems[:SHOWN]:
        print(f'{args.file}: {problem}')
    if len(report.problems) > SHOWN:
        print(f'… and {len(report.problems) - SHOWN:,} more')
    for note in report.notes:
        print(f'note: {note}')
    if report.problems:
        sys.exit(f'{args.file} is not valid; problems: {len(report.problems):,}')
    print(f'{args.file} is valid: {report.rows:,} rows in the format {report.format}')


if __name__ == '__main__':
    main()

"""Write a report of a test run: figures as PNG and PDF, and a page with all of them and the tables.

mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
python tools/analyze.py predictions.pkl --videos data/ma52/videos_val --out report
"""

import argparse
import sys

from mmaction_microaction.report import write_report


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', help='what mim test --dump wrote')
    parser.add_argument('--compare', metavar='PREDICTIONS', help='those of another network for the same clips')
    parser.add_argument(
        '--ann-file', metavar='LIST', help="list of the clips trained on (default: MA-52's numbers of clips)"
    )
    parser.add_argument(
        '--videos', metavar='FOLDER', help='folder with the tested videos, for links, durations and frames'
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write to')
    parser.add_argument('--title', help='heading of the page')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        page = write_report(args.predictions, args.out, args.compare, args.ann_file, args.videos, args.title)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'the report is in {page}, its figures as PNG and PDF beside it')


if __name__ == '__main__':
    main()

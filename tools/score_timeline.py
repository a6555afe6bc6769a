"""Compare the intervals that tools/demo.py found with the true ones: precision and recall.

    python tools/score_timeline.py found.json true.json --iou 0.5

A found interval is right if a true one of the same label overlaps it so far that the intersection is at least the given
share of the union, and no better scored one has taken that. Videos are matched by their file names.
"""

import argparse
import sys

from mmaction_microaction.evaluation.functional import timeline_scores
from mmaction_microaction.structures.intervals import read_intervals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('found', help='what tools/demo.py --json wrote')
    parser.add_argument('true', help='the truth in the same form, scores left out')
    parser.add_argument('--iou', type=float, default=0.5, help='least intersection over union (default: %(default)s)')
    args = parser.parse_args()
    if not 0 < args.iou <= 1:
        parser.error(f'--iou {args.iou:g}: must be above 0 and at most 1')
    try:
        scores = timeline_scores(read_intervals(args.true), read_intervals(args.found), args.iou)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(
        f'| intersection over union at least {args.iou:g} | precision | recall | found | true |\n|---|---|---|---|---|'
    )
    for level, (right, found, true) in scores.items():
        precision, recall = (f'{right / count:.1%}' if count else 'none' for count in (found, true))
        print(f'| {level} | {precision} | {recall} | {found} | {true} |')


if __name__ == '__main__':
    main()

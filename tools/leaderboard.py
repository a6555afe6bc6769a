"""Put the newest test results of work dirs into one Markdown table, beside the numbers of the paper.

Runs of the same config, with several seeds say, give mean and sample standard deviation.

    python tools/leaderboard.py work_dirs/* --out leaderboard
"""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.report.leaderboard import rank, to_csv, to_markdown
from mmaction_microaction.report.published import read_published
from mmaction_microaction.report.scored_runs import read_runs
from mmaction_microaction.utils.files import make_folder, write_whole


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dirs', nargs='*', metavar='WORK_DIR', help='folder that mim test wrote to')
    parser.add_argument('--all', action='store_true', help='also show what was published and not run')
    parser.add_argument(
        '--extra',
        action='append',
        default=[],
        metavar='KEY',
        help='one more column, as reversed_pairs/top1; repeatable',
    )
    parser.add_argument('--out', metavar='PREFIX', help='also write PREFIX.md and PREFIX.csv')
    args = parser.parse_args()
    if not (args.work_dirs or args.all):
        parser.error('name work dirs, or use --all')
    return args


def main():
    args = parse_args()
    runs, problems = read_runs(args.work_dirs)
    known = sorted({key for run in runs for key in run.metrics})
    problems += [
        f'no result has {key}; they have {", ".join(known)}' for key in args.extra if runs and key not in known
    ]
    rows = rank(runs, read_published(), args.all)
    if rows:
        table = to_markdown(rows, runs, args.extra)
        print(table, flush=True)
        if args.out:
            try:
                make_folder(Path(args.out).parent)
                write_whole(f'{args.out}.md', f'{table}\n'.encode(errors='backslashreplace'))
                to_csv(rows, f'{args.out}.csv', args.extra)
            except OSError as error:
                problems.append(str(error))
    if problems:
        sys.exit('\n'.join(f'error: {problem}' for problem in problems))


if __name__ == '__main__':
    main()

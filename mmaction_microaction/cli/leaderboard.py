"""Compare the latest test results of work dirs, and the paper, in a Markdown table.

Runs of one config, for instance with several seeds, are summarised by mean and
sample standard deviation. Every label set has a table of its own; only runs on
MA-52 are compared with the paper. A file of predictions, which "mim test …
--dump" or "microaction fuse" wrote, has a row of its own.

    microaction leaderboard work_dirs/* fused.pkl --out leaderboard
"""

import sys
from pathlib import Path


def add_arguments(parser):
    parser.add_argument(
        'work_dirs', nargs='*', metavar='WORK_DIR', help='folder that "mim test" wrote to, or predictions'
    )
    parser.add_argument('--all', action='store_true', help='also show published results of configs that were not run')
    parser.add_argument(
        '--extra',
        action='append',
        default=[],
        metavar='KEY',
        help='additional column, such as reversed_pairs/top1; can be repeated',
    )
    parser.add_argument('--out', metavar='PREFIX', help='also write the table to PREFIX.md and PREFIX.csv')


def check(args):
    if not (args.work_dirs or args.all):
        raise ValueError('pass work dirs, or use --all')


def run(args):
    from mmaction_microaction.report.leaderboard import rank, to_csv, to_markdown
    from mmaction_microaction.report.published import read_published
    from mmaction_microaction.report.scored_runs import read_runs
    from mmaction_microaction.utils.files import make_folder, write_whole

    runs, problems = read_runs(args.work_dirs)
    known = sorted({key for run in runs for key in run.metrics})
    problems += [
        f'no result has {key}; available are {", ".join(known)}' for key in args.extra if runs and key not in known
    ]
    tables = rank(runs, read_published(), args.all)
    if tables:
        text = to_markdown(tables, args.extra)
        print(text, flush=True)
        if args.out:
            try:
                make_folder(Path(args.out).parent)
                write_whole(f'{args.out}.md', f'{text}\n'.encode(errors='backslashreplace'))
                to_csv(tables, f'{args.out}.csv', args.extra)
            except OSError as error:
                problems.append(str(error))
    if problems:
        sys.exit('\n'.join(f'error: {problem}' for problem in problems))

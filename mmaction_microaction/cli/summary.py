"""Summarise coded recordings: how often and how long each person does what.

CODED are files and folders of coded recordings; a pattern such as
'results/*.eaf' chooses the files of a format. The tables have a row for each
recording, person and action, also for actions that never happen.

    microaction summary human/ --bin 60 --out summary.xlsx
    microaction summary human/ --label-set ma52 --figures figures

docs/agreement.md explains the columns, and what BORIS calls them.
"""

import math
from pathlib import Path

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument('coded', nargs='+', metavar='CODED', help='file, folder, or pattern of files in quotes')
    parser.add_argument('--people', default='*', metavar='PATTERN', help="names of the people, such as 'P1*'")
    parser.add_argument(
        '--tiers',
        metavar='PATTERN',
        help="tiers that are read, of ELAN and Praat files, such as '*human*'; other files of folders are not read "
        '(default: all files, all tiers)',
    )
    parser.add_argument(
        '--bin', type=float, metavar='SECONDS', help='duration of time bins, such as 60 (default: no time bins)'
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        help='actions that have rows: NAME of a label set of the package, or a .yaml or .txt FILE (default: those of '
        'the recordings)',
    )
    parser.add_argument(
        '--duration',
        type=float,
        metavar='SECONDS',
        help='duration of recordings whose files do not contain it (default: their rates are left out)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='PATH',
        help='.xlsx or .json file for all tables, folder for a CSV file of each table, or .csv file for the long table',
    )
    parser.add_argument('--figures', type=Path, metavar='DIR', help='folder for the figures raster.png and rates.png')


def check(args):
    for option, value in ('bin', args.bin), ('duration', args.duration):
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f'--{option} {value:g}: must be above 0')


def run(args):
    from mmaction_microaction.coding.result_tables import check_table_path, write_tables
    from mmaction_microaction.coding.sides import read_side
    from mmaction_microaction.coding.summary import find_actions, note_summary, summarize_codings
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.utils.files import make_folder

    label_set = get_label_set(args.label_set) if args.label_set else None
    if args.out:
        check_table_path(args.out)
    if args.figures:
        make_folder(args.figures)
    codings = read_side(args.coded, args.people, args.tiers)
    tables = summarize_codings(codings, find_actions(codings, label_set), args.bin, args.duration)
    for note in note_summary(codings, label_set, args.duration):
        print(f'note: {note}')
    show(codings, next(table for table in tables if table.name == 'people'))
    if args.out:
        print(f'written: {", ".join(map(str, write_tables(tables, args.out)))}')
        if args.out.suffix.lower() == '.csv' and not args.out.is_dir():
            print('note: it contains the long table; choose .xlsx, .json or a folder for all tables')
    if args.figures:
        print(f'written: {", ".join(map(str, draw(codings, label_set, args.duration, args.figures)))}')


def show(codings, people):
    """Print the actions of each person over all recordings."""
    from mmaction_microaction.coding.result_tables import ResultTable, print_table

    num_actions = len({row[3] for row in people.rows})
    happening = [row for row in people.rows if row[people.columns.index('n')]]
    num_happening = len({row[3] for row in happening})
    recordings = format_count(len(codings), 'recording')
    print(f'{recordings}; {num_happening:,} of {num_actions:,} actions happen')
    columns = {
        **{'person': 'person', 'action': 'action', 'n': 'n', 'total_s': 'total s', 'mean_s': 'mean s', 'sd_s': 'sd s'},
        **{'per_minute': 'per minute', 'percent_of_time': '% of time'},
    }
    if happening:
        print_table(ResultTable('', people.columns, happening), columns, missing='-')


def draw(codings, label_set, duration, folder):
    """Write the figures, and return their paths."""
    from mmaction_microaction.coding.rates import count_rates
    from mmaction_microaction.coding.summary import recording_seconds
    from mmaction_microaction.utils.files import atomic_write
    from mmaction_microaction.visualization import plot_raster, plot_rates

    seconds = [recording_seconds(coding, duration) for coding in codings]
    figures = {'raster': plot_raster(codings, [value or 0 for value in seconds], label_set)}
    if None not in seconds and any(coding.events for coding in codings):
        *values, left_out = count_rates(codings, duration)
        remark = f'; {left_out}' if left_out else ''
        subtitle = f'events per minute, with exact Poisson intervals of 95 %{remark}'
        figures['rates'] = plot_rates(*values, subtitle=subtitle)
    paths = [folder / f'{name}.png' for name in figures]
    for path, figure in zip(paths, figures.values()):
        with atomic_write(path) as unfinished:
            figure.savefig(unfinished, format='png')
    return paths

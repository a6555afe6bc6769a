"""Compare two codings of the same recordings: kappa, confusions and a list of disagreements.

A and B are files or folders of coded recordings, of two people or of a person
and a program. A pattern such as 'results/*.eaf' chooses the files of a format.
Recordings and people are matched by their names.

    microaction agree anna/ ben/ --out agreement.xlsx
    microaction agree results/ human/ --unit 1 --tolerance 0.5 --out agreement

docs/agreement.md explains which of the numbers to report.
"""

import math
from pathlib import Path

SHOWN = 10
"""Number of rows of the lists on the screen."""
MAX_ROWS = 40
"""Number of rows of the tables on the screen beyond which actions are not listed for each person."""


def add_arguments(parser):
    parser.add_argument('first', metavar='A', help='file or folder of the first side, or a pattern in quotes')
    parser.add_argument('second', metavar='B', help='file or folder of the second side, or a pattern in quotes')
    parser.add_argument(
        '--unit',
        type=float,
        default=1,
        metavar='SECONDS',
        help='duration of a unit of time, in which an action is present or not (default: %(default)s)',
    )
    rules = parser.add_mutually_exclusive_group()
    rules.add_argument(
        '--tolerance',
        type=float,
        metavar='SECONDS',
        help='largest difference of the starts of two events that are the same (default: 0.5)',
    )
    rules.add_argument(
        '--overlap',
        type=float,
        metavar='SHARE',
        help='instead of --tolerance, as in EasyDIAg and ELAN: smallest overlap of two events that are the same, as a '
        'share of the longer one, such as 0.6',
    )
    parser.add_argument('--people', default='*', metavar='PATTERN', help="names of the people, such as 'P1*'")
    for side in 'AB':
        parser.add_argument(
            f'--tiers-{side.lower()}',
            metavar='PATTERN',
            help=f"tiers of {side} that are read, of ELAN and Praat files, such as '*human*'; other files of a "
            'folder are not read (default: all files, all tiers)',
        )
    parser.add_argument(
        '--truth',
        choices=('A', 'B'),
        help='side that is the truth for precision and recall (default: the side without scores, if the other side '
        'is a program)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='PATH',
        help='.xlsx or .json file for all tables, folder for a CSV file of each table, or .csv file for the table of '
        'units',
    )


def check(args):
    for option, value, largest in ('unit', args.unit, math.inf), ('overlap', args.overlap, 1):
        if value is not None and not (0 < value <= largest and math.isfinite(value)):
            bound = '' if largest > 1 else ' and at most 1'
            raise ValueError(f'--{option} {value:g}: must be above 0{bound}')
    if args.tolerance is not None and not 0 <= args.tolerance < math.inf:
        raise ValueError(f'--tolerance {args.tolerance:g}: must be 0 or more')


def run(args):
    from mmaction_microaction.coding.agreement import compare_codings, find_reference, has_scores
    from mmaction_microaction.coding.compared_pair import AgreementSettings
    from mmaction_microaction.coding.result_tables import check_table_path, write_tables
    from mmaction_microaction.coding.sides import read_side

    if args.out:
        check_table_path(args.out)
    sides = (args.first, args.tiers_a), (args.second, args.tiers_b)
    first, second = (read_side([path], args.people, tiers) for path, tiers in sides)
    tolerance = args.tolerance if args.tolerance is not None or args.overlap is not None else 0.5
    reference = args.truth or find_reference(first, second)
    result = compare_codings(first, second, AgreementSettings(args.unit, tolerance, args.overlap, reference))
    show(result, args.first, args.second, reference)
    if reference is None and has_scores(first) and has_scores(second):
        print('note: both sides have scores, so neither is the truth; --truth B shows the precision and recall of A')
    if args.out:
        files = write_tables(result.tables, args.out)
        print(f'written: {", ".join(map(str, files))}')
        if args.out.suffix.lower() == '.csv' and not args.out.is_dir():
            print('note: it contains the table of units; choose .xlsx, .json or a folder for all tables')


def show(result, first, second, reference):
    """Print the tables of all recordings together, and the first disagreements."""
    from mmaction_microaction.coding.agreement import ALL
    from mmaction_microaction.coding.result_tables import ResultTable, print_table

    facts = dict(reversed(result.about.rows))
    print(f'A: {first} ({facts["A"]})\nB: {second} ({facts["B"]})')
    print(f'recordings: {facts["recordings"]}; people in recordings: {facts["people in recordings"]}')
    for note in result.notes:
        print(f'note: {note}')

    def select(table):
        rows = [row for row in table.rows if row[0] == ALL]
        if len(rows) > MAX_ROWS:  # one row for each person, and one for each action of all people
            rows = [row for row in rows if ALL in row[1:3]]
        return ResultTable(table.name, table.columns, rows)

    print(f'\nOn units of {facts["unit"]}')
    columns = {'person': 'person', 'action': 'action', 'both': 'both', 'only_A': 'only A', 'only_B': 'only B'}
    kappa = {'agreement_percent': 'agreement %', 'kappa': 'kappa'}
    positive = {'positive_agreement_percent': 'positive agreement %'}
    units = {'neither': 'neither', **kappa, 'pabak': 'PABAK', **positive, 'note': 'note'}
    print_table(select(result.units), {**columns, **units}, missing='-')
    print(f'\nOn events, {facts["events"]}')
    columns = {'person': 'person', 'action': 'action', 'same_action': 'both', 'other_action': 'other action'}
    columns.update({'only_A': 'only A', 'only_B': 'only B'}, **kappa, **positive)
    if reference:
        columns.update(precision_percent='precision %', recall_percent='recall %')
    print_table(select(result.events), {**columns, 'note': 'note'}, missing='-')
    if len(select(result.units).rows) < sum(row[0] == ALL for row in result.units.rows):
        print('The rows of each person and action are in the file of --out.')
    if reference:
        print(f'precision and recall: {reference} is the truth')
    confused = list_confusions(result.confusions)
    if confused:
        print(f'\nMost frequent of {len(confused):,} confusions and omissions')
        table = ResultTable('confused', ('A', 'B', 'events'), confused[:SHOWN])
        print_table(table, {name: name for name in table.columns})
    rows = result.disagreements.rows
    if rows:
        shown = f'first {SHOWN} of {len(rows):,}' if len(rows) > SHOWN else f'{len(rows):,}'
        print(f'\nDisagreements on events: {shown}')
        columns = {name: name for name in ('recording', 'person', 'time', 'A', 'B')}
        print_table(ResultTable('', result.disagreements.columns, rows[:SHOWN]), columns)


def list_confusions(table):
    """Return action of A, action of B and number of events, the most frequent first."""
    names = table.columns[1:]
    rows = [
        (row[0], name, count) for row in table.rows for name, count in zip(names, row[1:]) if name != row[0] and count
    ]
    return sorted(rows, key=lambda row: -row[2])

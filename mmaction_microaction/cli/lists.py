"""Make lists and a label set from a folder with one folder per class.

    microaction lists gestures --out data/own
    microaction lists gestures --out data/own --subjects "(p[0-9]+)_" --val 0.2 --test 0.1
    microaction lists gestures --out data/own --subjects people.csv --folds 5
    microaction lists gestures --out data/own --subjects "(p[0-9]+)_" --folds subjects

The clips are gestures/CLASS/CLIP.mp4, also in subfolders of CLASS. The lists
contain paths below the folder; the clips stay where they are. With --subjects,
no person is in two lists. Videos that cannot be read are named and left out.
"""

from pathlib import Path

from mmaction_microaction.utils import parallel
from mmaction_microaction.utils.tables import print_table


def add_arguments(parser):
    parser.add_argument('folder', type=Path, help='folder that contains one folder per class')
    parser.add_argument('--out', type=Path, required=True, help='folder for label_set.yaml and the lists')
    parser.add_argument(
        '--subjects',
        metavar='PATTERN|FILE.csv',
        help='who is in a clip: a regular expression whose group in parentheses is the subject, searched in the path '
        'below the folder, such as "(p[0-9]+)_"; or a table with the columns clip and subject',
    )
    parser.add_argument('--val', type=float, help='share of the clips in the val list (default: 0.2)')
    parser.add_argument('--test', type=float, default=0, help='share of the clips in a test list (default: no list)')
    parser.add_argument(
        '--folds',
        metavar='K|subjects',
        help='write lists for cross-validation with K folds, or with one fold per subject, to fold1, fold2, …',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: %(default)s)')
    parser.add_argument('--groups', action='store_true', help='the clips are FOLDER/GROUP/CLASS/CLIP.mp4')
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE, whose names or codes are those of the '
        'folders (default: the folders in alphabetical order)',
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )


def check(args):
    if args.folds is not None:
        if args.folds != 'subjects' and not (args.folds.isdecimal() and int(args.folds) > 1):
            raise ValueError(f'--folds must be a number from 2, or the word subjects, not {args.folds}')
        if args.val is not None:
            raise ValueError('--val and --folds exclude each other, since every clip is in the val list of one fold')
        if args.folds == 'subjects' and args.subjects is None:
            raise ValueError('--folds subjects needs --subjects')
    val = (0.2 if args.val is None else args.val) if args.folds is None else 0
    if not (0 < val < 1 or args.folds) or not 0 <= args.test < 1 or val + args.test >= 1:
        raise ValueError('--val must be between 0 and 1, --test at least 0, and their sum below 1')
    if args.seed < 0:
        raise ValueError('--seed must be at least 0')


def run(args):
    from mmaction_microaction.datasets.preparation.make_lists import SplitSettings, collect_lists, write_lists
    from mmaction_microaction.utils.progress import progress_bar

    folds = int(args.folds) if args.folds and args.folds != 'subjects' else args.folds
    settings = SplitSettings(0.2 if args.val is None else args.val, args.test, folds, args.seed)
    with progress_bar('checking videos') as progress:
        lists = collect_lists(
            args.folder,
            settings,
            args.subjects,
            args.groups,
            args.label_set,
            args.out.resolve().name,
            args.workers,
            progress,
        )
    files = write_lists(lists, args.out)
    _print_classes(lists)
    if folds:
        _print_folds(lists)
    print(f'{files[0]} and {len(files) - 1} lists are written; model.cls_head.num_classes is {len(lists.label_set)}')


def _print_classes(lists):
    """Print the number of clips and subjects of each class, and of the clips in each list."""
    import numpy as np

    groups, subjects = lists.label_set.has_groups, lists.subjects is not None
    splits = {name: indices for name, indices in lists.splits.items() if '/' not in name}
    titles = ['label', 'class', *[lists.label_set.group_term] * groups, 'clips', *['subjects'] * subjects, *splits]
    rows = []
    for action in lists.label_set.actions:
        clips = np.flatnonzero(lists.labels == action.index)
        counts = [np.count_nonzero(lists.labels[indices] == action.index) for indices in splits.values()]
        people = [lists.count_subjects(clips)] * subjects
        rows.append([action.index, action.name, *[action.group] * groups, len(clips), *people, *counts])
    everybody = [lists.count_subjects(range(len(lists.clips)))] * subjects
    sizes = [len(indices) for indices in splits.values()]
    rows.append(['', 'all clips', *[''] * groups, len(lists.clips), *everybody, *sizes])
    if subjects and splits:
        people = [lists.count_subjects(indices) for indices in splits.values()]
        rows.append(['', 'subjects', *[''] * groups, '', everybody[0], *people])
    print_table(titles, rows)


def _print_folds(lists):
    """Print the number of clips of each fold, and its held-out subjects."""
    from mmaction_microaction.utils.messages import first_few

    rows = []
    for name, held_out in lists.splits.items():
        fold, _, part = name.partition('/')
        if part == 'val':
            people = sorted({lists.subjects[index] for index in held_out}) if lists.subjects else []
            rows.append([fold, len(lists.splits[f'{fold}/train']), len(held_out), first_few(people, 10)])
    print_table(['fold', 'train', 'val', 'subjects in val'], rows)

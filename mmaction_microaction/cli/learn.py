"""Train a network for your own categories with coded recordings.

    microaction learn human/ --videos interviews/ --categories my.csv --out my.onnx
    microaction demo interviews/talk9.mp4 --model my.onnx

Coded events become clips, and times without events the class "rest". The
network of the package, which sees the joints of people, learns from them, or
another one with --model. It is tested with people who are in none of its
training clips. Everything but the network is in a folder beside it, such as
my_learn. The command can be interrupted and run again; nothing is replaced
without --force.
"""

from pathlib import Path

from mmaction_microaction.utils.messages import format_count
from mmaction_microaction.utils.tables import print_table

from .code import parse_subjects_option

FEW_CLIPS = 10
"""Number of clips of a category below which a warning says so: docs/transfer.md has what 5 to 20 are worth."""


def add_arguments(parser):
    parser.add_argument(
        'codings', nargs='+', type=Path, metavar='CODING', help='coded recording, or folder of coded recordings'
    )
    parser.add_argument(
        '--model',
        nargs='+',
        default=(),
        metavar=('CONFIG', 'CHECKPOINT'),
        help='network to start from: its config and its weights; without weights, the initial ones of the config '
        '(default: the network of the package, which sees joints)',
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.onnx', help='file for the trained network')
    parser.add_argument(
        '--videos', metavar='DIR', help='folder of the videos (default: the paths in the codings, and their folders)'
    )
    parser.add_argument(
        '--categories',
        metavar='FILE',
        help='table (.csv) with the column name and, optionally, group, code and includes; or a label set (.yaml, '
        '.txt) (default: all coded actions)',
    )
    parser.add_argument(
        '--people', default='*', metavar='PATTERN', help='people whose events are learned, such as "P1*" (default: all)'
    )
    parser.add_argument(
        '--tiers',
        metavar='PATTERN',
        help="tiers that are read, of ELAN and Praat files, such as '*human*'; other files of folders are not read "
        '(default: all files, all tiers)',
    )
    parser.add_argument(
        '--subjects',
        default='',
        metavar='left=P1,right=P2',
        help='names of the coded people who are on the left, on the right, or 1, 2, … from the left',
    )
    parser.add_argument(
        '--crop',
        default='auto',
        metavar='auto|person|none|X,Y,W,H',
        help='how clips are cropped: auto, to the person unless a video is framed like those of MA-52; person, always; '
        'none, never; or a box in pixels (default: %(default)s)',
    )
    parser.add_argument(
        '--shortest', type=float, default=1.0, metavar='S', help='shortest clip in seconds (default: %(default)s)'
    )
    parser.add_argument(
        '--longest',
        type=float,
        default=3.0,
        metavar='S',
        help='longest clip in seconds; longer events are cut into up to five of them (default: %(default)s)',
    )
    parser.add_argument(
        '--window',
        type=float,
        default=1.5,
        metavar='S',
        help='length of clips of point events and of rest in seconds (default: %(default)s)',
    )
    parser.add_argument(
        '--rest',
        choices=('between', 'whole', 'none'),
        default='between',
        help='where the class rest is from: between the first and the last event of a person, the whole recording, or '
        'no such class (default: %(default)s)',
    )
    parser.add_argument(
        '--val-split',
        choices=('person', 'recording', 'time'),
        default='person',
        help='what is tested: other people, other recordings, or the last events of known people '
        '(default: %(default)s)',
    )
    parser.add_argument('--val', type=float, default=0.2, help='share of the clips in the test (default: %(default)s)')
    parser.add_argument(
        '--folds',
        metavar='K|people',
        help='test with K networks, or one for each person, each trained on the other people; the result is trained on '
        'all clips',
    )
    parser.add_argument('--epochs', type=int, help='number of epochs (default: 5 to 40, for at least 200 steps)')
    parser.add_argument('--freeze', action='store_true', help='train only the classifier')
    parser.add_argument(
        '--no-flip', action='store_true', help='do not mirror clips (default: unless a category is left or right)'
    )
    parser.add_argument('--batch-size', type=int, metavar='N', help='clips in a step (default: that of the config)')
    parser.add_argument('--lr', type=float, help='learning rate (default: that of the config)')
    parser.add_argument(
        '--workers', type=int, default=0, help='processes that estimate joints or read clips (default: %(default)s)'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: %(default)s)')
    parser.add_argument('--work-dir', type=Path, metavar='DIR', help='folder for clips and logs (default: OUT_learn)')
    parser.add_argument('--dry-run', action='store_true', help='print the clips of each category and stop')
    parser.add_argument('--force', action='store_true', help='replace OUT, and a run of other settings in the work dir')


def check(args):
    if len(args.model) > 2:
        raise ValueError('--model takes a config and its checkpoint')
    if not 0 < args.shortest <= args.longest or not args.shortest <= args.window <= args.longest:
        raise ValueError('--shortest must be above 0, and --window between --shortest and --longest')
    if not 0 < args.val < 1:
        raise ValueError('--val must be between 0 and 1')
    if args.folds is not None and args.folds != 'people' and not (args.folds.isdecimal() and int(args.folds) > 1):
        raise ValueError(f'--folds must be a number from 2, or the word people, not {args.folds}')
    for option, value, least in (('epochs', args.epochs, 1), ('batch-size', args.batch_size, 1),
                                 ('workers', args.workers, 0), ('seed', args.seed, 0)):  # fmt: skip
        if value is not None and value < least:
            raise ValueError(f'--{option} must be at least {least}')
    if args.lr is not None and not args.lr > 0:
        raise ValueError('--lr must be above 0')
    args.subjects = parse_subjects_option(args.subjects)
    for option, path in (('--work-dir', get_work_dir(args)), ('--categories', args.categories)):
        for folder in filter(Path.is_dir, args.codings):
            if path and Path(path).resolve().is_relative_to(folder.resolve()):
                raise ValueError(
                    f'{path} is in {folder}, where it would be read as a coded recording; choose another {option}, or '
                    'move the codings to a folder of their own'
                )


def get_work_dir(args):
    """Return the folder for everything but the network."""
    return args.work_dir or args.out.with_name(f'{args.out.stem}_learn')


def run(args):
    from functools import partial

    from mmaction_microaction.coding.formats import read_codings
    from mmaction_microaction.coding.learning import (
        LearnSettings,
        Lengths,
        TrainSettings,
        learn,
        plan_learning,
        prepare_clips,
        prepare_poses,
    )
    from mmaction_microaction.coding.learning.configs import check_network, needs_poses
    from mmaction_microaction.inference.crops import parse_crop
    from mmaction_microaction.inference.export import check_output, require_onnx
    from mmaction_microaction.utils.progress import progress_bar

    folds = int(args.folds) if args.folds and args.folds != 'people' else args.folds
    settings = LearnSettings(
        args.categories, args.videos, args.subjects, parse_crop(args.crop),
        Lengths(args.shortest, args.longest, args.window), args.rest, args.val_split, args.val, folds, args.seed,
    )  # fmt: skip
    training = TrainSettings(
        *[*args.model, None, None][:2], args.epochs, args.freeze, not args.no_flip, args.batch_size, args.lr,
        args.workers, args.seed,
    )  # fmt: skip
    require_onnx()
    network = check_network(training)
    if check_output(args.out).exists() and not (args.force or args.dry_run):
        raise FileExistsError(f'{args.out} exists; choose another --out, or replace it with --force')
    plan = plan_learning(read_codings(args.codings, args.people, args.tiers), args.codings, settings)
    print_plan(plan, 'recordings' if args.val_split == 'recording' else 'people')
    if args.dry_run:
        return
    work_dir = get_work_dir(args)
    try:
        with progress_bar('cutting clips') as progress:
            prepare_clips(plan, settings, training, work_dir, args.force, progress)
        if needs_poses(network):
            with progress_bar('estimating joints') as progress:
                prepare_poses(plan, training, work_dir, progress)
        print(f'training; {work_dir} contains the clips (clips.csv says where each is from), the config and the log')
        learned = learn(plan, training, args.out, work_dir, partial(print, flush=True))
    except KeyboardInterrupt:
        raise KeyboardInterrupt('interrupted; the same command goes on where it was') from None
    print_result(plan, learned, args.val_split)


def print_plan(plan, kind):
    """Print the clips and people (or recordings) of each category, and warn where they are few."""
    import warnings

    import numpy as np

    from mmaction_microaction.utils.messages import first_few

    label_set, division = plan.label_set, plan.division
    recordings = format_count(len(plan.recordings), 'recording')
    minutes = sum(recording.duration for recording in plan.recordings) / 60
    print(
        f'{recordings}, {minutes:.1f} minutes: {format_count(len(plan.pieces), "clip")} of '
        f'{len(set(division.subjects))} {kind}'
    )
    if plan.categories.left_out:
        left_out = first_few((f'{name} ({count})' for name, count in plan.categories.left_out.items()), 20)
        warnings.warn(f'coded, but in no category and left out: {left_out}', stacklevel=2)
    subjects = np.array(division.subjects)
    rows, few, single, absent = [], [], [], []
    for action in label_set.actions:
        clips = np.flatnonzero(plan.labels == action.index)
        events = {id(plan.pieces[index].event) for index in clips if plan.pieces[index].event}
        row = [action.name, len(events) or '', len(clips), len(set(subjects[clips]))]
        if division.val is not None:
            counts = [np.isin(part, clips).sum() for part in (division.train, division.val)]
            row += counts
            absent += [action.name] * (not all(counts))
        rows.append(row)
        few += [action.name] * (len(clips) < FEW_CLIPS)
        single += [action.name] * (len(set(subjects[clips])) < 2)
    held_out = ['train', 'test'] if division.val is not None else []
    print_table(['category', 'events', 'clips', kind, *held_out], rows)
    if division.val is not None:
        print(f'tested with {first_few(sorted(set(subjects[division.val])), 20)}')
    else:
        print(f'tested in {len(division.folds)} folds; the result is trained on all clips')
    if few:
        warnings.warn(
            f'fewer than {FEW_CLIPS} clips of {first_few(few)}: expect little; code more, or join categories',
            stacklevel=2,
        )
    if single:
        warnings.warn(
            f'clips of {first_few(single)} are from only one of the {kind}: a network may learn who or where it is '
            'instead of the action, and no test can tell; code more',
            stacklevel=2,
        )
    if absent:
        warnings.warn(
            f'not both in training and test: {first_few(absent)}; try another --seed or --folds', stacklevel=2
        )


def print_result(plan, learned, split):
    """Print the scores of each category, and how to use the network."""
    from mmaction_microaction.report.predicted_run import PredictedRun

    tested = PredictedRun(learned.predictions)
    scores = tested.per_class
    rows = [
        [action.name, int(scores.support[action.index]),
         *(_percent(values[action.index]) for values in (scores.precision, scores.recall, scores.f1))]
        for action in plan.label_set.actions
    ]  # fmt: skip
    print_table(['category', 'tested clips', 'precision %', 'recall %', 'F1 %'], rows)
    whose = {'person': 'other people', 'recording': 'other recordings', 'time': 'the same people'}[split]
    print(
        f'{format_count(len(tested), "clip")} of {whose}: {100 * (tested.labels == tested.predictions).mean():.1f} % '
        'correct'
    )
    if not plan.division.folds:
        print('These clips also chose the best epoch, so expect a little less for others; --folds has no such choice.')
    print(f'the report is in {learned.report}')
    print(f'the network is {learned.model}: microaction code VIDEOS --model {learned.model} --out results')


def _percent(value):
    return '' if value != value else f'{100 * value:.0f}'  # NaN where a metric is not defined

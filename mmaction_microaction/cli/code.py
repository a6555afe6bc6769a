"""Code the micro-actions of people in recordings, for ELAN, BORIS and tables: a folder of interviews overnight.

    microaction code interviews/ --out results/
    microaction code interviews/ --out results/ --model CONFIG CHECKPOINT
    microaction code interviews/ --out results/ --model manet.onnx --people 2 --subjects left=P1,right=P2

For each recording NAME, --out contains NAME.json (everything), NAME.npz (the
scores of all windows, before the thresholds) and the formats of --formats. The
folders of the recordings are kept. code.log is the log.

The same command again continues where it was interrupted, tries failed
recordings again, and skips finished ones. Settings, network and version are
recorded: other ones are refused for the same --out. No file is overwritten
without --force, and with it, files that people have changed are renamed.

Other thresholds do not need the network again:

    microaction code interviews/ --out final/ --scores results/ --model manet.onnx --thresholds thresholds.json
"""

import warnings
from pathlib import Path

from . import add_crop_argument, add_network_arguments, add_window_arguments, check_network

DEFAULT_FORMATS = ('eaf', 'boris', 'csv', 'srt')
"""Formats that are written by default, besides JSON."""


def add_arguments(parser):
    parser.add_argument('videos', nargs='+', metavar='VIDEO', help='video, or folder that is searched for videos')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='folder of the results')
    add_network_arguments(parser)
    parser.add_argument(
        '--formats',
        metavar='NAME,NAME',
        help=f'formats of the results, besides JSON (default: {",".join(DEFAULT_FORMATS)})',
    )
    parser.add_argument(
        '--force',
        action='store_true',
        help='replacement of earlier results; files that people have changed get the ending .bak, and scores of the '
        'same network are used again',
    )
    parser.add_argument(
        '--join',
        action='append',
        default=[],
        metavar='RULE',
        help='how files that belong together are joined. gopro: chapters such as GX010042.MP4 and GX020042.MP4. '
        'numbered: files of one folder with consecutive numbers at the end of equal names, such as 00000.MTS and '
        '00001.MTS. "A1.mp4+A2.mp4": these files. May be repeated (default: every file is a recording)',
    )
    people = parser.add_argument_group('people', 'Finding people needs the extra "pose".')
    people.add_argument(
        '--people',
        default='all',
        metavar='N|all|left|right|largest',
        help='people who are coded. N: all, with a warning where a recording does not show N (default: all)',
    )
    people.add_argument(
        '--subjects',
        default='',
        metavar='left=P1,right=P2',
        help='names of the people in the study: of left and right for two people, of 1, 2, … from left to right for '
        'more (default: left, right, 1, …)',
    )
    add_crop_argument(people)
    bouts = parser.add_argument_group('bouts', 'What counts as an action, and what as rest.')
    bouts.add_argument(
        '--threshold',
        type=float,
        metavar='SCORE',
        help='minimum score of an action, from 0 to 1 (default: 0.5; 0.3 for a detector)',
    )
    bouts.add_argument(
        '--thresholds',
        type=Path,
        metavar='FILE',
        help='file of "microaction thresholds" with a threshold for each action; --threshold is that of the others',
    )
    bouts.add_argument(
        '--min-duration',
        type=float,
        default=0.5,
        metavar='SECONDS',
        help='minimum duration of a bout (default: %(default)s)',
    )
    bouts.add_argument(
        '--max-gap',
        type=float,
        default=0.5,
        metavar='SECONDS',
        help='longest gap in a bout that is closed; a detector ignores it (default: %(default)s)',
    )
    bouts.add_argument(
        '--overlap',
        action='store_true',
        help='several actions of one body part at the same time (default: the most probable one)',
    )
    bouts.add_argument(
        '--scores',
        type=Path,
        metavar='DIR',
        help='folder of the results of an earlier run, whose scores (.npz) are used if network, people and windows are '
        'the same (default: only those in --out)',
    )
    add_window_arguments(parser.add_argument_group('network'))


def check(args):
    check_network(args)
    args.subjects = parse_subjects_option(args.subjects)
    if args.crop not in ('auto', 'person') and (args.people in ('left', 'right') or args.people.isdecimal()):
        raise ValueError(
            f'--people {args.people} needs a search for people; use --crop auto or person instead of {args.crop}'
        )


def parse_subjects_option(text):
    """Return the names of the people in the study, by their names in the recordings."""
    from mmaction_microaction.coding.subjects import parse_subjects

    try:
        return parse_subjects(text)
    except ValueError as error:
        raise ValueError(f'--subjects {error}') from None


def run(args):
    from rich.console import Console
    from rich.markup import escape

    from mmaction_microaction.coding.batch import LOG, code_recordings
    from mmaction_microaction.coding.recordings import find_recordings
    from mmaction_microaction.coding.run_log import RunLog
    from mmaction_microaction.coding.settings import CodingSettings, identify_model
    from mmaction_microaction.coding.thresholds import read_thresholds
    from mmaction_microaction.inference.loading import SHIPPED_NETWORK, describe_shipped_network
    from mmaction_microaction.utils.files import make_folder

    console = Console(highlight=False, soft_wrap=True, emoji=False)
    # A warning must not break the progress bar.
    warnings.showwarning = lambda message, *_: console.print(escape(f'warning: {message}'), style='yellow')
    if not args.model:
        args.model = [SHIPPED_NETWORK]
        console.print(escape(describe_shipped_network()))
    settings = CodingSettings(
        identify_model(args.model),
        window=args.window,
        step=args.step,
        crop=choose_crop(args),
        people=args.people,
        subjects=args.subjects,
        threshold=args.threshold,
        thresholds=read_thresholds(args.thresholds) if args.thresholds else {},
        min_duration=args.min_duration,
        max_gap=args.max_gap,
        overlap=args.overlap,
    )
    formats = choose_formats(args.formats)
    recordings = find_recordings(args.videos, args.join)
    for recording in recordings:
        if len(recording.media) > 1:
            console.print(escape(f'joined: {recording}'))
    if args.scores and not args.scores.is_dir():
        raise FileNotFoundError(f'--scores {args.scores}: no such folder')
    make_folder(args.out)
    with RunLog(args.out / LOG, console) as log:
        try:
            failures = code_recordings(
                recordings,
                args.out,
                settings,
                lambda: load(args, settings),
                formats,
                force=args.force,
                scores_dir=args.scores,
                log=log,
            )
        except KeyboardInterrupt:
            text = f'interrupted; finished recordings are in {args.out}, and the same command continues'
            log.write(text)
            raise KeyboardInterrupt(text) from None
        except Exception as error:
            log.write(f'error: {error}', on_screen=False)  # The command ends with this message.
            raise
        for subject, reason in failures:
            log.write(f'not {"written" if isinstance(subject, Path) else "coded"}: {subject}: {reason}', 'red')
        if not failures:
            log.write('done: all recordings are coded')
    if failures:
        files = [subject.name for subject, _ in failures if isinstance(subject, Path)]
        texts = [f'{", ".join(files)} could not be written'] if files else []
        if len(failures) > len(files):
            texts.insert(0, f'{len(failures) - len(files)} of {len(recordings)} recordings were not coded')
        raise ValueError(f'{" and ".join(texts)}, see {args.out / LOG}; the same command tries again')


def choose_crop(args):
    """Return the crop of the settings: people who have to be told apart are searched for."""
    several = args.people in ('left', 'right') or (args.people.isdecimal() and int(args.people) > 1)
    return 'person' if several and args.crop == 'auto' else args.crop


def choose_formats(text):
    """Return the names of the requested formats."""
    from mmaction_microaction.coding.formats import FORMATS
    from mmaction_microaction.coding.formats.workbook import import_openpyxl

    writable = [name for name, form in FORMATS.items() if form.write]
    if text is None:
        return [name for name in DEFAULT_FORMATS if name in writable]
    names = [name.strip() for name in text.split(',') if name.strip()]
    unknown = [name for name in names if name not in writable]
    if unknown:
        raise ValueError(f'--formats {unknown[0]}: the formats are {", ".join(writable)}')
    if 'xlsx' in names:
        import_openpyxl()  # fails before the network runs overnight
    return names


def load(args, settings):
    """Open the network, and return a function that runs it on a recording."""
    from mmaction_microaction.coding.recognition import recognize_recording
    from mmaction_microaction.inference import MicroActionInferencer, parse_crop

    inferencer = MicroActionInferencer(
        *args.model,
        device=args.device,
        batch_size=args.batch_size,
        longest_clip=0,
        window=args.window,
        step=args.step,
        crop=parse_crop(settings.crop),
        person=settings.person,
    )
    inferencer.prepare()

    def recognize(recording, progress):
        return recognize_recording(inferencer, recording, settings.num_people, progress)

    return recognize

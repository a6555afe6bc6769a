"""Fit the thresholds of "microaction code" on recordings that people have coded.

SCORES are folders of results of "microaction code", or its .npz files. --coded
are codings of some of the same recordings by people: files and folders in any
format that can be read, such as ELAN's.

    microaction thresholds results/ --coded human/ --precision 0.8 --out thresholds.json

For each action, the threshold is the lowest one for which the wanted share of
the time above it was also coded by people. The network is not needed for this,
nor to apply the thresholds:

    microaction code interviews/ --out final/ --scores results/ --model manet.onnx --thresholds thresholds.json
"""

from pathlib import Path

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument(
        'scores', nargs='+', type=Path, metavar='SCORES', help='folder of results of "microaction code", or .npz file'
    )
    parser.add_argument(
        '--coded', nargs='+', type=Path, required=True, metavar='CODED', help='files or folders of human codings'
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='file for the thresholds (JSON)')
    parser.add_argument(
        '--precision',
        type=float,
        default=0.8,
        metavar='SHARE',
        help='wanted precision on time units, above 0 and up to 1 (default: %(default)s)',
    )
    parser.add_argument(
        '--min-events',
        type=int,
        default=5,
        metavar='N',
        help='minimum number of coded events of an action; others keep the default (default: %(default)s)',
    )
    parser.add_argument(
        '--people',
        default='*',
        metavar='PATTERN',
        help='pattern of the people in the human codings that are read, such as "P1*" (default: all)',
    )
    parser.add_argument(
        '--tiers',
        metavar='PATTERN',
        help="tiers that are read, of ELAN and Praat files, such as '*human*'; other files of folders are not read "
        '(default: all files, all tiers)',
    )


def check(args):
    if not 0 < args.precision <= 1:
        raise ValueError(f'--precision {args.precision:g}: must be above 0 and at most 1')
    if args.min_events < 1:
        raise ValueError(f'--min-events {args.min_events}: must be at least 1')


def run(args):
    from mmaction_microaction.coding.formats import read_codings
    from mmaction_microaction.coding.matching import match_codings
    from mmaction_microaction.coding.scores_file import read_recording_scores
    from mmaction_microaction.coding.thresholds import fit_thresholds, write_thresholds
    from mmaction_microaction.utils.files import check_writable

    check_writable(args.out)
    scores = [read_recording_scores(path) for path in find_score_files(args.scores)]
    pairs, notes = match_codings(scores, read_codings(args.coded, args.people, args.tiers))
    for note in notes:
        print(f'note: {note}')
    fitted = fit_thresholds(pairs, args.precision, args.min_events)
    if not any(item.num_events for item in fitted):
        raise ValueError('the human codings contain no action of the network')
    write_thresholds(fitted, args.precision, [found.recording for found, _ in pairs], args.out)
    print(format_table(fitted, pairs, args))


def find_score_files(paths):
    """Return the files of scores in files and folders."""
    from mmaction_microaction.utils.hidden_files import is_hidden

    files = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f'{path}: no such file or folder')
        found = [file for file in sorted(path.rglob('*.npz')) if not is_hidden(file, path)] if path.is_dir() else [path]
        if not found:
            raise FileNotFoundError(f'{path} contains no .npz file; pass the --out of "microaction code"')
        files += found
    return files


def format_table(fitted, pairs, args):
    """Format the thresholds as text."""
    width = max(len(item.action) for item in fitted)
    lines = [f'{"action":{width}}  events  threshold  precision  share found']
    for item in fitted:
        if item.threshold is None:
            kept = 'keeps the default' if item.reason == 'too few events' else 'is never coded'
            lines.append(f'{item.action:{width}}  {item.num_events:6d}  {item.reason}: {kept}')
        else:
            numbers = f'{item.threshold:9.3f}  {item.precision:9.2f}  {item.recall:11.2f}'
            lines.append(f'{item.action:{width}}  {item.num_events:6d}  {numbers}')
    lines.append(
        f'{args.out} is written, fitted on {format_count(len(pairs), "recording")}. Precision and share found are '
        'those on the same recordings; on others, they are usually lower. Check with recordings that were not used.'
    )
    return '\n'.join(lines)

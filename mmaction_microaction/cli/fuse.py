"""Fuse the predictions of several networks for the same clips into one file.

PREDICTIONS are files that "mim test … --dump" wrote. The clips are matched by
their names. The probabilities are averaged, with equal or given weights:

    microaction fuse a_test.pkl b_test.pkl --out fused.pkl
    microaction fuse a_test.pkl b_test.pkl --weights 2 1 --out fused.pkl

--fit-on takes predictions of the same networks, in the same order, for a
labelled split. Temperatures are fitted by the likelihood of its labels, and
weights by F1_mean. A table compares them with equal weights, on clips that they
were not fitted on:

    microaction fuse a_test.pkl b_test.pkl --fit-on a_val.pkl b_val.pkl --out fused.pkl

Like every dump, FUSED.pkl is read by "microaction analyze", "leaderboard" and
"submit".
"""

from mmaction_microaction.utils.messages import format_count

FOLDS, SEED = 5, 0


def add_arguments(parser):
    parser.add_argument('predictions', nargs='+', metavar='PREDICTIONS', help='predictions of one network, by clip')
    parser.add_argument('--out', required=True, metavar='FUSED', help='file to write the fused predictions to')
    parser.add_argument(
        '--weights', nargs='+', type=float, metavar='WEIGHT', help='weight of each network (default: equal weights)'
    )
    parser.add_argument(
        '--temperatures', nargs='+', type=float, metavar='T', help='temperature of each network (default: 1)'
    )
    parser.add_argument(
        '--fit-on',
        nargs='+',
        metavar='LABELLED',
        help='predictions of the same networks for a labelled split, on which weights and temperatures are fitted',
    )
    parser.add_argument(
        '--folds', type=int, metavar='K', help=f'folds of the cross-validation of --fit-on (default: {FOLDS})'
    )
    parser.add_argument('--seed', type=int, help=f'seed of the division into folds (default: {SEED})')
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE (default: the one in the predictions)',
    )


def check(args):
    count = len(args.predictions)
    if count < 2:
        raise ValueError('at least two files of predictions are needed')
    for option in 'weights', 'temperatures', 'fit_on':
        values = getattr(args, option)
        if values is not None and len(values) != count:
            name = option.replace('_', '-')
            raise ValueError(f'--{name} takes one value for each of the {count} networks, got {len(values)}')
    if args.fit_on and (args.weights or args.temperatures):
        raise ValueError('--fit-on fits weights and temperatures, so --weights and --temperatures cannot be given')
    if not args.fit_on and (args.folds, args.seed) != (None, None):
        raise ValueError('--folds and --seed divide the clips of --fit-on, so they cannot be given without it')


def run(args):
    import warnings

    from mmaction_microaction.evaluation.functional.fusion import (
        FusionWeights,
        cross_validate_fusion,
        fit_fusion,
        fuse_scores,
    )
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.structures.aligned_predictions import read_aligned_predictions, write_predictions
    from mmaction_microaction.structures.predictions import describe_unreadable
    from mmaction_microaction.utils.files import check_writable, file_identity

    check_writable(args.out)
    for path in (*args.predictions, *(args.fit_on or [])):
        if file_identity(path) == file_identity(args.out):
            raise ValueError(f'--out {args.out} is one of the files of predictions; choose another path')
    label_set = None if args.label_set is None else get_label_set(args.label_set)
    predictions = read_aligned_predictions(args.predictions, label_set)
    if predictions.unreadable:
        warnings.warn(describe_unreadable(predictions.unreadable), stacklevel=1)
    weights = FusionWeights(args.weights or [1] * len(args.predictions), args.temperatures)
    if args.fit_on:
        labelled = _read_labelled(args.fit_on, predictions.label_set)
        num_folds = FOLDS if args.folds is None else args.folds
        seed = SEED if args.seed is None else args.seed
        scores = cross_validate_fusion(labelled.labels, labelled.scores, labelled.label_set, num_folds, seed)
        weights = fit_fusion(labelled.labels, labelled.scores, labelled.label_set)
        print(_format_scores(args.fit_on, scores, weights, len(labelled.names), num_folds))
        common = set(labelled.names) & set(predictions.names)
        if common:
            print(
                f'note: the weights were fitted on {len(common):,} of the clips in {args.out}, so its metrics are too '
                'good; the row "held-out clips" is what to expect on others'
            )
    fused = fuse_scores(predictions.scores, *weights)
    write_predictions(
        args.out, predictions.names, fused, predictions.label_set, predictions.labels, predictions.unreadable
    )
    print(f'{args.out}: {format_count(len(fused), "prediction")}, fused from {len(args.predictions)} networks')


def _read_labelled(paths, label_set):
    """Read the predictions for the labelled split."""
    from mmaction_microaction.structures.aligned_predictions import read_aligned_predictions
    from mmaction_microaction.utils.messages import first_few

    labelled = read_aligned_predictions(paths, label_set)
    labels, count = labelled.labels, len(label_set)
    if labels is None or not ((labels >= 0) & (labels < count)).all():
        raise ValueError(f'{first_few(paths)} have no true labels from 0 to {count - 1}: is the split anonymised?')
    if labelled.unreadable:
        raise ValueError(
            f'{format_count(len(labelled.unreadable), "clip")} of --fit-on could not be read in the test: '
            f'{first_few(labelled.unreadable)}. Replace them and test again.'
        )
    return labelled


def _format_scores(paths, scores, weights, num_clips, num_folds):
    """Format the comparison of networks, equal weights and fitted weights."""

    def spread(values):
        return f'{values.mean():.2f} ± {values.std(ddof=1):.2f}'

    rows = [
        [str(path), f'{total:.2f}', spread(folds), f'{weight:.2f}', f'{temperature:.2f}']
        for path, total, folds, weight, temperature in zip(paths, scores.single, scores.single_folds, *weights)
    ]
    rows.append(['equal weights', f'{scores.equal:.2f}', spread(scores.equal_folds), '', ''])
    rows.append(['fitted weights, held-out clips', f'{scores.held_out:.2f}', spread(scores.held_out_folds), '', ''])
    rows.append(['fitted weights, same clips (too good)', f'{scores.same_clips:.2f}', '', '', ''])
    rows.insert(0, ['F1_mean', f'all {num_clips:,} clips', f'mean ± std of {num_folds} folds', 'weight', 'temperature'])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [f'| {" | ".join(cell.ljust(width) for cell, width in zip(row, widths))} |' for row in rows]
    lines.insert(1, f'|{"|".join("-" * (width + 2) for width in widths)}|')
    best = scores.single.argmax()
    gains = {
        'equal weights': scores.held_out_folds - scores.equal_folds,
        str(paths[best]): scores.held_out_folds - scores.single_folds[best],
    }
    lines.append('')
    for other, gain in gains.items():
        verdict = ', which is within the noise' if abs(gain.mean()) <= gain.std(ddof=1) else ''
        lines.append(
            f'fitted weights on held-out clips against {other}: {gain.mean():+.2f} ± {gain.std(ddof=1):.2f}{verdict}'
        )
    options = [f'--{name} {" ".join(f"{value:.4g}" for value in values)}' for name, values in weights._asdict().items()]
    lines.append(f'written: {" ".join(options)}')
    return '\n'.join(lines)

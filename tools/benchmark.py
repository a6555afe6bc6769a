"""Measure speed and memory as ratios, the two sides in turn in one run; count parameters and arithmetic of configs."""

import argparse
import json
from pathlib import Path

from mmaction_microaction.benchmarks import compare_loading, compare_models, describe_machine, measure_complexity


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    model = commands.add_parser(
        'model', help="MANet against MMAction2's TSM", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    model.add_argument('--depth', type=int, default=50, choices=(18, 34, 50, 101), help='of the ResNet')
    model.add_argument('--num-segments', type=int, default=8, help='frames of a clip')
    model.add_argument('--size', type=int, default=224, help="pixels of a frame's side")
    model.add_argument('--clips', type=int, default=1, help='batch size')
    model.add_argument('--rounds', type=int, default=10, help='how often each side is timed')
    model.add_argument('--json', type=Path, help='also write the measurements to this file')
    data = commands.add_parser(
        'data', help='loading clips: faster decoding and frame stores against videos',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    data.add_argument('videos', type=Path, help='folder of clips')
    data.add_argument(
        '--config', type=Path, default='configs/manet_r50_8x1_ma52.py', help='whose training pipeline loads them'
    )
    data.add_argument('--clips', type=int, default=8, help='how many are loaded at a time')
    data.add_argument('--rounds', type=int, default=5, help='how often each is timed')
    complexity = commands.add_parser('complexity', help='parameters and multiply-adds of the networks of configs')
    complexity.add_argument('configs', type=Path, nargs='+', metavar='CONFIG')
    return parser.parse_args()


def print_complexity(configs):
    print(f'{"one clip":<34}{"frames":>7}{"pixels":>12}{"parameters":>11}{"multiply-adds":>14}')
    for config in configs:
        print(measure_complexity(config), flush=True)


def print_comparison(args):
    print(describe_machine())
    print(f'MANet against TSM, ResNet-{args.depth}, {args.clips} x {args.num_segments} x {args.size} x {args.size}')
    print(f'{"median of":<24}{"TSM":>13}{"MANet":>14}{"ratio":>10}')
    results = []
    for comparison in compare_models(args.depth, args.num_segments, args.size, args.clips, args.rounds):
        print(comparison, flush=True)
        results.append(comparison.as_dict())
    if args.json:
        args.json.write_text(json.dumps({'machine': describe_machine(), 'results': results}, indent=2) + '\n')


def print_loading(args):
    comparisons = list(compare_loading(args.config, args.videos, args.clips, args.rounds))
    print(describe_machine())
    print(f'{args.clips} clips of {args.videos} through the training pipeline of {args.config},')
    print('clips per second of CPU time of a data loader with one worker')
    print(f'{"median of":<24}{"videos":>13}{"":>14}{"ratio":>10}')
    print(*comparisons, sep='\n')


def main():
    args = parse_args()
    if args.command == 'model':
        print_comparison(args)
    elif args.command == 'data':
        print_loading(args)
    else:
        print_complexity(args.configs)


if __name__ == '__main__':
    main()

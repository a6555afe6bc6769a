"""Measure speed and memory as ratios, the two sides in turn in one run; count parameters and arithmetic of configs."""

import argparse
import json
import sys
from pathlib import Path

from mmaction_microaction.benchmarks import (
    compare_loading,
    compare_models,
    compare_runtimes,
    describe_machine,
    measure_complexity,
)
from mmaction_microaction.shipped import find_shipped

MANET = find_shipped('configs/manet_r50_8x1_ma52.py')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    shows_defaults = dict(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    model = commands.add_parser('model', help="MANet against MMAction2's TSM", **shows_defaults)
    model.add_argument('--depth', type=int, default=50, choices=(18, 34, 50, 101), help='of the ResNet')
    model.add_argument('--num-segments', type=int, default=8, help='frames of a clip')
    model.add_argument('--size', type=int, default=224, help="pixels of a frame's side")
    model.add_argument('--clips', type=int, default=1, help='batch size')
    infer = commands.add_parser('infer', help='PyTorch against ONNX Runtime and OpenVINO', **shows_defaults)
    infer.add_argument('--config', default=MANET, help='of the network')
    data = commands.add_parser(
        'data', help='loading clips: faster decoding and frame stores against videos', **shows_defaults
    )
    data.add_argument('videos', type=Path, help='folder of clips')
    data.add_argument('--config', default=MANET, help='whose training pipeline loads them')
    data.add_argument('--clips', type=int, default=8, help='how many are loaded at a time')
    for command in (model, infer, data):
        command.add_argument('--rounds', type=int, default=10, help='how often each side is timed')
        command.add_argument('--json', type=Path, help='also write the measurements to this file')
    complexity = commands.add_parser('complexity', help='parameters and multiply-adds of the networks of configs')
    complexity.add_argument('configs', type=Path, nargs='+', metavar='CONFIG')
    return parser.parse_args()


def print_complexity(configs):
    print(f'{"one clip":<34}{"frames":>7}{"pixels":>12}{"parameters":>11}{"multiply-adds":>14}')
    for config in configs:
        print(measure_complexity(config), flush=True)


def print_comparisons(title, sides, comparisons, json_file):
    print(describe_machine())
    print(title)
    print(f'{"median of":<24}{sides[0]:>13}{sides[1]:>14}{"ratio":>10}')
    results = []
    for comparison in comparisons:
        print(comparison, flush=True)
        results.append(comparison.as_dict())
    if json_file:
        json_file.write_text(json.dumps({'machine': describe_machine(), 'results': results}, indent=2) + '\n')


def main():
    args = parse_args()
    if args.command == 'model':
        shape = f'{args.clips} x {args.num_segments} x {args.size} x {args.size}'
        title = f'MANet against TSM, ResNet-{args.depth}, {shape}'
        comparisons = compare_models(args.depth, args.num_segments, args.size, args.clips, args.rounds)
        print_comparisons(title, ('TSM', 'MANet'), comparisons, args.json)
    elif args.command == 'infer':
        title = f'{Path(args.config).stem}, one clip on the CPU, random weights'
        comparisons = compare_runtimes(args.config, args.rounds)
        print_comparisons(title, ('PyTorch', 'runtime'), comparisons, args.json)
    elif args.command == 'data':
        title = (
            f'{args.clips} clips of {args.videos} through the training pipeline of {Path(args.config).stem},\n'
            'clips per second of CPU time of a data loader with one worker'
        )
        comparisons = compare_loading(args.config, args.videos, args.clips, args.rounds)
        print_comparisons(title, ('videos', 'faster'), comparisons, args.json)
    else:
        print_complexity(args.configs)


if __name__ == '__main__':
    try:
        main()
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')

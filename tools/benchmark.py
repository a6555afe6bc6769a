"""Measure speed and memory as ratios, the two sides in turn in one run; count parameters and arithmetic of configs."""

import argparse
import json
import sys
from pathlib import Path

from mmaction_microaction.benchmarks import (
    SIZES,
    WAYS,
    compare_decoders,
    compare_growth,
    compare_loading,
    compare_models,
    compare_runtimes,
    compare_training,
    describe_machine,
    follow_memory,
    measure_complexity,
)
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.paths import find_shipped

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
    infer = commands.add_parser('infer', help='one clip in PyTorch, ONNX Runtime and OpenVINO', **shows_defaults)
    infer.add_argument('--config', default=MANET, help='of the network')
    train = commands.add_parser('train', help='ways to train in less time or memory', **shows_defaults)
    train.add_argument('--config', default=MANET, help='of the network')
    train.add_argument('--ways', nargs='+', choices=WAYS, default=WAYS, help='which, see docs/training.md')
    train.add_argument('--clips', type=int, default=1, help='batch size')
    data = commands.add_parser(
        'data', help='loading clips: faster decoding and frame stores against videos', **shows_defaults
    )
    data.add_argument('videos', type=Path, help='folder of clips')
    data.add_argument('--config', default=MANET, help='whose training pipeline loads them')
    data.add_argument('--clips', type=int, default=8, help='how many are loaded at a time')
    decode = commands.add_parser('decode', help='decoders of videos against decord, and their memory', **shows_defaults)
    decode.add_argument('videos', type=Path, help='folder of clips')
    decode.add_argument('--clips', type=int, default=8, help='how many are decoded at a time')
    decode.add_argument('--many', type=int, default=0, help='clips whose memory is compared with that of 100; 0: none')
    scale = commands.add_parser('scale', help="lists and metrics of many clips against MMAction2's", **shows_defaults)
    scale.add_argument('--sizes', nargs='+', type=int, default=SIZES, help='numbers of clips')
    for command in (model, infer, train, data, decode, scale):
        command.add_argument('--rounds', type=int, default=10, help='how often each side is timed')
        command.add_argument('--json', type=Path, help='also write the measurements to this file')
    memory = commands.add_parser('memory', help='memory of a training run from a frame store', **shows_defaults)
    memory.add_argument('videos', type=Path, help='folder of clips')
    memory.add_argument('--config', default=MANET, help='of the run')
    memory.add_argument('--iterations', type=int, default=500, help='how long')
    memory.add_argument('--workers', type=int, default=2, help='of the data loader')
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
        content = json.dumps({'machine': describe_machine(), 'results': results}, indent=2) + '\n'
        write_whole(json_file, content.encode())


def main():
    args = parse_args()
    if args.command == 'model':
        shape = f'{args.clips} x {args.num_segments} x {args.size} x {args.size}'
        title = f'MANet against TSM, ResNet-{args.depth}, {shape}'
        comparisons = compare_models(args.depth, args.num_segments, args.size, args.clips, args.rounds)
        print_comparisons(title, ('TSM', 'MANet'), comparisons, args.json)
    elif args.command == 'infer':
        title = f"{Path(args.config).stem}, one clip on the CPU, random weights; PyTorch with MMAction2's shift against"
        comparisons = compare_runtimes(args.config, args.rounds)
        print_comparisons(title, ('PyTorch', 'other'), comparisons, args.json)
    elif args.command == 'train':
        title = f'{Path(args.config).stem}, a training step with batch {args.clips}'
        comparisons = compare_training(args.config, args.ways, args.clips, args.rounds)
        print_comparisons(title, ('plain', 'this way'), comparisons, args.json)
    elif args.command == 'scale':
        title = 'Number of clips: reading their list, and scoring predictions of them'
        print_comparisons(title, ('MMAction2', 'ours'), compare_growth(args.sizes, args.rounds), args.json)
    elif args.command == 'memory':
        print(describe_machine())
        print(f'{Path(args.config).stem}, batch 1, from a frame store of {args.videos}; resident memory in MiB')
        print(f'{"iteration":>9}{"main":>10}{"workers":>10}')
        follow_memory(
            args.config, args.videos, lambda row: print(row, flush=True), args.iterations, workers=args.workers
        )
    elif args.command == 'decode':
        title = (
            f'8 frames of each of {args.clips} clips of {args.videos},\n'
            'clips per second of CPU time of a data loader with one worker'
        )
        if args.many:
            title += f'; memory of a process after 100 clips, and after {args.many:,}'
        comparisons = compare_decoders(args.videos, args.clips, args.rounds, args.many)
        print_comparisons(title, ('decord', 'other'), comparisons, args.json)
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

"""Measure speed and memory as ratios, and count parameters and operations.

Both sides of a comparison are measured alternately in one run.
"""

import argparse
from pathlib import Path

from mmaction_microaction.utils.paths import find_guide, find_shipped

from . import check_network

WAYS = ('amp', 'channels-last', 'with_cp', 'compile')
SIZES = (22_422, 200_000, 2_000_000)


class DefaultsFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Formatter that shows the defaults of options, except for None, False and an empty list."""

    def _get_help_string(self, action):
        is_plain = action.default is None or action.default is False or action.default == []
        return action.help if is_plain else super()._get_help_string(action)


def add_arguments(parser):
    measurements = parser.add_subparsers(metavar='MEASUREMENT', required=True, title='measurements')
    manet = find_shipped('configs/manet_r50_8x1_ma52.py')

    def add(name, measure, summary):
        measurement = measurements.add_parser(
            name, help=summary, description=summary, formatter_class=DefaultsFormatter
        )
        measurement.set_defaults(measure=measure)
        return measurement

    model = add('model', compare_models, "MANet against MMAction2's TSM")
    model.add_argument('--depth', type=int, default=50, choices=(18, 34, 50, 101), help='depth of the ResNet')
    model.add_argument('--num-segments', type=int, default=8, help='frames per clip')
    model.add_argument('--size', type=int, default=224, help='width and height of the frames in pixels')
    model.add_argument('--clips', type=int, default=1, help='batch size')

    infer = add('infer', compare_runtimes, 'inference of one clip in PyTorch, ONNX Runtime and OpenVINO')
    infer.add_argument('--config', default=manet, help='config of the network')

    demo = add('demo', compare_demo, 'recognition in whole videos by PyTorch, ONNX Runtime and OpenVINO')
    demo.add_argument('videos', type=Path, nargs='+', metavar='VIDEO', help='videos of more than 8 seconds')
    demo.add_argument(
        '--model',
        nargs='+',
        default=[],
        metavar='FILE',
        help='config and checkpoint, a config alone for random weights, or an .onnx file of "microaction export" '
        '(default: MANet with random weights)',
    )
    demo.add_argument(
        '--memory', action='store_true', help='measure memory for the first video, and for one four times as long'
    )

    train = add('train', compare_training, 'ways to train in less time or memory')
    train.add_argument('--config', default=manet, help='config of the network')
    train.add_argument(
        '--ways', nargs='+', choices=WAYS, default=WAYS, help=f'ways to measure, see {find_guide("docs/training.md")}'
    )
    train.add_argument('--clips', type=int, default=1, help='batch size')

    data = add('data', compare_loading, 'loading clips: faster decoding and frame stores against videos')
    data.add_argument('videos', type=Path, help='folder of clips')
    data.add_argument('--config', default=manet, help='config whose training pipeline loads the clips')
    data.add_argument('--clips', type=int, default=8, help='number of clips to load in each round')

    decode = add('decode', compare_decoders, 'video decoders against decord, and their memory')
    decode.add_argument('videos', type=Path, help='folder of clips')
    decode.add_argument('--clips', type=int, default=8, help='number of clips to decode in each round')
    decode.add_argument(
        '--many',
        type=int,
        default=0,
        help='compare memory after this many clips with memory after 100; 0 skips it',
    )

    scale = add('scale', compare_growth, "lists and metrics of many clips against MMAction2's")
    scale.add_argument('--sizes', nargs='+', type=int, default=SIZES, help='numbers of clips')

    gpu = add('gpu', measure_gpu, 'everything about MANet on a CUDA GPU, in some minutes')
    gpu.add_argument(
        '--videos', type=Path, metavar='DIR', help='folder of clips to load; without it, clips are rendered'
    )
    gpu.add_argument('--minutes', type=float, default=5, metavar='M', help='time after which measurements are left out')
    gpu.add_argument('--tiny', action='store_true', help='a tiny network, to check the command also without a GPU')
    gpu.add_argument('--json', type=Path, metavar='FILE', help='file for the measurements')

    for comparison in (model, infer, demo, train, data, decode, scale):
        comparison.add_argument('--rounds', type=int, default=10, help='number of measurements per side')
        comparison.add_argument(
            '--json', type=Path, metavar='FILE', help='file to which the measurements are also written'
        )

    memory = add('memory', follow_memory, 'memory of a training run from a frame store')
    memory.add_argument('videos', type=Path, help='folder of clips')
    memory.add_argument('--config', default=manet, help='config of the run')
    memory.add_argument('--iterations', type=int, default=500, help='number of iterations')
    memory.add_argument('--workers', type=int, default=2, help='worker processes of the data loader')

    complexity = add('complexity', print_complexity, 'parameters and multiply-adds of the networks of configs')
    complexity.add_argument('configs', type=Path, nargs='+', metavar='CONFIG', help='configs of the networks')


def run(args):
    args.measure(args)


def compare_models(args):
    from mmaction_microaction.benchmarks import compare_models

    shape = f'{args.clips} x {args.num_segments} x {args.size} x {args.size}'
    title = f'MANet against TSM, ResNet-{args.depth}, {shape}'
    comparisons = compare_models(args.depth, args.num_segments, args.size, args.clips, args.rounds)
    print_comparisons(title, ('TSM', 'MANet'), comparisons, args.json)


def compare_runtimes(args):
    from mmaction_microaction.benchmarks import compare_runtimes

    title = f"{Path(args.config).stem}, one clip on the CPU, random weights; PyTorch with MMAction2's shift against"
    print_comparisons(title, ('PyTorch', 'other'), compare_runtimes(args.config, args.rounds), args.json)


def compare_demo(args):
    check_network(args)
    from mmaction_microaction.benchmarks import compare_demo, describe_machine

    print(describe_machine())
    model = args.model or [find_shipped('configs/manet_r50_8x1_ma52.py')]
    print(f'{Path(model[0]).stem}, seconds of video per second')
    print(f'{"median":<28}{"processor":>10}{"elapsed":>10}{"ratio of processor time":>25}')
    results = []
    for result in compare_demo(model, args.videos, args.rounds, args.memory):
        print(result, flush=True)
        results.append(result.as_dict())
    if args.json:
        write_results(args.json, {'machine': describe_machine(), 'results': results})


def compare_training(args):
    from mmaction_microaction.benchmarks import compare_training

    title = f'{Path(args.config).stem}, a training step with batch {args.clips}'
    comparisons = compare_training(args.config, args.ways, args.clips, args.rounds)
    print_comparisons(title, ('plain', 'this way'), comparisons, args.json)


def compare_loading(args):
    from mmaction_microaction.benchmarks import compare_loading

    title = (
        f'{args.clips} clips of {args.videos} through the training pipeline of {Path(args.config).stem},\n'
        'clips per second of CPU time of a data loader with one worker'
    )
    comparisons = compare_loading(args.config, args.videos, args.clips, args.rounds)
    print_comparisons(title, ('videos', 'faster'), comparisons, args.json)


def compare_decoders(args):
    from mmaction_microaction.benchmarks import compare_decoders

    title = (
        f'8 frames of each of {args.clips} clips of {args.videos},\n'
        'clips per second of CPU time of a data loader with one worker'
    )
    if args.many:
        title += f'; memory of a process after 100 clips, and after {args.many:,}'
    comparisons = compare_decoders(args.videos, args.clips, args.rounds, args.many)
    print_comparisons(title, ('decord', 'other'), comparisons, args.json)


def compare_growth(args):
    from mmaction_microaction.benchmarks import compare_growth

    title = 'Number of clips: reading their list, and scoring their predictions'
    print_comparisons(title, ('MMAction2', 'ours'), compare_growth(args.sizes, args.rounds), args.json)


def follow_memory(args):
    from mmaction_microaction.benchmarks import describe_machine, follow_memory

    print(describe_machine())
    print(f'{Path(args.config).stem}, batch 1, from a frame store of {args.videos}; resident memory in MiB')
    print(f'{"iteration":>9}{"main":>10}{"workers":>10}')
    follow_memory(args.config, args.videos, lambda row: print(row, flush=True), args.iterations, workers=args.workers)


def measure_gpu(args):
    import torch

    from mmaction_microaction.benchmarks import (
        TINY,
        GpuBenchmark,
        GpuSettings,
        describe_gpu,
        describe_machine,
        format_heading,
    )

    if not torch.cuda.is_available() and not args.tiny:
        remedy = 'nvidia-smi shows whether the driver finds one'
        if not torch.version.cuda:
            remedy = (
                f'this build is for the CPU alone, and {find_guide("docs/installation.md")} describes those for GPUs'
            )
        raise ValueError(
            f'PyTorch {torch.__version__} finds no CUDA GPU; {remedy}. --tiny checks the command on the CPU'
        )
    machine = {'description': describe_machine(), **describe_gpu()}
    print(machine['description'])
    print(', '.join(f'{name} {value}' for name, value in machine.items() if name != 'description'))
    settings = TINY if args.tiny else GpuSettings()
    shape = f'{settings.clips} clips of {settings.num_segments} x {settings.size} x {settings.size}'
    print(f'ResNet-{settings.depth}, batches of {shape}')
    benchmark = GpuBenchmark(settings, args.videos)
    section = None
    for measurement in benchmark.run(args.minutes):
        if measurement.section != section:
            section = measurement.section
            print(f'\n{format_heading(section)}')
        print(measurement, flush=True)
        if args.json:
            # After every row, so that a killed run leaves its measurements.
            write_results(args.json, {'machine': machine, **benchmark.as_dict()})


def print_complexity(args):
    from mmaction_microaction.benchmarks import measure_complexity

    print(f'{"one clip":<34}{"frames":>7}{"pixels":>12}{"parameters":>11}{"multiply-adds":>14}')
    for config in args.configs:
        print(measure_complexity(config), flush=True)


def print_comparisons(title, sides, comparisons, json_file):
    """Print each comparison as soon as it is measured, and write all of them to a JSON file if one is named."""
    from mmaction_microaction.benchmarks import describe_machine

    print(describe_machine())
    print(title)
    print(f'{"median of":<24}{sides[0]:>13}{sides[1]:>14}{"ratio":>10}')
    results = []
    for comparison in comparisons:
        print(comparison, flush=True)
        results.append(comparison.as_dict())
    if json_file:
        write_results(json_file, {'machine': describe_machine(), 'results': results})


def write_results(path, content):
    import json

    from mmaction_microaction.utils.files import write_whole

    write_whole(path, (json.dumps(content, indent=2) + '\n').encode())

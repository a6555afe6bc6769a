"""Store the features of all videos of MMA-52, on which a detector trains without GPU.

The network is a recognizer that was trained on clips, or a detector with a
backbone. Its backbone sees the frames of a whole video at a constant rate. Each
split becomes one file. The command can be interrupted and run again.

    microaction extract-features configs/manet_r50_8x1_ma52.py MANET.pth data/mma52
    mim train mmaction configs/mma52/manet_r50_pyramid_mma52.py
"""

from pathlib import Path

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument('config', metavar='CONFIG', help='config of the network')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='weights of the network')
    parser.add_argument(
        'data',
        type=Path,
        nargs='?',
        default=Path('data/mma52'),
        help='folder with {split}.csv and videos_{split}/ (default: %(default)s)',
    )
    parser.add_argument('--splits', nargs='+', default=['train', 'val'], help='splits to process (default: train val)')
    parser.add_argument('--out', type=Path, help='folder for the files (default: the data folder)')
    parser.add_argument(
        '--name', default='features', help='files are named NAME_{split}, one per split (default: %(default)s)'
    )
    parser.add_argument(
        '--videos', help='folders or frame stores of the videos, without _{split} (default: DATA/videos)'
    )
    parser.add_argument(
        '--rate', type=float, help='frames per second (default: that of the config of a detector, otherwise 7.5)'
    )
    parser.add_argument(
        '--stride', type=int, help='frames per step (default: that of the config of a detector, otherwise 1)'
    )
    parser.add_argument('--half', action='store_true', help='store numbers of 16 bits, which take half of the space')
    parser.add_argument('--device', help='cpu, cuda, cuda:1 … (default: the best one)')
    parser.add_argument('--workers', type=int, default=2, help='processes that decode videos (default: %(default)s)')


def check(args):
    if args.rate is not None and not args.rate > 0:
        raise ValueError(f'--rate {args.rate}: must be positive')
    if args.stride is not None and args.stride < 1:
        raise ValueError(f'--stride {args.stride}: must be at least 1')


def run(args):
    from mmaction_microaction.inference.feature_extraction import FeatureNetwork, make_feature_store
    from mmaction_microaction.utils.files import make_folder
    from mmaction_microaction.utils.progress import progress_bar

    out = args.out or args.data
    make_folder(out)
    network = FeatureNetwork(args.config, args.checkpoint, args.rate, args.stride, args.device)
    videos = args.videos or args.data / 'videos'
    for split in args.splits:
        path = out / f'{args.name}_{split}'
        dataset = dict(
            type='MMA52Dataset',
            ann_file=str(args.data / f'{split}.csv'),
            data_prefix=dict(video=f'{videos}_{split}'),
        )
        dtype = 'float16' if args.half else 'float32'
        with progress_bar(f'{split:>5}') as progress:
            new = make_feature_store(network, dataset, path, dtype, args.workers, progress)
        print(f'{path}: {path.stat().st_size / 1e6:,.0f} MB, {format_count(new, "new video")}')

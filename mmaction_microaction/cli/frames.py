"""Store the frames of all clips, at a small size, in one file per split.

Training reads such a frame store much faster than videos. The command can be
interrupted and run again. Finished clips are kept even if their videos have
changed since; in that case, delete the store first.
"""

from pathlib import Path

from mmaction_microaction.utils import parallel
from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument(
        'data',
        type=Path,
        nargs='?',
        default=Path('data/ma52'),
        help='folder with {split}_list_videos.txt or {split}.csv, and videos_{split}/ (default: %(default)s)',
    )
    parser.add_argument(
        '--videos', type=Path, help='folder of the clips of all splits (default: videos_{split}/ in the data folder)'
    )
    parser.add_argument('--out', type=Path, help='folder for the stores frames_{split} (default: the data folder)')
    parser.add_argument(
        '--splits', nargs='+', default=['train', 'val', 'test'], help='splits to store (default: train val test)'
    )
    parser.add_argument(
        '--size', type=int, default=256, help='shorter side of the frames in pixels (default: %(default)s)'
    )
    # Of the four sample clips, 80, 85, 90 and 95 keep 40.1, 41.1, 42.3 and 44.1 dB (PSNR) in 7.0, 8.2, 10.4 and 15.8 KB
    # a frame: 14 GB for the whole of MA-52 at 90.
    parser.add_argument('--quality', type=int, default=90, help='JPEG quality, 0 to 100 (default: %(default)s)')
    parser.add_argument(
        '--crop',
        choices=('auto', 'none'),
        default='none',
        help='auto: crop clips to their largest person, in the proportions of MA-52, unless they are framed like that '
        'already (default: none)',
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        default='ma52',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE (default: %(default)s)',
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )


def run(args):
    from mmaction_microaction.datasets.frame_store import FrameSettings
    from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.utils.files import make_folder
    from mmaction_microaction.utils.progress import progress_bar

    label_set = get_label_set(args.label_set)
    out = args.out or args.data
    make_folder(out)
    settings = FrameSettings(args.size, args.quality, args.crop)
    for split in args.splits:
        path = out / f'frames_{split}'
        ann_file, videos = args.data / f'{split}_list_videos.txt', args.videos or args.data / f'videos_{split}'
        if not ann_file.exists() and (args.data / f'{split}.csv').exists():
            ann_file = args.data / f'{split}.csv'
        with progress_bar(f'{split:>5}') as progress:
            new = make_frame_store(ann_file, videos, path, settings, args.workers, progress, label_set)
        print(f'{path}: {path.stat().st_size / 1e6:,.0f} MB, {format_count(new, "new clip")}')

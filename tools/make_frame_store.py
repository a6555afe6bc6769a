"""Write the frames of every clip, small, into one file per split, from which training reads much faster."""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.frame_store import make_frame_store
from mmaction_microaction.utils.files import make_folder
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.progress import progress_bar


def parse_args():
    parser = argparse.ArgumentParser(
        description=f'{__doc__} Can be interrupted and run again; clips that are done are '
        'kept, also if their videos have changed since: then delete the store.'
    )
    parser.add_argument(
        'data', type=Path, nargs='?', default=Path('data/ma52'),
        help='folder with {split}_list_videos.txt and videos_{split}/, default: %(default)s',
    )  # fmt: skip
    parser.add_argument('--out', type=Path, help='folder that receives frames_{split}, default: the same')
    parser.add_argument('--splits', nargs='+', default=['train', 'val', 'test'], help='default: train val test')
    parser.add_argument('--size', type=int, default=256, help='pixels of the shorter side, default: %(default)s')
    # Of the four sample clips, 80, 85, 90 and 95 keep 40.1, 41.1, 42.3 and 44.1 dB (PSNR) in 7.0, 8.2, 10.4 and 15.8 KB
    # a frame: 14 GB for the whole of MA-52 at 90.
    parser.add_argument('--quality', type=int, default=90, help='of the JPEGs, default: %(default)s')
    parser.add_argument('--workers', type=int, default=default_workers(), help='processes, default: %(default)s')
    return parser.parse_args()


def main():
    args = parse_args()
    out = args.out or args.data
    make_folder(out)
    for split in args.splits:
        path = out / f'frames_{split}'
        settings = FrameSettings(args.size, args.quality)
        ann_file, videos = args.data / f'{split}_list_videos.txt', args.data / f'videos_{split}'
        with progress_bar(f'{split:>5}') as progress:
            new = make_frame_store(ann_file, videos, path, settings, args.workers, progress)
        print(f'{path}: {path.stat().st_size / 1e6:,.0f} MB, {new:,} new clips')


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')

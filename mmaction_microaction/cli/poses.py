"""Estimate the poses of the people in videos: where their joints are.

    microaction poses videos/ --out poses.pkl --video-dir drawn
    microaction poses data/ma52/videos_train --ann-file data/ma52/train_list_videos.txt --out data/ma52/poses_train.pkl

The poses of all videos are written to one file, in MMAction2's format. The
command can be interrupted and run again; finished videos are kept.
"""

import sys
from pathlib import Path

from mmaction_microaction.utils import parallel
from mmaction_microaction.utils.messages import format_count

DETECTORS = {'blazepose': 'blazepose33', 'rtmlib': 'coco17'}
"""Detectors, and the layouts of their joints."""
LAYOUTS = ('blazepose33', 'coco17', 'ma52_28')


def add_arguments(parser):
    parser.add_argument(
        'videos', type=Path, nargs='+', metavar='VIDEO', help='video, or folder that is searched for videos'
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE', help='file for the poses, such as data/ma52/poses_train.pkl'
    )
    parser.add_argument(
        '--detector',
        choices=DETECTORS,
        default='blazepose',
        help="estimator of the poses: blazepose, or rtmlib for OpenMMLab's RTMPose (default: %(default)s)",
    )
    layouts = ', '.join(f'{layout} for {name}' for name, layout in DETECTORS.items())
    parser.add_argument(
        '--layout', choices=LAYOUTS, help=f'names and order of the joints in the file (default: {layouts})'
    )
    parser.add_argument(
        '--people',
        type=int,
        default=1,
        metavar='N',
        help='largest number of people who are followed at a time (default: %(default)s)',
    )
    parser.add_argument(
        '--every',
        type=int,
        default=1,
        metavar='K',
        help='interval between the frames that are searched; the others are interpolated (default: %(default)s)',
    )
    parser.add_argument(
        '--longest-gap',
        type=float,
        default=0.5,
        metavar='SECONDS',
        help='longest absence of a person that is interpolated (default: %(default)s)',
    )
    parser.add_argument(
        '--smoothing',
        type=float,
        default=0.05,
        metavar='SECONDS',
        help='time over which the joints are smoothed; 0 for no smoothing (default: %(default)s)',
    )
    parser.add_argument(
        '--ann-file',
        type=Path,
        metavar='LIST',
        help='annotation list that selects the videos and contains their labels (default: all videos, no labels)',
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        default='ma52',
        help='label set of the list: NAME of one of the package, or a .yaml or .txt FILE (default: %(default)s)',
    )
    parser.add_argument(
        '--video-dir',
        type=Path,
        metavar='DIR',
        help='folder for videos with the skeletons',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=parallel.default_workers(),
        metavar='N',
        help='number of processes (default: %(default)s)',
    )


def run(args):
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.poses import PoseSettings, extract_poses, find_pose_videos
    from mmaction_microaction.utils.progress import progress_bar

    videos = find_pose_videos(args.videos, args.ann_file, get_label_set(args.label_set))
    if args.video_dir:
        check_drawn(videos, args.video_dir)
    settings = PoseSettings(args.detector, args.people, args.every, args.longest_gap, args.smoothing)
    settings.check()
    try:
        with progress_bar('estimating') as progress:
            results = extract_poses(videos, args.out, settings, args.layout, args.workers, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt('interrupted; the same command goes on after the last finished video') from None
    unreadable = [result for result in results if result.error]
    done = [result for result in results if not result.error]
    if done:
        known = sum(not result.is_new for result in done)
        print(f'{format_count(len(done), "video")} in {args.out}, {known:,} of them already done')
        frames, present = (sum(getattr(result, name) for result in done) for name in ('num_frames', 'num_present'))
        print(f'{frames:,} frames: someone present in {present:,}, nobody in {frames - present:,}')
        without = [str(result.video) for result in done if not result.num_people]
        print(f'videos without a person: {len(without):,}{": " if without else ""}{", ".join(without)}')
    if args.video_dir:
        readable = {result.video for result in done}
        draw([video for video in videos if video.path in readable], args.out, args.video_dir)
    if unreadable:
        errors = '; '.join(result.error for result in unreadable)
        sys.exit(f'error: {format_count(len(unreadable), "video")} could not be read: {errors}')


def check_drawn(videos, folder):
    """Raise an error if a video with a skeleton would replace a video."""
    from mmaction_microaction.utils.files import file_identity

    originals = {file_identity(video.path) for video in videos}
    for video in videos:
        path = drawn_path(folder, video)
        if file_identity(path) in originals:
            raise ValueError(f'{path} is one of the videos; choose another folder for --video-dir')


def draw(videos, poses, folder):
    """Write the videos with the skeletons of a file of poses."""
    from mmaction_microaction.inference import write_pose_video
    from mmaction_microaction.structures.poses import index_poses, read_poses
    from mmaction_microaction.utils.files import make_folder
    from mmaction_microaction.utils.progress import progress_bar

    by_name = index_poses(read_poses(poses))
    with progress_bar('drawing') as progress:
        for done, video in enumerate(videos, start=1):
            path = drawn_path(folder, video)
            make_folder(path.parent)
            write_pose_video(by_name[video.name], video.path, path)
            progress(done, len(videos))


def drawn_path(folder, video):
    """Return the path of a video with skeletons."""
    return folder / f'{video.name}.mp4'

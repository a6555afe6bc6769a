"""Recognise micro-actions in videos: the best actions of a short clip, a timeline of a long video. A detector finds
actions that overlap, in videos of any length.

    microaction demo interview.mp4
    microaction demo interview.mp4 --model CONFIG CHECKPOINT --json found.json --csv found.csv --video-dir labelled
    microaction demo folder/ clip.mp4 --model manet.onnx
    microaction demo --camera 0 --model CONFIG CHECKPOINT --json found.json
    microaction demo videos_val --model DETECTOR_CONFIG CHECKPOINT --detections found.csv
    microaction demo interview.mp4 --model POSE_CONFIG CHECKPOINT --poses poses.pkl --video-dir labelled --skeleton
    microaction demo interview.mp4 --model CONFIG CHECKPOINT --video-dir labelled --blur-faces --height 720

For thousands of clips, "mim test … --dump" is faster and can use several GPUs:
see "Your own clips" in docs/inference.md.
"""

import time
import warnings
from pathlib import Path

from . import add_crop_argument, add_network_arguments, add_window_arguments, check_network
from .draw import add_drawing_arguments, check_height

SAVE_SECONDS = 60
"""Seconds between two writes of the results of a camera."""
FORMATS = {'.json': 'file for the results (JSON)', '.csv': 'file for the results (table)'}
"""Help texts of the options ``--json`` and ``--csv``, by the suffixes of ``inference.WRITERS``."""


def add_arguments(parser):
    parser.add_argument('videos', nargs='*', metavar='VIDEO', help='video, or folder that is searched for videos')
    parser.add_argument('--camera', help='camera that is watched in place of videos: 0, 1, … or a URL')
    parser.add_argument(
        '--seconds', type=float, default=float('inf'), help='duration of the watching (default: until Ctrl-C)'
    )
    parser.add_argument(
        '--reconnect',
        type=float,
        default=300,
        metavar='SECONDS',
        help='time without a frame after which a camera is given up; until then, a lost one is opened again (default: '
        '%(default)s)',
    )
    add_network_arguments(parser)
    for suffix, text in FORMATS.items():
        parser.add_argument(f'--{suffix[1:]}', type=Path, metavar='FILE', help=text)
    parser.add_argument(
        '--detections',
        type=Path,
        metavar='FILE',
        help='file for all detections, whatever their scores: a table (.csv) for "microaction score-detections" and '
        '"microaction submit"; a network of clips also needs --longest-clip 0',
    )
    parser.add_argument('--video-dir', type=Path, metavar='DIR', help='folder for labelled videos')
    add_drawing_arguments(parser)
    people = parser.add_argument_group('people', 'Finding people and their joints needs the extra "pose".')
    add_crop_argument(people)
    people.add_argument(
        '--person',
        choices=('left', 'right', 'largest', 'all'),
        help='person who gets labels, of several in a video (default: all, each with labels of their own; largest with '
        '--detections)',
    )
    people.add_argument(
        '--poses',
        type=Path,
        metavar='FILE',
        help='file of "microaction poses" with the poses of the videos (default: poses are estimated if the network or '
        '--skeleton needs them)',
    )
    people.add_argument('--skeleton', action='store_true', help="drawing of the people's joints in the labelled videos")
    options = parser.add_argument_group('long videos')
    options.add_argument(
        '--longest-clip',
        type=float,
        default=8,
        metavar='SECONDS',
        help='longest duration of a video that is one clip; a detector ignores it (default: 8)',
    )
    add_window_arguments(options)
    options.add_argument(
        '--switch-cost',
        type=float,
        default=0.5,
        metavar='COST',
        help='cost of a change of the action: a higher one results in fewer, longer intervals; a detector ignores it '
        '(default: %(default)s)',
    )
    options.add_argument(
        '--min-score',
        type=float,
        metavar='SCORE',
        help='minimum score of an interval, from 0 to 1; for clips and cameras, "no action reaches --min-score" is '
        'printed below it (default: 0; 0.3 for a detector)',
    )
    options.add_argument(
        '--min-duration', type=float, default=0, metavar='SECONDS', help='minimum duration of an interval (default: 0)'
    )


def check(args):
    if bool(args.videos) == (args.camera is not None):
        raise ValueError('give either videos (before --model) or --camera')
    if args.camera is None and args.seconds != float('inf'):
        raise ValueError('--seconds needs --camera')
    if not args.reconnect > 0:
        raise ValueError(f'--reconnect {args.reconnect:g}: must be above 0 s')
    for option in ('video_dir', 'detections'):
        if args.camera is not None and getattr(args, option):
            name = f'--{option.replace("_", "-")}'
            raise ValueError(f'{name} cannot be used with --camera; use --json or --csv')
    if args.camera is not None and args.poses:
        raise ValueError('--poses cannot be used with --camera, in whose picture poses are estimated')
    if args.camera is not None and (args.crop not in ('auto', 'none') or args.person):
        raise ValueError('--crop and --person cannot be used with --camera, whose whole picture the network sees')
    check_height(args)
    for option in ('skeleton', 'blur_faces', 'height', 'no_sound'):
        if getattr(args, option) and not args.video_dir:
            raise ValueError(f'--{option.replace("_", "-")} needs --video-dir, the folder of the labelled videos')
    if args.person == 'all' and args.detections:
        raise ValueError('--detections has no column for people; choose --person left, right or largest')
    check_network(args)


def run(args):
    from rich.console import Console
    from rich.markup import escape

    from mmaction_microaction.inference import MicroActionInferencer, find_videos, parse_crop
    from mmaction_microaction.inference.loading import describe_shipped_network
    from mmaction_microaction.inference.pose_source import PoseSource

    console = Console(highlight=False, soft_wrap=True, emoji=False)
    # A warning must not break the progress bar.
    warnings.showwarning = lambda message, *_: console.print(escape(f'warning: {message}'), style='yellow')
    try:
        videos = find_videos(args.videos)
        labeled = labeled_paths(videos, args.video_dir) if args.video_dir else {}
        if args.detections:
            check_names(videos)
        check_outputs(videos, labeled, args)
        if not args.model:
            console.print(escape(describe_shipped_network()))
        inferencer = MicroActionInferencer(
            *args.model,
            device=args.device,
            batch_size=args.batch_size,
            longest_clip=args.longest_clip,
            window=args.window,
            step=args.step,
            switch_cost=args.switch_cost,
            min_score=args.min_score,
            min_duration=args.min_duration,
            poses=args.poses,
            crop=parse_crop(args.crop),
            person=args.person or ('largest' if args.detections else 'all'),
        )
        inferencer.prepare()
        if args.skeleton:
            inferencer.poses.prepare()
        if args.blur_faces:
            PoseSource().prepare()
        # The defaults depend on the network.
        args.window, args.step, args.min_score = inferencer.window, inferencer.step, inferencer.limits['min_score']
        if args.detections and not inferencer.is_detector and args.longest_clip:
            raise ValueError(
                '--detections with a recognizer of clips needs --longest-clip 0, so that every video has times'
            )
        if args.camera is None:
            recognize(inferencer, videos, labeled, args, console)
        else:
            watch(inferencer, args, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt('interrupted; results of earlier videos are in the requested files') from None


def labeled_paths(videos, folder):
    """Return the path of the labelled version of each video.

    Raises:
        ValueError: If two videos have the same path.
    """
    paths = {video: (folder / name).with_suffix('.mp4') for video, name in videos.items()}
    first = {path: video for video, path in reversed(paths.items())}
    for video, path in paths.items():
        if first[path] != video:
            raise ValueError(
                f'{first[path]} and {video} would both be written to {path}; pass their common parent '
                'folder, or rename one'
            )
    return paths


def check_names(videos):
    """Raise an error if two videos would have the same name in the table of ``--detections``."""
    first = {}
    for video in videos:
        if first.setdefault(video.stem, video) != video:
            raise ValueError(
                f'{first[video.stem]} and {video} would both be {video.stem!r} in the file of --detections; rename '
                'one, or process them one after the other'
            )


def check_outputs(videos, labeled, args):
    """Raise an error before the work if a result could not be written, and make the folders of labelled videos."""
    from mmaction_microaction.utils.files import check_writable, file_identity, make_folder

    taken = {file_identity(video): 'is one of the videos' for video in videos}
    taken.update({file_identity(file): 'is a file of --model' for file in args.model})
    if args.poses:
        taken[file_identity(args.poses)] = 'is the file of --poses'
    outputs = [path for path in (*result_files(args).values(), args.detections) if path] + [*labeled.values()]
    for path in outputs:
        if file_identity(path) in taken:
            raise ValueError(f'{path} {taken[file_identity(path)]}; choose another path')
        taken[file_identity(path)] = 'is used for two results'
    for path in labeled.values():
        make_folder(path.parent)
    for path in outputs:
        check_writable(path)


def recognize(inferencer, videos, labeled, args, console):
    """Process all videos, even if some cannot be read or drawn."""
    from rich.markup import escape

    from mmaction_microaction.inference import blur_faces, write_labeled_video
    from mmaction_microaction.poses.framing import MAX_PEOPLE
    from mmaction_microaction.utils.messages import describe_error
    from mmaction_microaction.utils.progress import progress_bar
    from mmaction_microaction.video.reader import Video

    results, failed = [], 0
    for video in videos:
        try:
            with progress_bar(f'recognising {video.name}', console) as progress:
                opened = Video(video)
                found = inferencer.people(opened, progress)
        except Exception as error:
            failed += 1
            text = describe_error(error)
            console.print(escape(f'error: {text if str(video) in text else f"{video}: {text}"}'), style='red')
            continue
        # After each video, before it is printed or drawn, so that no later error loses it.
        results += found
        write_results(results, args)
        for result in found:
            print_result(result, console, args.min_score)
        if video not in labeled:
            continue
        try:
            with progress_bar(f'drawing {video.name}', console) as progress:
                poses = blur = None
                if args.skeleton:
                    # Results have names of people if several were found. All of them are drawn.
                    people = MAX_PEOPLE if any(result.person for result in found) else 1
                    poses = inferencer.poses(opened, progress, people)
                if args.blur_faces:
                    blur = blur_faces(opened, progress)
                write_labeled_video(
                    found,
                    labeled[video],
                    progress,
                    poses,
                    video=opened,
                    blur=blur,
                    sound=not args.no_sound,
                    max_height=args.height,
                )
        except Exception as error:
            failed += 1
            console.print(escape(f'error: {video} was recognised but not drawn: {describe_error(error)}'), style='red')
    if failed:
        raise ValueError(f'{failed} of {len(videos)} videos could not be read or drawn, see above')


def watch(inferencer, args, console):
    """Print the best action of every window of a camera; write the timeline every minute and at the end."""
    from rich.markup import escape

    from mmaction_microaction.inference import CameraStream
    from mmaction_microaction.inference.result_texts import format_window
    from mmaction_microaction.utils.signals import ending_by_signals

    if inferencer.is_detector:
        raise ValueError('--camera cannot be used with a detector, which needs a whole video; record one, and pass it')
    absence = ', or there was no person' if inferencer.pipeline.needs_poses else ''
    camera = CameraStream(args.camera, max_absence=args.reconnect)
    console.print(f'watching camera {escape(args.camera)}; press Ctrl-C to stop, and again to stop at once')
    if inferencer.crop != 'none':
        console.print('its picture is not cropped: show one person, as large as in the clips of the training')
    scored = []

    def merged():
        return inferencer.merge(f'camera {args.camera}', scored, scored[-1].end)

    with ending_by_signals(camera.stop):
        try:
            due = time.monotonic() + SAVE_SECONDS
            for window in inferencer.live(camera.frames(args.seconds), camera.fps):
                scored.append(window)
                console.print(escape(format_window(window, inferencer.label_set, args.min_score)))
                now = time.monotonic()
                if result_files(args) and now >= due:
                    try:
                        write_results([merged()], args)
                    except OSError as error:
                        console.print(escape(f'warning: {error}; trying again in a minute'), style='yellow')
                    # After a day of watching, merging and writing take a while.
                    due = time.monotonic() + max(SAVE_SECONDS, 20 * (time.monotonic() - now))
        finally:
            # After a signal, an error of the network or the loss of the camera, too.
            if scored:
                result = merged()
                try:
                    write_results([result], args)
                finally:
                    print_result(result, console, args.min_score)
                    print_skipped(result.starts, camera, args.step, absence, console)
    if not scored:
        raise ValueError(
            f'camera {args.camera} delivered less than one window ({args.window} s){absence}, so nothing was recognised'
        )


def print_skipped(starts, camera, step, absence, console):
    """Print how many windows of a camera were not scored, and how many of its frames were dropped."""
    step = max(round(step * camera.fps), 1) / camera.fps
    expected = round((starts[-1] - starts[0]) / step) + 1
    if expected <= len(starts):
        return
    reason = f'frames were missing{absence}'
    if camera.num_dropped:
        reason += (
            f'. {camera.num_dropped:,} frames were dropped, since the network is slower than the camera: use a larger '
            '--step'
        )
    console.print(f'warning: {expected - len(starts):,} of {expected:,} windows were skipped: {reason}', style='yellow')


def print_result(result, console, min_score):
    """Print the best actions of a clip, or the intervals of a timeline or of a detector."""
    from rich.markup import escape

    from mmaction_microaction.inference import describe_framing
    from mmaction_microaction.inference.result_texts import format_result

    framing = ''.join(f', {part}' for part in describe_framing(result))
    console.print(f'[bold]{escape(result.video)}[/bold], {result.duration:.1f} s{framing}')
    for line in format_result(result, min_score):
        console.print(escape(line))


def write_results(results, args):
    """Write the requested files."""
    from mmaction_microaction.inference import WRITERS, write_detections

    for suffix, path in result_files(args).items():
        WRITERS[suffix](results, path)
    if args.detections:
        write_detections(results, args.detections)


def result_files(args):
    """Return the paths of the requested files, by the suffix of their format."""
    paths = {suffix: getattr(args, suffix[1:]) for suffix in FORMATS}
    return {suffix: path for suffix, path in paths.items() if path}

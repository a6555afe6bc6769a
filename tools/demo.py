"""Recognise micro-actions in videos: the best actions of a short clip, a timeline of a long one.

    python tools/demo.py interview.mp4 --model CONFIG CHECKPOINT --json found.json --csv found.csv --video-dir labelled
    python tools/demo.py folder/ clip.mp4 --model manet.onnx
    python tools/demo.py --camera 0 --model CONFIG CHECKPOINT --json found.json

Thousands of clips go through mim test --dump, which knows several GPUs: "Your own clips" in README.md.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mmaction_microaction.inference import (
    CameraStream,
    MicroActionInferencer,
    find_videos,
    write_csv,
    write_json,
    write_labelled_video,
)
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS
from mmaction_microaction.utils.files import check_writable, identity, make_folder
from mmaction_microaction.utils.progress import progress_bar
from mmaction_microaction.utils.signals import ending_by_signals

SAVE_SECONDS = 60
"""How often the results of a camera are written while it is watched."""


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('videos', nargs='*', metavar='VIDEO', help='a file, or a folder whose videos are all taken')
    parser.add_argument('--camera', metavar='NUMBER', help='watch a camera (0, 1, … or a URL) until Ctrl-C')
    parser.add_argument('--seconds', type=float, default=float('inf'), help='how long to watch (default: until Ctrl-C)')
    parser.add_argument(
        '--model',
        required=True,
        nargs='+',
        metavar='FILE',
        help='config and checkpoint, or an .onnx of tools/export.py',
    )
    parser.add_argument('--device', help='cpu, cuda:1, … (default: the best there is; of an .onnx, the CPU)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the results as JSON')
    parser.add_argument('--csv', type=Path, metavar='FILE', help='write them as a table')
    parser.add_argument('--video-dir', type=Path, metavar='DIR', help='write the videos there, labelled, without sound')
    options = parser.add_argument_group('long videos')
    options.add_argument('--longest-clip', type=float, default=8, help='up to this a video is one clip (default: 8 s)')
    options.add_argument('--window', type=float, default=1.5, help='what the network sees at a time (default: 1.5 s)')
    options.add_argument('--step', type=float, default=0.5, help='from window to window (default: 0.5 s)')
    options.add_argument(
        '--switch-cost', type=float, default=0.5, help='more gives fewer and longer intervals (default: %(default)s)'
    )
    options.add_argument(
        '--min-score', type=float, default=0, help='leave out intervals below, mark clips and cameras (default: 0)'
    )
    options.add_argument('--min-duration', type=float, default=0, help='leave out shorter intervals (default: none)')
    options.add_argument('--batch-size', type=int, default=8, help='windows at once (default: 8)')
    args = parser.parse_args()
    if bool(args.videos) == (args.camera is not None):
        parser.error('name videos, before --model, or a camera')
    if args.camera is None and args.seconds != float('inf'):
        parser.error('--seconds says how long to watch a --camera')
    if args.camera is not None and args.video_dir:
        parser.error('--video-dir draws into video files; of a camera, --json and --csv keep the result')
    if len(args.model) > 2:
        parser.error('--model takes a config and a checkpoint, or one .onnx file')
    return args


def labelled_paths(videos, folder):
    """Say where each labelled video goes; ValueError if two would go to the same place."""
    paths = {video: (folder / name).with_suffix('.mp4') for video, name in videos.items()}
    first = {path: video for video, path in reversed(paths.items())}
    for video, path in paths.items():
        if first[path] != video:
            raise ValueError(
                f'{first[path]} and {video} would both be labelled in {path}; name the folder above both instead of '
                'theirs, or rename one'
            )
    return paths


def check_outputs(videos, labelled, args):
    """Find out before the work that a result could not be written after it; makes the folders of labelled videos."""
    taken = {identity(video): 'one of the videos' for video in videos}
    taken.update({identity(file): 'a file of --model' for file in args.model})
    outputs = [path for path in (args.json, args.csv, *labelled.values()) if path]
    for path in outputs:
        if identity(path) in taken:
            raise ValueError(f'{path} is {taken[identity(path)]}; name another place for the results')
        taken[identity(path)] = 'where another result goes'
    for path in labelled.values():
        make_folder(path.parent)
    for path in outputs:
        check_writable(path)


def print_result(result, console, min_score):
    console.print(f'[bold]{escape(result.video)}[/bold], {result.duration:.1f} s')
    if result.kind == 'clip':
        if result.scores.max() < min_score:
            console.print('  nothing above --min-score; the most probable, all the same:')
        for interval in result.intervals:
            console.print(f'  {interval.score:6.1%}  {interval.action.code:3}  {interval.action.name}')
        part = BODY_PARTS.index(result.body_part)
        console.print(f'  {result.body_part_scores[part]:6.1%}  body part: {result.body_part}')
        return
    for interval in result.intervals:
        action = interval.action
        times = f'{interval.start:8.1f} to {interval.end:.1f} s'
        console.print(f'{times:22}  {interval.score:6.1%}  {action.code:3}  {action.name}')


def write_results(results, args):
    if args.json:
        write_json(results, args.json)
    if args.csv:
        write_csv(results, args.csv)


def watch(inferencer, args, console):
    """Print the best action of every window of a camera, and write the timeline every minute and when it is over."""
    camera = CameraStream(args.camera)
    console.print(f'watching camera {escape(args.camera)}; Ctrl-C ends, a second Ctrl-C at once')
    scored = []

    def merged():
        return inferencer.merge(f'camera {args.camera}', scored, scored[-1][1])

    with ending_by_signals(camera.stop):
        try:
            due = time.monotonic() + SAVE_SECONDS
            for window in inferencer.live(camera.frames(args.seconds), camera.fps):
                scored.append(window)
                print_window(window, args, console)
                now = time.monotonic()
                if (args.json or args.csv) and now >= due:
                    try:
                        write_results([merged()], args)
                    except OSError as error:
                        console.print(escape(f'warning: {error}; tried again in a minute'), style='yellow')
                    # After a day it takes a while.
                    due = time.monotonic() + max(SAVE_SECONDS, 20 * (time.monotonic() - now))
        finally:
            # Whatever the end was: a signal, an error of the network, a lost stream.
            if scored:
                result = merged()
                try:
                    write_results([result], args)
                finally:
                    print_result(result, console, args.min_score)
    if not scored:
        raise ValueError(f'camera {args.camera} gave less than {args.window} s, a window; nothing was recognised')
    starts = result.starts
    step = max(round(args.step * camera.fps), 1) / camera.fps
    asked = round((starts[-1] - starts[0]) / step) + 1
    if asked > len(starts):
        console.print(
            f'warning: {asked - len(starts):,} of {asked:,} windows were left out: the network is slower than the '
            'camera, or pictures were missing; with a larger --step there is less to do',
            style='yellow',
        )


def print_window(window, args, console):
    _, end, scores = window
    action, score = ACTIONS[scores.argmax()], scores.max()
    said = f'{action.code:3}  {action.name}' if score >= args.min_score else 'nothing above --min-score'
    console.print(f'{end:8.1f} s  {score:6.1%}  {said}')


def reason(error):
    """Say what went wrong with a video, whichever library says it."""
    if isinstance(error, MemoryError):
        return f'it needs more memory than there is ({error}); make it smaller or shorter'
    return str(error) if isinstance(error, (OSError, ValueError)) else f'{type(error).__name__}: {error}'


def recognise(inferencer, videos, labelled, args, console):
    """Go through the videos, also if some cannot be read or drawn."""
    results, failed = [], 0
    for video in videos:
        try:
            with progress_bar(f'recognising {video.name}', console) as progress:
                result = inferencer(video, progress)
        except Exception as error:
            failed += 1
            text = reason(error)
            console.print(escape(f'error: {text if str(video) in text else f"{video}: {text}"}'), style='red')
            continue
        # After each, and before it is printed or drawn: whatever happens next, this one is not lost.
        results.append(result)
        write_results(results, args)
        print_result(result, console, args.min_score)
        if video not in labelled:
            continue
        try:
            with progress_bar(f'drawing {video.name}', console) as progress:
                write_labelled_video(result, labelled[video], progress)
        except Exception as error:
            failed += 1
            console.print(escape(f'error: {video} was recognised but not drawn: {reason(error)}'), style='red')
    if failed:
        raise ValueError(f'{failed} of {len(videos)} videos could not be read or drawn, see above')


def main():
    args = parse_args()
    sys.stdout.reconfigure(errors='backslashreplace')  # names may have letters that a terminal has not
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    warnings.showwarning = lambda message, *_: console.print(escape(f'warning: {message}'), style='yellow')
    try:
        videos = find_videos(args.videos)
        labelled = labelled_paths(videos, args.video_dir) if args.video_dir else {}
        check_outputs(videos, labelled, args)
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
        )
        if args.camera is None:
            recognise(inferencer, videos, labelled, args, console)
        else:
            watch(inferencer, args, console)
    except KeyboardInterrupt:
        sys.exit('stopped; what was done before is in the files that were asked for')
    except MemoryError as error:
        sys.exit(f'error: there is not enough memory ({error})')
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

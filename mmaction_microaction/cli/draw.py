"""Draw a coded recording below its video: who does what, and when.

    microaction draw interview.mp4 interview.json --out labelled.mp4
    microaction draw interview.mp4 coded.csv --out labelled.mp4 --blur-faces --no-sound

CODING is what "microaction code" wrote, or what a person coded or corrected in
any of the formats that it reads. If it contains several recordings, the one
with the name of the video is drawn. The new video has the sound of the video.
"""

import warnings
from pathlib import Path

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument('video', metavar='VIDEO', help='video of the recording')
    parser.add_argument('coding', metavar='CODING', help='coded recording')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='file for the new video, *.mp4')
    parser.add_argument(
        '--people', default='*', metavar='PATTERN', help='pattern of the people who are drawn, such as "P1*"'
    )
    parser.add_argument(
        '--tiers',
        metavar='PATTERN',
        help="tiers that are drawn, of an ELAN or Praat file, such as '*human*' for those of a person (default: all)",
    )
    parser.add_argument('--skeleton', action='store_true', help='drawing of the people\'s joints (extra "pose")')
    parser.add_argument(
        '--poses',
        type=Path,
        metavar='FILE',
        help='file of "microaction poses" with the joints for --skeleton (default: they are estimated)',
    )
    add_drawing_arguments(parser)


def add_drawing_arguments(parser):
    """Add the options of labelled videos that "microaction demo" has, too."""
    parser.add_argument(
        '--blur-faces',
        action='store_true',
        help='hiding of the faces of all people in the labelled videos (extra "pose"). It is a help and no guarantee: '
        'look at each video before you show it',
    )
    parser.add_argument(
        '--height',
        type=int,
        metavar='PIXELS',
        help='maximum height of the picture in the labelled videos; 720 halves the time for 1080 (default: as it is)',
    )
    parser.add_argument('--no-sound', action='store_true', help='labelled videos without sound')


def check_height(args):
    """Raise an error if the height of a labelled video is out of range."""
    if args.height is not None and args.height < 120:
        raise ValueError(f'--height {args.height}: must be at least 120 pixels')


def check(args):
    check_height(args)
    if args.out.suffix.lower() != '.mp4':
        raise ValueError(f'--out {args.out}: must end with .mp4')
    if args.poses and not args.skeleton:
        raise ValueError('--poses needs --skeleton')


def run(args):
    from rich.console import Console

    from mmaction_microaction.inference import write_labeled_video
    from mmaction_microaction.utils.files import check_writable, file_identity
    from mmaction_microaction.utils.progress import progress_bar
    from mmaction_microaction.video.reader import Video

    for path in (args.video, args.coding, args.poses):
        if path and file_identity(path) == file_identity(args.out):
            raise ValueError(f'--out {args.out} is one of the files that are read; choose another path')
    check_writable(args.out)
    coding = find_coding(args.coding, args.people, args.tiers, Path(args.video).stem)
    video = Video(args.video)
    check_duration(coding, video)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    poses = blur = None
    if args.skeleton:
        from mmaction_microaction.inference.pose_source import PoseSource
        from mmaction_microaction.poses.framing import MAX_PEOPLE

        with progress_bar('finding joints', console) as progress:
            poses = PoseSource(args.poses)(video, progress, MAX_PEOPLE)
    if args.blur_faces:
        from mmaction_microaction.inference import blur_faces

        with progress_bar('finding faces', console) as progress:
            blur = blur_faces(video, progress)
    with progress_bar('drawing', console) as progress:
        write_labeled_video(
            coding,
            args.out,
            progress,
            poses,
            video=video,
            blur=blur,
            sound=not args.no_sound,
            max_height=args.height,
        )
    people = [person for person in coding.people if person]
    of = f' of {len(people)} people ({", ".join(people)})' if len(people) > 1 else ''
    count = len(coding.events)
    print(f'{format_count(count, "event")}{of} drawn in {args.out}')


def find_coding(path, people, tiers, stem):
    """Return the coded recording of a video."""
    from mmaction_microaction.coding.formats import read_codings
    from mmaction_microaction.utils.messages import first_few

    codings = read_codings([path], people, tiers)
    if len(codings) > 1:
        named = [coding for coding in codings if Path(coding.recording).stem == stem or coding.recording == stem]
        if len(named) > 1:
            coders = first_few([coding.coder or 'an unknown coder' for coding in named])
            raise ValueError(f'{path} has {len(named)} codings of {stem}, by {coders}; choose one with --tiers')
        if not named:
            names = first_few(sorted({coding.recording for coding in codings}))
            raise ValueError(
                f'{path} has {format_count(len(codings), "recording")} and none of {stem}: {names}; rename the video'
            )
        codings = named
    if not codings:
        raise ValueError(f'{path} has no recording')
    [coding] = codings
    if not coding.events:
        who = '' if people == '*' else f' of people {people!r}'
        raise ValueError(f'{path} has no events{who} of {coding.recording}')
    if len(coding.media) > 1:
        raise ValueError(
            f'{path} was coded in {len(coding.media)} joined videos, and one can be drawn; join them, and code that'
        )
    return coding


def check_duration(coding, video):
    """Warn if a coded recording and a video differ in their duration."""
    late = sum(event.start > video.duration for event in coding.events)
    if late:
        warnings.warn(
            f'{late:,} of {len(coding.events):,} events start after the end of {video.path} ({video.duration:.1f} s); '
            'is it the video of this recording?',
            stacklevel=1,
        )
    elif coding.duration is not None and abs(coding.duration - video.duration) > 1:
        warnings.warn(
            f'the recording was coded in a video of {coding.duration:.1f} s, and {video.path} has '
            f'{video.duration:.1f} s; is it the same?',
            stacklevel=1,
        )

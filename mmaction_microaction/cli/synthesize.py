"""Render a synthetic MA-52: a seated person who performs the 52 micro-actions.

The files have the same layout as MA-52. poses_train.pkl, poses_val.pkl and
poses_test.pkl contain the true poses, in MMAction2's format with MA-52's 28
joints. Run the command again with the same options to continue an interrupted
run, or to add poses to an older data set. --poses-only renders no videos.

    microaction synthesize --out data/ma52_synthetic --clips 2080 --size 112 --workers 2
    microaction synthesize --contact-sheet sheet.png
"""

from pathlib import Path

from mmaction_microaction.utils import parallel

COUNTS = ('uniform', 'long-tailed')
PROTOCOLS = ('cross-subject', 'released')
VARIETIES = ('normal', 'high')
LAYOUTS = ('blazepose33', 'coco17', 'ma52_28')


def add_arguments(parser):
    parser.add_argument('--out', default='data/ma52_synthetic', help='folder of the data set (default: %(default)s)')
    parser.add_argument(
        '--clips', type=int, default=2080, help='number of clips in train, val and test together (default: %(default)s)'
    )
    parser.add_argument(
        '--size',
        default='112',
        help='width of a 5:6 portrait, as in MA-52, or WxH; the width in MA-52 is 1080 (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: %(default)s)')
    parser.add_argument(
        '--counts',
        choices=COUNTS,
        default='uniform',
        help='clips per action: uniform, or long-tailed as in MA-52 (default: %(default)s)',
    )
    parser.add_argument(
        '--protocol',
        choices=PROTOCOLS,
        default='cross-subject',
        help='cross-subject: no subject is in two splits; released: all splits share the subjects '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--rest',
        type=int,
        default=0,
        help='number of further clips, of people at rest, for the label set ma52_rest (default: %(default)s)',
    )
    parser.add_argument('--subjects', type=int, default=200, help='number of subjects (default: %(default)s)')
    parser.add_argument(
        '--variety',
        choices=VARIETIES,
        default='normal',
        help='normal: a room and a whole person, as in MA-52; high: also close-ups, clutter, hidden faces, poor light, '
        'to train networks for real people (default: %(default)s)',
    )
    parser.add_argument(
        '--layout',
        choices=LAYOUTS,
        default='ma52_28',
        help='joints of the true poses; blazepose33 has those of the estimator (default: %(default)s)',
    )
    parser.add_argument(
        '--poses-only', action='store_true', help='true poses without videos, for networks that see poses alone'
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )
    parser.add_argument(
        '--contact-sheet', metavar='PNG', help='write an image with 8 frames of each action instead of a data set'
    )


def run(args):
    from mmaction_microaction.synthetic import SyntheticSettings, write_dataset
    from mmaction_microaction.synthetic.settings import parse_video_size
    from mmaction_microaction.utils.progress import progress_bar

    size = parse_video_size(args.size)
    if args.contact_sheet:
        _write_contact_sheet(Path(args.contact_sheet), size, args.seed, args.variety)
        return
    settings = SyntheticSettings(
        args.clips, size, args.seed, args.counts, args.protocol, args.subjects, args.variety, args.rest
    )
    with progress_bar('rendering') as progress:
        write_dataset(args.out, settings, args.workers, progress, args.layout, args.poses_only)
    print(f'{"poses of " if args.poses_only else ""}{args.clips + args.rest} clips are in {args.out}')


def _write_contact_sheet(path, size, seed, variety):
    import cv2

    from mmaction_microaction.synthetic import draw_contact_sheet
    from mmaction_microaction.utils.files import check_writable, write_whole

    if path.suffix != '.png':
        raise ValueError(f'cannot write {path}: it must be a .png')
    check_writable(path)
    write_whole(path, cv2.imencode('.png', draw_contact_sheet(size, seed, variety=variety)[..., ::-1])[1].tobytes())
    print(f'the contact sheet is in {path}')

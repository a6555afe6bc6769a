"""Render a synthetic MA-52-Pro: videos of people who show an emotion.

The emotion shows in the face and in the choice of actions. Only both together
determine it. The true poses are written too. Run the command again with the
same options to continue an interrupted run.

    microaction synthesize-pro --out data/ma52_pro_synthetic --videos 700 --seed 0 --workers 2
"""

from mmaction_microaction.utils import parallel


def add_arguments(parser):
    parser.add_argument(
        '--out', default='data/ma52_pro_synthetic', help='folder of the data set (default: %(default)s)'
    )
    parser.add_argument(
        '--videos',
        type=int,
        default=700,
        help='number of videos, divided 5 : 1 : 1 into train, val and test (default: %(default)s)',
    )
    parser.add_argument(
        '--size',
        default='208',
        help='width of a 5:6 portrait, or WxH; a face is one eighth of the frame height (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: %(default)s)')
    parser.add_argument(
        '--subjects', type=int, default=210, help='number of subjects, none in two splits (default: %(default)s)'
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )


def run(args):
    from mmaction_microaction.synthetic import ProSettings, write_pro_dataset
    from mmaction_microaction.synthetic.settings import parse_video_size
    from mmaction_microaction.utils.progress import progress_bar

    settings = ProSettings(args.videos, parse_video_size(args.size), args.seed, args.subjects)
    with progress_bar('rendering') as progress:
        write_pro_dataset(args.out, settings, args.workers, progress)
    print(f'{args.videos} videos are in {args.out}')

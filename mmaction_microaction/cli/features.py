"""Draw the features of clips in the plane (t-SNE or UMAP).

Features are the input of the classifier of a network. The features of two networks
are drawn side by side. With MMAction2's FeatureHead as head, a test writes
features instead of scores:

    mim test mmaction CONFIG --checkpoint CHECKPOINT --cfg-options test_dataloader.batch_size=1 \\
        model.cls_head._delete_=True model.cls_head.type=FeatureHead model.cls_head.average_clips=score \\
        test_evaluator._delete_=True test_evaluator.type=DumpResults test_evaluator.out_file_path=manet.pkl
    microaction features manet.pkl tsm.pkl --ann-file data/ma52/val_list_videos.txt --out features.png

Larger batches work too, but the file then contains the features of a whole
batch for each clip of it.
"""

from pathlib import Path

METHODS = ('tsne', 'umap')
SUFFIXES = ('.png', '.pdf', '.svg')


def add_arguments(parser):
    parser.add_argument('features', nargs='+', help='one or two files of features that "mim test" wrote')
    parser.add_argument('--ann-file', required=True, metavar='LIST', help='annotation list of the tested clips')
    parser.add_argument(
        '--out', default='features.png', metavar='FILE', help='.png, .pdf or .svg file to write (default: %(default)s)'
    )
    parser.add_argument(
        '--method',
        choices=METHODS,
        default='tsne',
        help='how to embed the features; umap needs the extra [umap] (default: %(default)s)',
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        default='ma52',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE (default: %(default)s)',
    )
    parser.add_argument('--title', help='heading of the figure')


def check(args):
    if not len({Path(path).resolve() for path in args.features}) == len(args.features) <= 2:
        raise ValueError('pass one file, or two different ones')
    if Path(args.out).suffix not in SUFFIXES:
        raise ValueError(f'--out {args.out}: must end in .png, .pdf or .svg')


def run(args):
    from mmaction_microaction.label_sets import get_label_set
    from mmaction_microaction.utils.files import atomic_write, check_writable
    from mmaction_microaction.visualization import embed_features, plot_features, read_features
    from mmaction_microaction.visualization.names import distinct_names

    check_writable(args.out)
    label_set = get_label_set(args.label_set)
    runs = {}
    for name, path in zip(distinct_names(args.features), args.features):
        features, labels = read_features(path, args.ann_file, label_set)
        runs[name] = embed_features(features, method=args.method), labels
    figure = plot_features(runs, args.title, args.method, label_set)
    with atomic_write(args.out) as unfinished:
        figure.savefig(unfinished, format=Path(args.out).suffix[1:])
    print(f'the features are drawn in {args.out}')

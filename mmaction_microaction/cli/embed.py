"""Build the table of label embeddings from word vectors.

A row of the table is the mean of the vectors of the words of an action.

    microaction embed
    microaction embed glove-wiki-gigaword-50 --label-set gestures.txt --out gestures.npy
"""

from pathlib import Path

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'
DEFAULT_OUT = 'data/ma52/label_embeddings.npy'


def add_arguments(parser):
    parser.add_argument(
        'vectors',
        nargs='?',
        default=DEFAULT_VECTORS,
        help='GloVe text file (such as glove.6B.300d.txt), word2vec file (text, or binary if it ends in .bin), or '
        "name of vectors in gensim.downloader (default: %(default)s, the paper's 300-d GloVe 6B, a download of "
        '376 MB). Together with the vectors, gensim.downloader downloads Python code and runs it',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help=f'file to write, *.npy (default: {DEFAULT_OUT} for MA-52; required for other label sets)',
    )
    parser.add_argument(
        '--label-set',
        metavar='NAME|FILE',
        default='ma52',
        help='label set: NAME of one of the package, or a .yaml or .txt FILE (default: %(default)s)',
    )


def run(args):
    from mmaction_microaction.datasets.preparation.build_label_embeddings import build_label_embeddings
    from mmaction_microaction.label_sets import MA52, get_label_set

    label_set = get_label_set(args.label_set)
    out = args.out
    if out is None:
        if label_set != MA52:
            raise ValueError(f'--label-set {args.label_set} needs --out FILE.npy: {DEFAULT_OUT} is the table of MA-52')
        out = Path(DEFAULT_OUT)
    missing = build_label_embeddings(args.vectors, out, label_set)
    print(f'{out}: {len(label_set):,} actions, and their source in {out.with_suffix(".json").name}')
    print(f'Words without a vector, left out of the means: {", ".join(missing) or "none"}')

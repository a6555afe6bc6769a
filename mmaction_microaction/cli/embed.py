"""Build the table of label embeddings from word vectors."""

from pathlib import Path

DEFAULT_VECTORS = 'glove-wiki-gigaword-300'


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
        default=Path('data/ma52/label_embeddings.npy'),
        help='file to write, *.npy (default: %(default)s)',
    )


def run(args):
    from mmaction_microaction.datasets.preparation.build_label_embeddings import build_label_embeddings

    missing = build_label_embeddings(args.vectors, args.out)
    print(f'{args.out}: written, and its source in {args.out.with_suffix(".json").name}')
    print(f'Words without a vector, left out of the means: {", ".join(missing) or "none"}')

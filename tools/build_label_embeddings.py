"""Build the table of label embeddings from word vectors."""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.datasets.preparation.label_embeddings import DEFAULT_VECTORS, build_label_embeddings


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'vectors',
        nargs='?',
        default=DEFAULT_VECTORS,
        help='a GloVe text file (such as glove.6B.300d.txt), a word2vec file (text, or binary if it ends in .bin), or '
        "a name of gensim.downloader; default: %(default)s, the paper's 300-d GloVe 6B (376 MB download). "
        'With the vectors, gensim.downloader downloads Python code, which it runs',
    )
    parser.add_argument('--out', type=Path, default=Path('data/ma52/label_embeddings.npy'), help='default: %(default)s')
    return parser.parse_args()


def main():
    args = parse_args()
    missing = build_label_embeddings(args.vectors, args.out)
    print(f'{args.out}: written, and its source in {args.out.with_suffix(".json").name}')
    print(f'Words without a vector, left out of the means: {", ".join(missing) or "none"}')


if __name__ == '__main__':
    try:
        main()
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')

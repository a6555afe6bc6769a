"""Put the downloaded MA-52 where the configs look for it, and check all of it."""

import argparse
import sys
from pathlib import Path

from mmaction_microaction.datasets.preparation.label_embeddings import DEFAULT_VECTORS, build_label_embeddings
from mmaction_microaction.datasets.preparation.ma52 import SPLIT_SIZES, prepare_split
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.progress import progress_bar


def parse_args():
    parser = argparse.ArgumentParser(
        description=f'{__doc__} Can be interrupted and run again; what is in place is left alone.'
    )
    parser.add_argument(
        'source', type=Path, help='folder with train.zip, val.zip and test.zip, or with the unpacked folders'
    )
    parser.add_argument('--out', type=Path, default=Path('data/ma52'), help='default: %(default)s')
    parser.add_argument(
        '--lists', type=Path, help='folder with {train,val,test}_list_videos.txt, if they are not in the source'
    )
    parser.add_argument('--splits', nargs='+', choices=SPLIT_SIZES, default=list(SPLIT_SIZES), help='default: all')
    parser.add_argument('--workers', type=int, default=default_workers(), help='processes, default: %(default)s')
    parser.add_argument(
        '--no-embeddings', action='store_true', help='do not download GloVe to build the 300-d label embeddings'
    )
    return parser.parse_args()


def main():
    args = parse_args()
    for split in args.splits:
        with progress_bar(f'{split:>5}') as progress:
            new = prepare_split(split, args.source, args.lists or args.source, args.out, args.workers, progress)
        print(f'{split}: {SPLIT_SIZES[split]:,} clips in {args.out}/videos_{split}, {new:,} of them new')

    table = args.out / 'label_embeddings.npy'
    if args.no_embeddings or table.exists():
        return
    try:
        missing = build_label_embeddings(DEFAULT_VECTORS, table)
    except (ImportError, OSError) as error:
        command = f'python tools/build_label_embeddings.py {DEFAULT_VECTORS} --out {table}'
        print(f'{table} was left out: {str(error).rstrip(".")}. Build it later: {command}')
    else:
        print(f'{table}: 300-d label embeddings; without a vector: {", ".join(missing) or "none"}')


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')

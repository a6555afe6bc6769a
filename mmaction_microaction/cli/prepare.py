"""Put the downloaded MA-52 or MMA-52 where the configs look for it, and check every clip.

The command can be interrupted and run again; finished clips are not changed.

    microaction prepare ~/Downloads/ma52
    microaction prepare ~/Downloads/ma52 --download --lists ~/Micro-Action
    microaction prepare ~/Downloads/mma52 --dataset mma52 --lists ~/MAC_2024_baseline

MA-52 is a gated data set: its authors grant access after you sign a licence form. With
--download, the command fetches the archives of the splits with your own access
token, which "hf auth login" stores, or which HF_TOKEN contains. The annotation
lists come with the authors' code, https://github.com/VUT-HFUT/Micro-Action.
--download knows only MA-52. The tables of MMA-52 come with the baseline of the
challenge, https://github.com/VUT-HFUT/MAC_2024_baseline.

--download was tested with a stand-in for the Hugging Face Hub, not yet with the
Hub itself.
"""

from pathlib import Path

from mmaction_microaction.utils import parallel

SPLITS = ('train', 'val', 'test')
DATASETS = ('ma52', 'mma52')


def add_arguments(parser):
    parser.add_argument(
        'source', type=Path, help='folder with the zip files, such as train.zip, or with the unpacked folders'
    )
    parser.add_argument('--dataset', choices=DATASETS, default='ma52', help='data set (default: %(default)s)')
    parser.add_argument('--out', type=Path, help='folder to fill (default: data/DATASET)')
    parser.add_argument(
        '--lists',
        type=Path,
        help='folder with {train,val,test}_list_videos.txt, or {train,val,test}.csv of MMA-52, if they are not in the '
        'source folder',
    )
    parser.add_argument(
        '--splits', nargs='+', choices=SPLITS, default=list(SPLITS), help='splits to prepare (default: all)'
    )
    parser.add_argument(
        '--workers', type=int, default=parallel.default_workers(), help='processes (default: %(default)s)'
    )
    parser.add_argument(
        '--no-embeddings', action='store_true', help='do not download GloVe to build the 300-d label embeddings'
    )
    download = parser.add_argument_group('download')
    download.add_argument(
        '--download',
        action='store_true',
        help='first download {train,val,test}.zip from the Hugging Face Hub to the source folder; complete files are '
        'not downloaded again. Needs the extra [download] and access to the data set',
    )
    download.add_argument(
        '--repo-id', default='kunli-cs/MA-52', help='data set on the Hugging Face Hub (default: %(default)s)'
    )


def check(args):
    if args.dataset != 'ma52' and args.download:
        raise ValueError(f'--download knows only MA-52; download {args.dataset} yourself')


def run(args):
    args.out = args.out or Path('data') / args.dataset
    if args.dataset == 'mma52':
        _prepare_mma52(args)
    else:
        _prepare_ma52(args)


def _prepare_mma52(args):
    from mmaction_microaction.datasets.preparation.mma52 import SPLIT_SIZES, prepare_mma52_split
    from mmaction_microaction.utils.messages import first_few, format_count
    from mmaction_microaction.utils.progress import progress_bar

    for split in args.splits:
        lists = args.lists or args.source
        with progress_bar(f'{split:>5}') as progress:
            new, shorter = prepare_mma52_split(split, args.source, lists, args.out, args.workers, progress)
        print(f'{split}: {SPLIT_SIZES[split]:,} videos in {args.out}/videos_{split}, {new:,} of them new')
        if shorter:
            print(f'{split}: {format_count(len(shorter), "video")} shorter than the table says: {first_few(shorter)}')


def _prepare_ma52(args):
    from mmaction_microaction.datasets.preparation.build_label_embeddings import DEFAULT_VECTORS, build_label_embeddings
    from mmaction_microaction.datasets.preparation.ma52 import SPLIT_SIZES, find_list, prepare_split
    from mmaction_microaction.utils.progress import progress_bar

    lists = args.lists or args.source
    if args.download:
        from mmaction_microaction.datasets.preparation.download import download_splits

        for split in args.splits:  # a missing list is reported before a download of many gigabytes
            find_list(split, list(dict.fromkeys([lists, args.source, args.out])))
        download_splits(args.repo_id, args.splits, args.source)
    for split in args.splits:
        with progress_bar(f'{split:>5}') as progress:
            new = prepare_split(split, args.source, lists, args.out, args.workers, progress)
        print(f'{split}: {SPLIT_SIZES[split]:,} clips in {args.out}/videos_{split}, {new:,} of them new')

    table = args.out / 'label_embeddings.npy'
    if args.no_embeddings or table.exists():
        return
    try:
        missing = build_label_embeddings(DEFAULT_VECTORS, table)
    except (ImportError, OSError) as error:
        command = f'microaction embed {DEFAULT_VECTORS} --out {table}'
        print(f'{table} was left out: {str(error).rstrip(".")}. Build it later: {command}')
    else:
        print(f'{table}: 300-d label embeddings; without a vector: {", ".join(missing) or "none"}')

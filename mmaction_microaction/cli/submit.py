"""Write the submission file of the micro-action challenge from predictions.

PREDICTIONS is a file that "mim test … --dump" wrote, or the pickle of the
authors' test script: the probabilities of each clip, in the order of the list.
Predictions of MMAction2's VideoDataset contain no names of clips and are matched
with the list by their order. Code in the file is never run.

    mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
    microaction submit predictions.pkl --ann-file data/ma52/test_list_videos.txt --out submission
"""

FORMATS = ('codabench', '2024')


def add_arguments(parser):
    parser.add_argument('predictions', metavar='PREDICTIONS', help='pickle with the scores of every clip')
    parser.add_argument('--ann-file', required=True, metavar='LIST', help='annotation list of the clips')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for prediction.csv and submission.zip')
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='codabench',
        help='codabench: MAC 2025 and the current Codabench page; 2024: MAC 2024, which that page no longer accepts '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--coarse-from',
        choices=('top1', 'sum'),
        default='top1',
        help='source of the body parts: top1, the body part of each predicted action, as in the code of the authors; '
        'sum, the summed probabilities of the actions of a body part (default: %(default)s)',
    )
    parser.add_argument(
        '--ids',
        choices=('name', 'stem'),
        default='name',
        help='names of the clips: name, as in the list (test0000.mp4); stem, without suffix (test0000) '
        '(default: %(default)s)',
    )


def run(args):
    from mmaction_microaction.structures.predictions import read_scores
    from mmaction_microaction.submission import SUBMISSION_FORMATS, write_submission

    names, scores = read_scores(args.predictions, args.ann_file)
    table, archive = write_submission(args.out, names, scores, args.format, args.coarse_from, args.ids)
    if SUBMISSION_FORMATS[args.format].note:
        print(f'note: {SUBMISSION_FORMATS[args.format].note}')
    print(f'{len(names):,} rows of format {args.format} are in {table}; upload {archive}')

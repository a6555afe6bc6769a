"""Write the submission file of the micro-action challenge from predictions.

PREDICTIONS is a file that "mim test … --dump" wrote, or the pickle of the
authors' test script: the probabilities of each clip, in the order of the list.
Predictions of MMAction2's VideoDataset contain no names of clips and are matched
with the list by their order. Code in the file is never run.

    mim test mmaction CONFIG --checkpoint CHECKPOINT --dump predictions.pkl
    microaction submit predictions.pkl --ann-file data/ma52/test_list_videos.txt --out submission

For track 2 of the challenge (MMA-52), PREDICTIONS is the dump of a detector, or
a table in the columns of the challenge:

    microaction submit predictions.pkl --ann-file data/mma52/test.csv --format mmad --out submission
"""

from mmaction_microaction.utils.messages import format_count

FORMATS = ('codabench', '2024')
DETECTION_FORMATS = ('mmad', 'mmad-2026')


def add_arguments(parser):
    parser.add_argument('predictions', metavar='PREDICTIONS', help='pickle with the scores of every clip')
    parser.add_argument(
        '--ann-file', required=True, metavar='LIST', help='annotation list of the clips, or table of MMA-52'
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the table and the file to upload')
    parser.add_argument(
        '--format',
        choices=FORMATS + DETECTION_FORMATS,
        default='codabench',
        help='codabench: MAC 2025 and the current Codabench page; 2024: MAC 2024, which that page no longer accepts; '
        'mmad: track 2 of MAC 2024 and 2025; mmad-2026: track 2 of MAC 2026, as a participant describes it '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--coarse-from',
        choices=('top1', 'sum'),
        default=None,
        help='source of the body parts: top1, the body part of each predicted action, as in the code of the authors; '
        'sum, the summed probabilities of the actions of a body part (default: top1)',
    )
    parser.add_argument(
        '--ids',
        choices=('name', 'stem'),
        default=None,
        help='names of the clips: name, as in the list (test0000.mp4); stem, without suffix (test0000) (default: name)',
    )


def check(args):
    if args.format in DETECTION_FORMATS and (args.coarse_from or args.ids):
        raise ValueError(f'--coarse-from and --ids do not apply to --format {args.format}')


def run(args):
    if args.format in DETECTION_FORMATS:
        return _submit_detections(args)
    from mmaction_microaction.structures.predictions import read_scores
    from mmaction_microaction.submission import SUBMISSION_FORMATS, write_submission

    names, scores = read_scores(args.predictions, args.ann_file)
    options = args.format, args.coarse_from or 'top1', args.ids or 'name'
    table, archive = write_submission(args.out, names, scores, *options)
    if SUBMISSION_FORMATS[args.format].note:
        print(f'note: {SUBMISSION_FORMATS[args.format].note}')
    print(f'{table}: {format_count(len(names), "row")} of format {args.format}; upload {archive}')


def _submit_detections(args):
    from mmaction_microaction.structures.detection_annotations import read_detection_annotations
    from mmaction_microaction.structures.detections import read_detections
    from mmaction_microaction.submission import DETECTION_FORMATS, write_detection_submission

    videos, detections = read_detection_annotations(args.ann_file), read_detections(args.predictions)
    upload = write_detection_submission(args.out, detections, videos, args.format)
    if DETECTION_FORMATS[args.format].note:
        print(f'note: {DETECTION_FORMATS[args.format].note}')
    found = len(set(detections.video_ids.tolist()))
    print(
        f'{format_count(len(detections.scores), "detection")} in {found:,} of {format_count(len(videos), "video")}; '
        f'upload {upload}'
    )

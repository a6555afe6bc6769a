"""Join a detector that was trained on features with the network of the features.

The new checkpoint reads frames. It fits a config with both parts, which needs the
rate and the stride of the features. Another network than that of the features is
refused.

    microaction join DETECTOR.pth MANET.pth --out whole.pth
    mim test mmaction configs/mma52/manet_r50_frames_mma52.py --checkpoint whole.pth
"""

from mmaction_microaction.utils.messages import format_count


def add_arguments(parser):
    parser.add_argument('detector', metavar='DETECTOR', help='checkpoint of the detector')
    parser.add_argument('network', metavar='NETWORK', help='checkpoint of the network that computed the features')
    parser.add_argument(
        '--out', default='detector.pth', metavar='FILE', help='checkpoint to write (default: %(default)s)'
    )


def run(args):
    from mmaction_microaction.models.detectors.joined_checkpoint import join_checkpoints
    from mmaction_microaction.utils.files import check_writable

    check_writable(args.out)
    count = join_checkpoints(args.detector, args.network, args.out)
    print(f'{args.out}: the detector with {format_count(count, "tensor")} of the backbone')

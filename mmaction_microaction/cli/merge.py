"""Merge a network of RGB frames and a network of poses into initial weights of RGBPose-Conv3D and PCAN.

Each network becomes a branch. Lateral connections, exchanges and prototypes start fresh.

    microaction merge SLOWONLY.pth POSECONV3D.pth --out data/ma52/rgbpose_init.pth
    mim train mmaction configs/pose/pcan_r50_8x32_ma52.py
"""


def add_arguments(parser):
    parser.add_argument('rgb', metavar='RGB', help='checkpoint of the network of RGB frames')
    parser.add_argument('pose', metavar='POSE', help='checkpoint of the network of poses')
    parser.add_argument(
        '--out',
        default='data/ma52/rgbpose_init.pth',
        metavar='FILE',
        help='checkpoint to write (default: %(default)s, from which the configs start)',
    )
    parser.add_argument(
        '--config',
        default='configs/pose/rgbposeconv3d_r50_8x32_ma52.py',
        help='config of a network with both branches (default: %(default)s)',
    )


def run(args):
    from mmaction_microaction.models.merged_checkpoint import merge_checkpoints
    from mmaction_microaction.utils.files import check_writable

    check_writable(args.out)
    count, padded = merge_checkpoints(args.rgb, args.pose, args.out, args.config)
    print(f'{args.out}: {count} tensors of both branches')
    for name in padded:
        print(f'zeros for the channels of the lateral connection: {name}')

"""Convert a checkpoint of the authors, or a TSM of MMAction2 0.x, for this project.

The authors' networks are MANet, PCAN, and the branches from which PCAN starts. With --to-release, convert a MANet or
PCAN of this project for the authors' code.

    microaction convert best_top1_acc_epoch_40.pth manet_released.pth
    mim test mmaction configs/manet_r50_8x1_ma52.py --checkpoint manet_released.pth
"""


def add_arguments(parser):
    parser.add_argument('source', metavar='IN', help='checkpoint to read')
    parser.add_argument('out', metavar='OUT', help='checkpoint to write, which contains only weights')
    parser.add_argument(
        '--to-release',
        action='store_true',
        help="convert a MANet or PCAN of this project to a checkpoint that the authors' code loads",
    )
    parser.add_argument(
        '--config',
        help="config of the network that the weights must fit (default: that of the authors' MANet or PCAN, "
        "RGBPose-Conv3D for two branches, or MMAction2's TSM with ResNet-50)",
    )


def run(args):
    from mmaction_microaction.models.release_checkpoint import convert_file

    conversion = convert_file(args.source, args.out, args.to_release, args.config)
    print(f'{args.out}: the weights of {conversion.config}')
    print(conversion)

"""Convert the weights that the authors released, or MMAction2 0.x's TSM, for this project; or back.

python tools/convert_release_checkpoint.py best_top1_acc_epoch_40.pth manet_released.pth
mim test mmaction configs/manet_r50_8x1_ma52.py --checkpoint manet_released.pth
"""

import argparse
import sys

from mmaction_microaction.models.release_checkpoint import convert_file


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', metavar='IN', help='checkpoint to read')
    parser.add_argument('out', metavar='OUT', help='checkpoint to write, the weights alone')
    parser.add_argument(
        '--to-release', action='store_true', help="from a MANet of this project to one that the authors' code loads"
    )
    parser.add_argument(
        '--config',
        help='network that the weights have to fit (default: configs/manet_r50_8x1_ma52.py or, without '
        "squeeze-and-excitation, MMAction2's TSM with ResNet-50)",
    )
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        conversion = convert_file(args.source, args.out, args.to_release, args.config)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.out}: the weights of {conversion.config}')
    print(conversion)


if __name__ == '__main__':
    main()

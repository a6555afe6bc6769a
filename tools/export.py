"""Export a trained network to one ONNX file that is enough to run it, and check it against PyTorch.

python tools/export.py configs/manet_r50_8x1_ma52.py CHECKPOINT --out manet.onnx
"""

import argparse
import sys

from mmaction_microaction.inference.export import export_onnx


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help="the network's config")
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='its weights')
    parser.add_argument('--out', default='model.onnx', metavar='FILE', help='what to write (default: %(default)s)')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        print(export_onnx(args.config, args.checkpoint, args.out))
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

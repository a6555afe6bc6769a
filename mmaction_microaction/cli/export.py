"""Export a trained network to one ONNX file, and compare its output with PyTorch.

Running the network needs no other file.

    microaction export configs/manet_r50_8x1_ma52.py CHECKPOINT --out manet.onnx
"""


def add_arguments(parser):
    parser.add_argument('config', metavar='CONFIG', help='config of the network')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='weights of the network')
    parser.add_argument('--out', default='model.onnx', metavar='FILE', help='file to write (default: %(default)s)')


def run(args):
    from mmaction_microaction.inference.export import export_onnx

    print(export_onnx(args.config, args.checkpoint, args.out))

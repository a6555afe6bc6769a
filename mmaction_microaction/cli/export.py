"""Export a trained network to one ONNX file, and compare its output with PyTorch.

Running the network needs no other file.

    microaction export configs/manet_r50_8x1_ma52.py CHECKPOINT --out manet.onnx
    microaction export configs/mma52/manet_r50_pyramid_mma52.py CHECKPOINT --out detector.onnx

A detector that reads features accepts videos of any length. One that reads
frames needs --frames; shorter videos repeat their last frame.
"""


def add_arguments(parser):
    parser.add_argument('config', metavar='CONFIG', help='config of the network')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='weights of the network')
    parser.add_argument('--out', default='model.onnx', metavar='FILE', help='file to write (default: %(default)s)')
    parser.add_argument(
        '--frames', type=int, help='number of frames of a video, up to 1,024, for a detector that reads frames'
    )


def check(args):
    if args.frames is not None and args.frames < 1:
        raise ValueError(f'--frames {args.frames}: must be at least 1')


def run(args):
    from mmaction_microaction.inference.detector_export import export_detector
    from mmaction_microaction.inference.export import export_onnx
    from mmaction_microaction.inference.recognizer import read_config

    config = read_config(args.config)
    if config.get('model', {}).get('type') == 'MicroActionDetector':
        print(export_detector(config, args.checkpoint, args.out, args.frames))
    elif args.frames is not None:
        raise ValueError(f'--frames {args.frames}: {args.config} is not a detector; its clips have a fixed length')
    else:
        print(export_onnx(args.config, args.checkpoint, args.out))

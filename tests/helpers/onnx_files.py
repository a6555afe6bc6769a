"""Small ONNX files in the format of ``microaction export``."""

import json

import numpy as np
import onnx

from mmaction_microaction.label_sets import MA52

WEIGHTS = np.linspace(-0.02, 0.02, len(MA52), dtype=np.float32)[None]
PIPELINE = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=2, test_mode=True, _scope_='mmaction'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 8)),
    dict(type='PackActionInputs', algorithm_keys=('emotion',)),
]


def brightness_model(label_set=MA52, with_label_set=True):
    """Make an exported network whose only feature is the brightness of two frames of 5 x 4 pixels.

    Older files have only the names of the actions, without the label set.
    """
    tensor = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node('ReduceMean', ['inputs', 'axes'], ['means'], keepdims=0),
        onnx.helper.make_node('Reshape', ['means', 'column'], ['brightness']),
        onnx.helper.make_node('MatMul', ['brightness', 'weights'], ['logits']),
        onnx.helper.make_node('Softmax', ['logits'], ['scores'], axis=1),
    ]
    constants = dict(axes=np.array([1, 2, 3, 4]), column=np.array([-1, 1]), weights=WEIGHTS[:, : len(label_set)])
    graph = onnx.helper.make_graph(
        nodes,
        'brightness',
        [tensor('inputs', onnx.TensorProto.FLOAT, ['batch', 2, 3, 4, 5])],
        [tensor('scores', onnx.TensorProto.FLOAT, ['batch', len(label_set)])],
        [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=10)
    metadata = dict(pipeline=json.dumps(PIPELINE), config='brightness', mmaction_microaction='0.1.0')
    metadata['classes'] = json.dumps(label_set.names)
    if with_label_set:
        metadata['label_set'] = json.dumps(label_set.to_dict())
    onnx.helper.set_model_props(model, metadata)
    return model


def detector_model(shape=(6, 3, 4, 5), num_segments=1):
    """Make an exported detector with a point for each frame, whose brightness is the score of all classes."""
    info = onnx.helper.make_tensor_value_info
    steps = np.arange(shape[0] or 6, dtype=np.float32)
    nodes = [
        onnx.helper.make_node('ReduceMean', ['inputs', 'axes'], ['means'], keepdims=0),
        onnx.helper.make_node('Reshape', ['means', 'column'], ['brightness']),
        onnx.helper.make_node('MatMul', ['brightness', 'weights'], ['scores']),
        onnx.helper.make_node('Identity', ['boundaries'], ['segments']),
    ]
    constants = dict(
        axes=np.arange(1, len(shape)),
        column=np.array([-1, 1]),
        weights=np.full((1, len(MA52)), 1 / 255, np.float32),
        boundaries=np.stack([steps - 0.5, steps + 0.5], axis=-1)[:, None].repeat(num_segments, 1),
    )
    graph = onnx.helper.make_graph(
        nodes,
        'brightness',
        [info('inputs', onnx.TensorProto.FLOAT, ['any' if side is None else side for side in shape])],
        [info(name, onnx.TensorProto.FLOAT, None) for name in ('scores', 'segments')],
        [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=10)
    pipeline = [
        dict(type='SampleFramesAtRate', rate=2),
        dict(type='DecordDecode'),
        dict(type='Resize', scale=(5, 4), keep_ratio=False),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackDetectionInputs'),
    ]
    metadata = dict(
        pipeline=json.dumps(pipeline),
        classes=json.dumps(MA52.names),
        config='brightness',
        mmaction_microaction='0.1.0',
        detector=json.dumps(dict(feature_stride=1, test_cfg=dict(max_per_video=50))),
    )
    onnx.helper.set_model_props(model, metadata)
    return model

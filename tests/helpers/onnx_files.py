"""A small ONNX file in the format of ``tools/export.py``."""

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

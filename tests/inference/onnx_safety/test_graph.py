"""Graphs that need much memory are rejected before ONNX Runtime receives them."""

import subprocess
import sys

import numpy as np
import pytest

from mmaction_microaction.inference.onnx_model import OnnxRecognizer

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')


@pytest.fixture
def no_session(monkeypatch):
    """Fail if ONNX Runtime receives a file."""

    def fail(*args, **kwargs):
        pytest.fail('ONNX Runtime received the file')

    monkeypatch.setattr(onnxruntime, 'InferenceSession', fail)


def node(kind, inputs, output, **attributes):
    return onnx.helper.make_node(kind, inputs.split(), [output], **attributes)


def put_before_scores(model, nodes, constants):
    """Make the scores depend on the tensor ``large``, which the nodes compute from the frames or from constants."""
    graph = model.graph
    graph.node[-1].output[0] = 'plain'
    graph.initializer.extend(onnx.numpy_helper.from_array(np.array(value), name) for name, value in constants.items())
    graph.node.extend(
        [*nodes, node('ReduceMax', 'large', 'largest', keepdims=0), node('Add', 'plain largest', 'scores')]
    )


HUGE = 2**28
"""Number of floats in a GiB."""
BOMBS = {
    'ConstantOfShape': ([node('ConstantOfShape', 'shape', 'large')], dict(shape=[HUGE])),
    'Expand': ([node('Expand', 'weights shape', 'large')], dict(shape=[HUGE // 52, 52])),
    'Expand of frames': ([node('Expand', 'brightness shape', 'large')], dict(shape=[1, HUGE])),
    'Tile': ([node('Tile', 'brightness times', 'large')], dict(times=[1, HUGE])),
    'Range': ([node('Range', 'zero many one', 'large')], dict(zero=0, many=HUGE, one=1)),
    'Pad': ([node('Pad', 'brightness pads', 'large')], dict(pads=[0, 0, 0, HUGE])),
    'Resize': ([node('Resize', 'inputs   sizes', 'large')], dict(sizes=[1, 2, 3, 2**14, 2**14])),
    'Resize by a factor': (
        [onnx.helper.make_node('Resize', ['inputs', '', 'scales'], ['large'])],
        dict(scales=np.float32([1, 1, 1, 4096, 4096])),
    ),
    'Gather': ([node('Gather', 'weights indices', 'large', axis=0)], dict(indices=np.zeros(2**22, np.int32))),
    'broadcast': (
        [node('Reshape', 'column_of_many row', 'across'), node('Add', 'across column_of_many', 'large')],
        dict(column_of_many=np.zeros((2**14, 1), np.float32), row=[1, -1]),
    ),
    'MatMul': (
        [node('Reshape', 'column_of_many row', 'across'), node('MatMul', 'column_of_many across', 'large')],
        dict(column_of_many=np.zeros((2**14, 1), np.float32), row=[1, -1]),
    ),
    'Einsum': (
        [node('Einsum', 'many many', 'large', equation='i,j->ij')], dict(many=np.zeros(2**14, np.float32))
    ),
    'Conv': (
        [node('Reshape', 'brightness frame_shape', 'small'), node('Conv', 'small kernel', 'large', pads=[2**13] * 4)],
        dict(frame_shape=[-1, 1, 1, 1], kernel=np.ones((1, 1, 1, 1), np.float32)),
    ),
    'MaxPool': (
        [node('Reshape', 'brightness frame_shape', 'small'),
         node('MaxPool', 'small', 'large', kernel_shape=[2**13 + 1] * 2, pads=[2**13] * 4)],
        dict(frame_shape=[-1, 1, 1, 1]),
    ),
    'Concat': (
        [node('Concat', ' '.join([f'c{i}'] * 2), f'c{i + 1}', axis=1) for i in range(26)]
        + [node('Identity', 'c26', 'large')],
        dict(c0=np.zeros((1, 4), np.float32)),
    ),
    'many of 64 MiB': (
        [node('Expand', 'brightness shape', f'e{i}') for i in range(16)]
        + [node('Max', ' '.join(f'e{i}' for i in range(16)), 'large')],
        dict(shape=[1, 2**24]),
    ),
    'consecutive constants': (
        [item for i in range(64) for item in (
            node('ConstantOfShape', 'shape', f'e{i}'), node('ReduceMax', f'e{i}', f'm{i}'))]
        + [node('Max', ' '.join(f'm{i}' for i in range(64)), 'large')],
        dict(shape=[2**22]),
    ),
    'weights packed repeatedly': (
        [node('Expand', 'brightness shape', 'x0')]
        + [node('MatMul', f'x{i} square', f'x{i + 1}') for i in range(300)]
        + [node('Identity', 'x300', 'large')],
        dict(shape=[1, 1024], square=np.zeros((1024, 1024), np.float32)),
    ),
    'weights of one column': (
        [node('Expand', 'brightness shape', 'wide'), node('MatMul', 'wide thin', 'large')],
        dict(shape=[1, 2**21], thin=np.zeros((2**21, 1), np.float32)),
    ),
    'most expensive order': (
        [node('Identity', 'brightness', 'x0')]
        + [item for i in range(40) for item in (
            node('Expand', 'brightness shape', f'e{i}'), node('Add', f'e{i} x{i}', f's{i}'),
            node('ReduceMax', f's{i}', f'x{i + 1}'))]
        + [node('Identity', 'x40', 'large')],
        dict(shape=[1, 2**22]),
    ),
    'shape from the batch size': (
        [node('Shape', 'inputs', 'sides', start=0, end=1), node('Mul', 'sides many', 'product'),
         node('ConstantOfShape', 'product', 'large')],
        dict(many=[HUGE]),
    ),
    'shape from the frames': (
        [node('Cast', 'brightness', 'whole', to=onnx.TensorProto.INT64), node('Reshape', 'whole flat', 'shape'),
         node('ConstantOfShape', 'shape', 'large')],
        dict(flat=[-1]),
    ),
    'shape from a quotient that runtimes round differently': (
        [node('Div', 'minus two', 'half'), node('Add', 'half one', 'zero'), node('Mul', 'zero many', 'shape'),
         node('ConstantOfShape', 'shape', 'large')],
        dict(minus=[-1], two=[2], one=[1], many=[HUGE]),
    ),
    'shape from a product beyond 64 bits': (
        [node('Mul', 'many many', 'shape'), node('ConstantOfShape', 'shape', 'large')], dict(many=[2**33])
    ),
    'EyeLike': ([node('EyeLike', 'brightness', 'large')], {}),
    'RandomNormal': ([node('RandomNormal', '', 'large', shape=[HUGE])], {}),
    'Loop': ([node('Loop', 'many true', 'large', body=onnx.GraphProto())], dict(many=HUGE, true=True)),
    'If': ([node('If', 'true', 'large', then_branch=onnx.GraphProto(), else_branch=onnx.GraphProto())],
           dict(true=True)),
    'ConvTranspose': ([node('ConvTranspose', 'inputs weights', 'large', strides=[2**14] * 3)], {}),
    'DequantizeLinear': ([node('DequantizeLinear', 'many one', 'large')],
                         dict(many=np.zeros(9, np.uint8), one=np.float32(1))),
    'com.microsoft.Attention': ([node('Attention', 'weights', 'large', domain='com.microsoft')], {}),
}  # fmt: skip
"""Small files that would need much memory while they are loaded or run."""


@pytest.mark.parametrize('name', BOMBS)
def test_graph_that_needs_much_memory_is_rejected_before_running(onnx_model, onnx_path, no_session, name):
    put_before_scores(onnx_model, *BOMBS[name])
    onnx.save(onnx_model, onnx_path)
    operator = next((word for word in name.split() if word[0].isupper()), '')
    with pytest.raises(ValueError, match=rf'model\.onnx is refused: .* operator .*{operator}.*microaction export'):
        OnnxRecognizer(onnx_path)


def test_file_parts_that_expand_in_memory_are_rejected(onnx_model, onnx_path, no_session):
    def sparse(model):
        values = onnx.numpy_helper.from_array(np.ones(1, np.float32), 'sparse')
        indices = onnx.numpy_helper.from_array(np.zeros(1, np.int64), 'indices')
        model.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, indices, [HUGE]))

    def function(model):
        model.functions.add(name='f', domain='d')

    def elsewhere(model):
        tensor = model.graph.initializer.add(name='elsewhere', data_type=1, dims=[HUGE], raw_data=b'')
        onnx.external_data_helper.set_external_data(tensor, 'elsewhere.bin')

    def empty(model):
        model.graph.initializer.add(name='empty', data_type=1, dims=[HUGE])

    def clips(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = HUGE

    for change, reason in (
        (sparse, 'sparse tensors'),
        (function, 'functions'),
        (elsewhere, "'elsewhere' is in another file"),
        (empty, "'empty' of shape"),
        (clips, f'inputs have shape.*{HUGE}'),
    ):
        changed = onnx.ModelProto()
        changed.CopyFrom(onnx_model)
        change(changed)
        onnx_path.write_bytes(changed.SerializeToString())
        with pytest.raises(ValueError, match=rf'model\.onnx is refused: .*{reason}.*microaction export'):
            OnnxRecognizer(onnx_path)


def test_file_with_very_many_parts_is_rejected_before_parsing(onnx_path, no_session, monkeypatch):
    # Nodes of two bytes each, for each of which a parser creates an object of hundreds of bytes.
    nodes = b'\x0a\x00' * 2**18
    onnx_path.write_bytes(onnx_path.read_bytes() + b'\x3a' + bytes([128, 128, 32]) + nodes)
    monkeypatch.setattr(onnx.ModelProto, 'FromString', None)
    with pytest.raises(ValueError, match=r'model\.onnx cannot be loaded .* more than 262,144 parts'):
        OnnxRecognizer(onnx_path)


def test_shapes_claimed_by_a_file_are_not_trusted(onnx_model, onnx_path):
    # With the claimed shape of brightness, ONNX Runtime would allocate a GiB while it loads the file.
    nodes = [node('Shape', 'brightness', 'shape', start=1), node('ConstantOfShape', 'shape', 'large')]
    put_before_scores(onnx_model, nodes, {})
    claim = onnx.helper.make_tensor_value_info('brightness', onnx.TensorProto.FLOAT, ['batch', HUGE])
    onnx_model.graph.value_info.append(claim)
    onnx_model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = HUGE
    onnx.save(onnx_model, onnx_path)
    recognizer = OnnxRecognizer(onnx_path)
    assert recognizer(np.zeros((3, 2, 3, 4, 5))).shape == (3, 52)


def test_batch_that_needs_much_memory_is_rejected(onnx_model, onnx_path):
    # 4 * N^4 bytes.
    nodes = [
        *(node('Reshape', f'brightness s{i}', f'b{i}') for i in range(4)),
        node('Add', 'b0 b1', 'b01'),
        node('Add', 'b2 b3', 'b23'),
        node('Add', 'b01 b23', 'large'),
    ]
    put_before_scores(onnx_model, nodes, {f's{i}': [-1 if i == j else 1 for j in range(4)] for i in range(4)})
    onnx.save(onnx_model, onnx_path)
    recognizer = OnnxRecognizer(onnx_path)
    assert recognizer(np.zeros((2, 2, 3, 4, 5))).shape == (2, 52)
    with pytest.raises(ValueError, match=r'model\.onnx is not run on 100 clips: .* operator Add.* 381 MiB'):
        recognizer(np.zeros((100, 2, 3, 4, 5)))


@pytest.mark.skipif(sys.platform != 'linux', reason='reads the peak memory of a process from /proc')
def test_largest_accepted_graph_needs_less_than_one_gib(onnx_model, onnx_path):
    # Tensors of 60 MiB while the file is loaded, and of 120 MiB while it is run.
    nodes = [
        node('ConstantOfShape', 'constant_shape', 'zeros'),
        node('ReduceMax', 'zeros', 'zero', keepdims=0),
        node('Add', 'brightness zero', 'x0'),
    ]
    for i in range(3):
        nodes += [node('Expand', f'x{i} shape', f'e{i}'), node('ReduceMax', f'e{i} last', f'x{i + 1}')]
    nodes.append(node('Identity', 'x3', 'large'))
    put_before_scores(onnx_model, nodes, dict(constant_shape=[15 * 2**20], shape=[1, 15 * 2**20], last=[1]))
    onnx.save(onnx_model, onnx_path)
    OnnxRecognizer(onnx_path)
    script = """
import re, sys
import numpy as np
import onnxruntime
def peak():
    return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])
before = peak()
session = onnxruntime.InferenceSession(sys.argv[1])
session.run(None, {'inputs': np.zeros((2, 2, 3, 4, 5), np.float32)})
print(peak() - before)
"""
    taken = subprocess.run([sys.executable, '-c', script, onnx_path], capture_output=True, text=True, check=True).stdout
    assert 100 * 2**10 < int(taken) < 2**20  # KiB

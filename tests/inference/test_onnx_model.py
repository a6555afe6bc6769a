import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from mmaction_microaction.inference.onnx_model import OnnxRecognizer

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')

WEIGHTS = np.linspace(-0.02, 0.02, 52, dtype=np.float32)[None]
PIPELINE = [
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=2, test_mode=True, _scope_='mmaction'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 8)),
    dict(type='PackActionInputs', algorithm_keys=('emotion',)),
]
CLASSES = [f'action {number}' for number in range(52)]


@pytest.fixture
def model():
    """What tools/export.py writes, of a network that sees the brightness of two frames of 5 x 4 pixels and no more."""
    tensor = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node('ReduceMean', ['inputs', 'axes'], ['means'], keepdims=0),
        onnx.helper.make_node('Reshape', ['means', 'column'], ['brightness']),
        onnx.helper.make_node('MatMul', ['brightness', 'weights'], ['logits']),
        onnx.helper.make_node('Softmax', ['logits'], ['scores'], axis=1),
    ]
    constants = dict(axes=np.array([1, 2, 3, 4]), column=np.array([-1, 1]), weights=WEIGHTS)
    graph = onnx.helper.make_graph(
        nodes,
        'brightness',
        [tensor('inputs', onnx.TensorProto.FLOAT, ['batch', 2, 3, 4, 5])],
        [tensor('scores', onnx.TensorProto.FLOAT, ['batch', 52])],
        [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=10)
    metadata = dict(
        pipeline=json.dumps(PIPELINE), classes=json.dumps(CLASSES), config='brightness', mmaction_microaction='0.1.0'
    )
    onnx.helper.set_model_props(model, metadata)
    return model


@pytest.fixture
def no_session(monkeypatch):
    """Fail when ONNX Runtime is given a file."""

    def fail(*args, **kwargs):
        pytest.fail('ONNX Runtime was given the file')

    monkeypatch.setattr(onnxruntime, 'InferenceSession', fail)


@pytest.fixture
def path(model, tmp_path):
    onnx.save(model, tmp_path / 'model.onnx')
    return tmp_path / 'model.onnx'


@pytest.mark.parametrize('kind', ['numpy', 'torch'])
def test_scores_frames_of_any_type(path, kind):
    brightest = np.array([50, 150, 250]).reshape(3, 1, 1, 1, 1)
    frames = np.random.default_rng(0).integers(0, brightest, (3, 2, 3, 4, 5), dtype=np.uint8)
    exponentials = np.exp(frames.mean(axis=(1, 2, 3, 4))[:, None] * WEIGHTS.astype(np.float64))
    scores = OnnxRecognizer(path, num_threads=1)(frames if kind == 'numpy' else torch.from_numpy(frames))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-4)


def test_reads_what_the_file_says(path):
    recognizer = OnnxRecognizer(str(path))
    # JSON knows no tuples; MMAction2's Resize takes nothing else.
    assert recognizer.pipeline == PIPELINE
    assert (recognizer.classes, recognizer.config, recognizer.shape) == (CLASSES, 'brightness', (2, 3, 4, 5))


@pytest.mark.parametrize('shape', [(2, 3, 4, 5), (1, 2, 3, 5, 4), (1, 3, 3, 4, 5), (0, 2, 3, 4, 5)])
def test_refuses_inputs_of_another_shape(path, shape):
    with pytest.raises(ValueError, match=r'takes inputs of shape \(N, 2, 3, 4, 5\), as its pipeline packs them'):
        OnnxRecognizer(path)(np.zeros(shape))


def test_refuses_other_files(model, path):
    model.ClearField('metadata_props')
    onnx.save(model, path)
    with pytest.raises(ValueError, match=r'lacks the metadata pipeline, .*: write it with tools/export\.py'):
        OnnxRecognizer(path)
    path.write_text('<html>')
    with pytest.raises(ValueError, match=r'model\.onnx cannot be loaded as an ONNX file: '):
        OnnxRecognizer(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match='no such ONNX file'):
        OnnxRecognizer(path)


def test_refuses_devices_that_are_not_there(path):
    for device in ('tpu', 'cuda:x'):
        with pytest.raises(ValueError, match=f"'cpu', 'cuda' or 'cuda:1', got '{device}'"):
            OnnxRecognizer(path, device)
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        with pytest.raises(ValueError, match='cuda:0: this ONNX Runtime is for the CPU; install onnxruntime-gpu'):
            OnnxRecognizer(path, 'cuda:0')


@pytest.mark.filterwarnings("ignore:Specified provider 'CUDAExecutionProvider'")
def test_says_if_cuda_does_not_start(path, monkeypatch):
    # As of onnxruntime-gpu on a machine without CUDA, which then computes on the CPU.
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CUDAExecutionProvider'])
    with pytest.raises(ValueError, match='cuda: ONNX Runtime cannot start CUDA'):
        OnnxRecognizer(path, 'cuda')


def test_says_how_to_install_onnx_runtime(path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnxruntime'):
        OnnxRecognizer(path)


def node(kind, inputs, output, **attributes):
    return onnx.helper.make_node(kind, inputs.split(), [output], **attributes)


def put_before_scores(model, nodes, constants):
    """Let the scores depend on the tensor ``large``, which the nodes make, of the frames or of constants."""
    graph = model.graph
    graph.node[-1].output[0] = 'plain'
    graph.initializer.extend(onnx.numpy_helper.from_array(np.array(value), name) for name, value in constants.items())
    graph.node.extend(
        [*nodes, node('ReduceMax', 'large', 'largest', keepdims=0), node('Add', 'plain largest', 'scores')]
    )


HUGE = 2**28
"""A GiB of floats."""
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
        [node('Reshape', 'brightness picture', 'small'), node('Conv', 'small kernel', 'large', pads=[2**13] * 4)],
        dict(picture=[-1, 1, 1, 1], kernel=np.ones((1, 1, 1, 1), np.float32)),
    ),
    'MaxPool': (
        [node('Reshape', 'brightness picture', 'small'),
         node('MaxPool', 'small', 'large', kernel_shape=[2**13 + 1] * 2, pads=[2**13] * 4)],
        dict(picture=[-1, 1, 1, 1]),
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
    'constants one after the other': (
        [item for i in range(64) for item in (
            node('ConstantOfShape', 'shape', f'e{i}'), node('ReduceMax', f'e{i}', f'm{i}'))]
        + [node('Max', ' '.join(f'm{i}' for i in range(64)), 'large')],
        dict(shape=[2**22]),
    ),
    'weights that are packed again and again': (
        [node('Expand', 'brightness shape', 'x0')]
        + [node('MatMul', f'x{i} square', f'x{i + 1}') for i in range(300)]
        + [node('Identity', 'x300', 'large')],
        dict(shape=[1, 1024], square=np.zeros((1024, 1024), np.float32)),
    ),
    'weights of one column': (
        [node('Expand', 'brightness shape', 'wide'), node('MatMul', 'wide thin', 'large')],
        dict(shape=[1, 2**21], thin=np.zeros((2**21, 1), np.float32)),
    ),
    'in the order that costs most': (
        [node('Identity', 'brightness', 'x0')]
        + [item for i in range(40) for item in (
            node('Expand', 'brightness shape', f'e{i}'), node('Add', f'e{i} x{i}', f's{i}'),
            node('ReduceMax', f's{i}', f'x{i + 1}'))]
        + [node('Identity', 'x40', 'large')],
        dict(shape=[1, 2**22]),
    ),
    'of the number of clips': (
        [node('Shape', 'inputs', 'sides', start=0, end=1), node('Mul', 'sides many', 'product'),
         node('ConstantOfShape', 'product', 'large')],
        dict(many=[HUGE]),
    ),
    'of the frames': (
        [node('Cast', 'brightness', 'whole', to=onnx.TensorProto.INT64), node('Reshape', 'whole flat', 'shape'),
         node('ConstantOfShape', 'shape', 'large')],
        dict(flat=[-1]),
    ),
    'of a quotient that runtimes round differently': (
        [node('Div', 'minus two', 'half'), node('Add', 'half one', 'zero'), node('Mul', 'zero many', 'shape'),
         node('ConstantOfShape', 'shape', 'large')],
        dict(minus=[-1], two=[2], one=[1], many=[HUGE]),
    ),
    'of a product beyond 64 bits': (
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
"""Files of little size that would take much memory, while they are loaded or run."""


@pytest.mark.parametrize('name', BOMBS)
def test_refuses_a_graph_that_takes_much_memory_before_anything_is_computed(model, path, no_session, name):
    put_before_scores(model, *BOMBS[name])
    onnx.save(model, path)
    operator = next((word for word in name.split() if word[0].isupper()), '')
    with pytest.raises(ValueError, match=rf'model\.onnx is refused: .* operator .*{operator}.*tools/export\.py'):
        OnnxRecognizer(path)


def test_refuses_parts_of_a_file_that_take_more_than_they_hold(model, path, no_session):
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
        (clips, f'inputs are of shape.*{HUGE}'),
    ):
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        change(changed)
        path.write_bytes(changed.SerializeToString())
        with pytest.raises(ValueError, match=rf'model\.onnx is refused: .*{reason}.*tools/export\.py'):
            OnnxRecognizer(path)


def test_refuses_a_file_of_very_many_parts_before_it_is_parsed(path, no_session, monkeypatch):
    # Nodes of two bytes each, of which a parser makes objects of hundreds.
    nodes = b'\x0a\x00' * 2**18
    path.write_bytes(path.read_bytes() + b'\x3a' + bytes([128, 128, 32]) + nodes)
    monkeypatch.setattr(onnx.ModelProto, 'FromString', None)
    with pytest.raises(ValueError, match=r'model\.onnx cannot be loaded .* more than 262,144 parts'):
        OnnxRecognizer(path)


def test_shapes_that_a_file_claims_are_not_believed(model, path):
    # That of the brightness would make ONNX Runtime fill a GiB while it loads the file.
    nodes = [node('Shape', 'brightness', 'shape', start=1), node('ConstantOfShape', 'shape', 'large')]
    put_before_scores(model, nodes, {})
    claim = onnx.helper.make_tensor_value_info('brightness', onnx.TensorProto.FLOAT, ['batch', HUGE])
    model.graph.value_info.append(claim)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = HUGE
    onnx.save(model, path)
    recognizer = OnnxRecognizer(path)
    assert recognizer(np.zeros((3, 2, 3, 4, 5))).shape == (3, 52)


def test_refuses_a_batch_that_takes_much_memory(model, path):
    # 4 * N^4 bytes.
    nodes = [
        *(node('Reshape', f'brightness s{i}', f'b{i}') for i in range(4)),
        node('Add', 'b0 b1', 'b01'),
        node('Add', 'b2 b3', 'b23'),
        node('Add', 'b01 b23', 'large'),
    ]
    put_before_scores(model, nodes, {f's{i}': [-1 if i == j else 1 for j in range(4)] for i in range(4)})
    onnx.save(model, path)
    recognizer = OnnxRecognizer(path)
    assert recognizer(np.zeros((2, 2, 3, 4, 5))).shape == (2, 52)
    with pytest.raises(ValueError, match=r'model\.onnx is not run on 100 clips: at its operator Add it takes 381 MiB'):
        recognizer(np.zeros((100, 2, 3, 4, 5)))


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux says how much memory a process took')
def test_the_largest_graph_that_is_accepted_takes_less_than_a_gib(model, path):
    # Tensors of 60 MiB while it is loaded, and of 120 MiB while it is run.
    nodes = [
        node('ConstantOfShape', 'constant_shape', 'zeros'),
        node('ReduceMax', 'zeros', 'zero', keepdims=0),
        node('Add', 'brightness zero', 'x0'),
    ]
    for i in range(3):
        nodes += [node('Expand', f'x{i} shape', f'e{i}'), node('ReduceMax', f'e{i} last', f'x{i + 1}')]
    nodes.append(node('Identity', 'x3', 'large'))
    put_before_scores(model, nodes, dict(constant_shape=[15 * 2**20], shape=[1, 15 * 2**20], last=[1]))
    onnx.save(model, path)
    OnnxRecognizer(path)
    script = """
import re, sys
import numpy as np
import onnxruntime
def most():
    return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])
before = most()
session = onnxruntime.InferenceSession(sys.argv[1])
session.run(None, {'inputs': np.zeros((2, 2, 3, 4, 5), np.float32)})
print(most() - before)
"""
    taken = subprocess.run([sys.executable, '-c', script, path], capture_output=True, text=True, check=True).stdout
    assert 100 * 2**10 < int(taken) < 2**20  # KiB


def test_says_how_to_install_onnx(path, monkeypatch):
    for name in [name for name in sys.modules if name.split('.')[0] == 'onnx' or name.endswith('.stored_graph')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(ImportError, match='pip install onnx'):
        OnnxRecognizer(path)

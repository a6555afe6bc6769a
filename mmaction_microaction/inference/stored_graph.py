"""The graph of an exported file: which operators it may have, and how much memory they may take.

ONNX Runtime computes what a graph says, the constant part of it already while it loads the file. A few hundred bytes
can say that a tensor has billions of elements. So the graph is read before ONNX Runtime sees it. It may have the
operators below, and the shape of all that it computes must follow from that of its inputs, within the limits given.
"""

from math import prod

import numpy as np
import onnx

from mmaction_microaction.utils.untrusted import check_num_fields

from .graph_order import orders, peak
from .graph_shapes import ELEMENTS, MAX_NUMBER, MAX_RANK, MAX_VALUES, check_size, infer_shapes, num_bytes
from .stored_pipeline import MAX_PIXELS

MAX_FIELDS = 2**18
"""Fields of all messages in a file; those of this project's networks have 20,000 at most."""
MAX_NODES = 10_000
OLDEST = 13
"""Version of the operators; PyTorch writes 18 and later."""
SPARE = 2**27
"""Bytes that the tensors of any graph may take."""
TIMES_INPUTS = 80
"""How many times its inputs the tensors of a graph may take at once; those of Swin transformers take 30 to 50 times."""
TIMES_FILE = 4
"""How much more than its file the constants of a graph may take, among them the weights as ONNX Runtime packs them."""

# fmt: off
OPERATORS = {
    # One by one, after broadcasting.
    'Abs', 'Add', 'And', 'Cast', 'Ceil', 'Clip', 'Cos', 'Div', 'Equal', 'Erf', 'Exp', 'Floor', 'Gelu', 'Greater',
    'GreaterOrEqual', 'HardSigmoid', 'HardSwish', 'Identity', 'IsInf', 'IsNaN', 'LeakyRelu', 'Less', 'LessOrEqual',
    'Log', 'Max', 'Min', 'Mul', 'Neg', 'Not', 'Or', 'Pow', 'Reciprocal', 'Relu', 'Round', 'Sigmoid', 'Sign', 'Sin',
    'Softplus', 'Sqrt', 'Sub', 'Tanh', 'Where',
    # Of shapes.
    'Concat', 'Constant', 'ConstantOfShape', 'Expand', 'Flatten', 'Gather', 'GatherElements', 'GatherND', 'Pad',
    'Range', 'Reshape', 'Resize', 'ScatterElements', 'ScatterND', 'Shape', 'Size', 'Slice', 'Split', 'Squeeze',
    'Tile', 'Transpose', 'Unsqueeze',
    # Layers.
    'AveragePool', 'BatchNormalization', 'Conv', 'Einsum', 'Gemm', 'GlobalAveragePool', 'GlobalMaxPool',
    'InstanceNormalization', 'LayerNormalization', 'LogSoftmax', 'MatMul', 'MaxPool', 'ReduceL2', 'ReduceMax',
    'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum', 'Softmax',
}
# fmt: on
"""Allowed operators of the default domain: those that PyTorch writes for the networks in ``configs``, and similar."""


ATTRIBUTES = {getattr(onnx.AttributeProto, name) for name in ('FLOAT', 'FLOATS', 'INT', 'INTS', 'STRING', 'TENSOR')}
"""Kinds of attributes; the others are graphs, sparse tensors and types."""


class StoredGraph:
    """The graph of an ONNX file, read without computing anything.

    Attributes:
        metadata (dict[str, str]): The file's metadata.
        shape (tuple[int]): Shape of a clip, known after ``read``: of the input without its first axis.
        num_scores (int): Number of scores of a clip, known after ``read``.

    Args:
        content (bytes): The file.

    Raises:
        ValueError: If it is no ONNX file, or has very many parts.
    """

    def __init__(self, content):
        check_num_fields(content, onnx.ModelProto.DESCRIPTOR, MAX_FIELDS)
        try:
            model = onnx.ModelProto.FromString(content)
        except Exception as error:  # protobuf's implementations have exceptions of their own
            raise ValueError(f'it is no ONNX file: {error}') from None
        self._constant_limit = TIMES_FILE * len(content) + SPARE // 2
        self.metadata = {entry.key: entry.value for entry in model.metadata_props}
        self._model = model

    def read(self):
        """Check the graph, and set shape and number of scores.

        Returns:
            bytes: The file for ONNX Runtime, without the shapes that it claims for what it computes.

        Raises:
            ValueError: If the graph is not as ``tools/export.py`` writes it, or takes too much memory for a clip.
        """
        model, self._model = self._model, None
        self._opset = _check_parts(model)
        self.shape = self._input_shape(model.graph)
        self._initial = {}
        self._values = {}
        for tensor in model.graph.initializer:
            self._add_constant(tensor.name, tensor)
        self._nodes = self._take_nodes(model.graph)
        self._orders = orders(self._nodes, 'scores')
        self._allowed = set()
        one, two = self._infer(1), self._infer(2)
        self._constants = self._find_constants({name for name in one if one[name] == two[name]}, one)
        self.num_scores = self._check_batch(1, one)
        # ONNX Runtime would believe them, and take one that is too large for the length of a constant.
        del model.graph.value_info[:]
        model.graph.output[0].type.tensor_type.ClearField('shape')
        return model.SerializeToString()

    def check(self, number):
        """Refuse a batch for which the graph takes too much memory.

        Args:
            number (int): Clips.

        Raises:
            ValueError: If a shape is unknown, or the tensors take too much.
        """
        if number not in self._allowed:
            self._check_batch(number, self._infer(number))

    def _infer(self, number):
        """Return types and shapes of all tensors."""
        kinds = {**self._initial, 'inputs': (onnx.TensorProto.FLOAT, (number, *self.shape))}
        return infer_shapes(self._nodes, self._opset, kinds, self._values, self._limit(number))

    def _limit(self, number):
        """Return how many bytes may be computed of a number of clips."""
        return SPARE + TIMES_INPUTS * 4 * number * prod(self.shape)

    def _check_batch(self, number, kinds):
        """Return the number of scores; a ValueError if a batch takes too much."""
        sizes = {name: num_bytes(kind) for name, kind in kinds.items() if name not in self._constants}
        for order in self._orders:
            size, node = peak(order, sizes, 'scores')
            check_size(node, size, self._limit(number))
        kind, scores = kinds.get('scores', (None, ()))
        if kind != onnx.TensorProto.FLOAT or len(scores) != 2 or scores[0] != number or not scores[1]:
            raise ValueError(f'of {number} clips it gives scores of {[*scores]}, or no floats')
        self._allowed.add(number)
        return scores[1]

    def _find_constants(self, fixed, kinds):
        """Return the names of what ONNX Runtime may compute while it loads the file, and then keeps.

        Args:
            fixed (set[str]): Names of the tensors whose shape is the same for any number of clips.
            kinds (dict): Types and shapes of all tensors.

        Raises:
            ValueError: If that takes too much memory.
        """
        constants, total = set(self._initial), 0
        for node in self._nodes:
            names = [name for name in node.input if name]
            if node.op_type in ('Conv', 'Gemm', 'MatMul') and node.input[1] in constants:
                total += _packed(node, kinds[node.input[1]])
            shapes_only = node.op_type in ('Shape', 'Size') and names[0] in fixed
            if shapes_only or all(name in constants for name in names):
                made = [name for name in node.output if name]
                constants.update(made)
                total += sum(num_bytes(kinds[name]) for name in made)
            check_size(node, total, self._constant_limit)
        return constants

    def _input_shape(self, graph):
        """Return the shape of a clip."""
        inputs, outputs = ([value.name for value in values] for values in (graph.input, graph.output))
        if inputs != ['inputs'] or outputs != ['scores']:
            raise ValueError(f'it maps {inputs} to {outputs} instead of inputs to scores')
        kind = graph.input[0].type.tensor_type
        batch, *shape = [dim.dim_value if dim.HasField('dim_value') else None for dim in kind.shape.dim] or [0]
        if (
            kind.elem_type != onnx.TensorProto.FLOAT
            or batch is not None
            or len(shape) not in (4, 5)
            or not all(side and side > 0 for side in shape)
        ):
            raise ValueError(f'its inputs are of shape {[batch, *shape]}, or no floats')
        if prod(shape) > 3 * MAX_PIXELS:
            raise ValueError(f'its inputs of shape {shape} have more than {MAX_PIXELS:,} pixels')
        return tuple(shape)

    def _add_constant(self, name, tensor):
        """Note the shape of a tensor in the file, and its values if they may be those of a shape."""
        elsewhere = tensor.external_data or tensor.data_location or tensor.HasField('segment')
        shape, kind = tuple(tensor.dims), tensor.data_type
        if elsewhere:
            raise ValueError(f'its tensor {name!r:.80} is in another file')
        if kind not in ELEMENTS or len(shape) > MAX_RANK or not all(0 <= side <= MAX_NUMBER for side in shape):
            raise ValueError(f'its tensor {name!r:.80} is of type {kind} and shape {shape!s:.80}')
        fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data)
        held = [len(tensor.raw_data) / ELEMENTS[kind], *map(len, fields)]
        if sorted(held) != [0, 0, 0, 0, prod(shape)]:
            raise ValueError(f'its tensor {name!r:.80} of shape {shape} holds another number of values')
        if name in self._initial or name == 'inputs':
            raise ValueError(f'it has two tensors {name!r:.80}')
        self._initial[name] = (kind, shape)
        if prod(shape) <= MAX_VALUES:
            self._values[name] = onnx.numpy_helper.to_array(tensor)

    def _take_nodes(self, graph):
        """Return the nodes that compute; a ValueError if one is none that an export has."""
        if len(graph.node) > MAX_NODES:
            raise ValueError(f'it has {len(graph.node):,} operators, more than {MAX_NODES:,}')
        nodes = []
        for node in graph.node:
            _check_node(node)
            if node.op_type == 'Constant':
                self._add_constant(node.output[0], _constant(node))
            else:
                # A part of the file would keep all of it in memory.
                nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))
        return nodes


def _check_node(node):
    """Refuse a node that no export has."""
    what = f'{node.domain}.{node.op_type}' if node.domain else node.op_type
    if node.domain not in ('', 'ai.onnx') or node.op_type not in OPERATORS or node.overload:
        raise ValueError(f'its operator {what!r:.80} is none that an exported network has')
    if not node.output or (node.op_type == 'Einsum' and len(node.input) > 2):
        raise ValueError(f'its operator {what} has {len(node.input)} inputs and {len(node.output)} outputs')
    for attribute in node.attribute:
        tensor = attribute.type == onnx.AttributeProto.TENSOR
        numbers = [] if node.op_type in ('Constant', 'Shape') else [attribute.i, *attribute.ints]
        if (
            attribute.type not in ATTRIBUTES
            or attribute.ref_attr_name
            or (tensor and node.op_type not in ('Constant', 'ConstantOfShape'))
            or any(abs(number) > MAX_NUMBER for number in numbers)
        ):
            raise ValueError(
                f'its operator {what} has as {attribute.name!r:.80} a graph, another file, or a number beyond '
                f'{MAX_NUMBER:,}'
            )


def _check_parts(model):
    """Return the version of the operators; a ValueError for parts that an export does not have."""
    graph = model.graph
    for part, name in (
        (model.functions, 'functions'),
        (model.training_info, 'training'),
        (graph.sparse_initializer, 'sparse tensors'),
        (graph.quantization_annotation, 'quantized tensors'),
    ):
        if part:
            raise ValueError(f'it has {name}, which no exported network has')
    versions = [(opset.domain, opset.version) for opset in model.opset_import]
    newest = onnx.defs.onnx_opset_version()
    known = range(OLDEST, newest + 1)
    if len(versions) != 1 or versions[0][0] not in ('', 'ai.onnx') or versions[0][1] not in known:
        raise ValueError(f'it has operators {versions}; versions {OLDEST} to {newest} of the default domain are known')
    return versions[0][1]


def _constant(node):
    """Return the tensor of a Constant."""
    if len(node.attribute) == len(node.output) == 1:
        attribute = node.attribute[0]
        if attribute.name == 'value' and attribute.type == onnx.AttributeProto.TENSOR:
            return attribute.t
        numbers = {'value_int': attribute.i, 'value_ints': attribute.ints,
                   'value_float': attribute.f, 'value_floats': attribute.floats}.get(attribute.name)  # fmt: skip
        if numbers is not None:
            kind = np.int64 if attribute.name.startswith('value_int') else np.float32
            return onnx.numpy_helper.from_array(np.asarray(numbers, kind))
    raise ValueError('its operator Constant holds no tensor')


def _packed(node, kind):
    """Return the bytes of a layer's weights as ONNX Runtime lays them out anew: in blocks of 16 channels."""
    shape = kind[1]
    sides = shape[:1] if node.op_type == 'Conv' else shape[-2:]
    return max((num_bytes(kind) // max(side, 1) * (side + -side % 16) for side in sides), default=0)

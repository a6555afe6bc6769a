"""The graph of an ONNX file from a stranger, checked before ONNX Runtime receives the file."""

from math import prod

import numpy as np
import onnx
from onnx import NodeProto, TensorProto

from mmaction_microaction.utils.untrusted import check_num_fields

from .memory import execution_orders, packed_size, peak_memory
from .operators import check_node, check_parts
from .pipeline import MAX_FRAMES, MAX_PIXELS
from .shapes import ELEMENT_SIZES, MAX_NUMBER, MAX_RANK, MAX_VALUES, check_tensor_size, infer_shapes, num_bytes

MAX_FIELDS = 2**18
"""Largest number of fields of all messages in a file. The networks of this project have at most 20,000."""
MAX_NODES = 10_000
"""Largest number of operators."""
BASE_BYTES = 2**27
"""Bytes that the tensors of any graph may take, however small the inputs are."""
MAX_RATIO_TO_INPUTS = 80
"""Largest ratio of the tensors in memory to the inputs. Swin transformers need 30 to 50."""
MAX_RATIO_TO_FILE = 4
"""Largest ratio of the computed constants to the file. They include the weights as ONNX Runtime packs them."""


class UntrustedGraph:
    """The graph of an ONNX file, parsed and checked without computing it; see the docstring of the package.

    Attributes:
        metadata (dict[str, str]): Metadata of the file.
        shape (tuple[int, ...]): Shape of the input without its batch axis, which a detector does not have; known after
            ``check``.
        num_scores (int): Number of scores of a clip, or of a point of a detector; known after ``check``.

    Args:
        content (bytes): Content of the file.
        is_detector (bool): Whether the graph maps the frames of a video to scores and segments of points, and not a
            batch of clips to scores. Defaults to False.

    Raises:
        ValueError: If the content is not an ONNX file, or has more than :data:`MAX_FIELDS` fields.
    """

    metadata: dict[str, str]
    shape: tuple[int, ...]
    num_scores: int

    def __init__(self, content: bytes, is_detector: bool = False) -> None:
        check_num_fields(content, onnx.ModelProto.DESCRIPTOR, MAX_FIELDS)
        try:
            model = onnx.ModelProto.FromString(content)
        except Exception as error:  # each implementation of protobuf raises its own type
            raise ValueError(f'it is not an ONNX file: {error}') from None
        self._constant_limit = MAX_RATIO_TO_FILE * len(content) + BASE_BYTES // 2
        self.metadata = {entry.key: entry.value for entry in model.metadata_props}
        self._model = model
        self._is_detector = is_detector
        self._outputs = ['scores', 'segments'] if is_detector else ['scores']

    def check(self) -> bytes:
        """Check the graph, and set ``shape`` and ``num_scores``. To be called once.

        Returns:
            bytes: The file for ONNX Runtime, without the shapes that it claims for computed tensors.

        Raises:
            ValueError: If ``microaction export`` does not write such graphs, or if it takes too much memory for a clip.
        """
        model, self._model = self._model, None
        self._opset = check_parts(model)
        self.shape = _input_shape(model.graph, self._outputs)
        self._constant_types = {}
        self._values = {}
        for tensor in model.graph.initializer:
            self._add_constant(tensor.name, tensor)
        self._nodes = self._take_nodes(model.graph)
        self._orders = execution_orders(self._nodes, self._outputs)
        self._checked_batch_sizes = set()
        one, two = self._infer(1), self._infer(2)
        self._constants = self._find_constants({name for name in one if one[name] == two[name]}, one)
        self.num_scores = self._check_memory(1, one)
        # ONNX Runtime would trust claimed shapes, and might allocate a huge constant that depends on them.
        del model.graph.value_info[:]
        for output in model.graph.output:
            output.type.tensor_type.ClearField('shape')
        return model.SerializeToString()

    def check_batch(self, batch_size: int) -> None:
        """Reject a batch for which the graph takes too much memory.

        Args:
            batch_size (int): Number of clips.

        Raises:
            ValueError: If a shape is unknown, or the tensors take too much memory.
        """
        if batch_size not in self._checked_batch_sizes:
            self._check_memory(batch_size, self._infer(batch_size))

    def _infer(self, batch_size):
        """Return element types and shapes of all tensors for a batch."""
        shape = self.shape if self._is_detector else (batch_size, *self.shape)
        types = {**self._constant_types, 'inputs': (TensorProto.FLOAT, shape)}
        return infer_shapes(self._nodes, self._opset, types, self._values, self._limit(batch_size))

    def _limit(self, batch_size):
        """Return how many bytes the computed tensors of a batch may take together."""
        return BASE_BYTES + MAX_RATIO_TO_INPUTS * 4 * batch_size * prod(self.shape)

    def _check_memory(self, batch_size, types):
        """Return the number of scores of a clip; a ValueError if a batch takes too much memory."""
        sizes = {name: num_bytes(types[name]) for name in types if name not in self._constants}
        for order in self._orders:
            size, node = peak_memory(order, sizes, self._outputs)
            check_tensor_size(node, size, self._limit(batch_size))
        element_type, shape = types.get('scores', (None, ()))
        if self._is_detector:
            return _check_points(types)
        if element_type != TensorProto.FLOAT or len(shape) != 2 or shape[0] != batch_size or not shape[1]:
            raise ValueError(f'its scores for a batch of {batch_size} have shape {[*shape]} or are not float32')
        self._checked_batch_sizes.add(batch_size)
        return shape[1]

    def _find_constants(self, fixed: set[str], types: dict[str, tuple]):
        """Return the names of the tensors that ONNX Runtime may compute while it loads the file, and then keeps.

        Args:
            fixed (set[str]): Names of the tensors whose shape does not depend on the batch size.
            types (dict[str, tuple]): Element type and shape of each tensor.

        Raises:
            ValueError: If the constants take too much memory.
        """
        constants, total = set(self._constant_types), 0
        for node in self._nodes:
            total += packed_size(node, constants, types)
            inputs = [name for name in node.input if name]
            is_fixed_shape = node.op_type in ('Shape', 'Size') and inputs[0] in fixed
            if is_fixed_shape or all(name in constants for name in inputs):
                made = [name for name in node.output if name]
                constants.update(made)
                total += sum(num_bytes(types[name]) for name in made)
            check_tensor_size(node, total, self._constant_limit)
        return constants

    def _add_constant(self, name, tensor) -> None:
        """Store the type of a constant, and its values if they may determine a shape."""
        if tensor.external_data or tensor.data_location or tensor.HasField('segment'):
            raise ValueError(f'its tensor {name!r:.80} is in another file')
        shape, element_type = tuple(tensor.dims), tensor.data_type
        sides_are_valid = len(shape) <= MAX_RANK and all(0 <= side <= MAX_NUMBER for side in shape)
        if element_type not in ELEMENT_SIZES or not sides_are_valid:
            raise ValueError(f'its tensor {name!r:.80} has type {element_type} and shape {shape!s:.80}')
        fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data)
        counts = [len(tensor.raw_data) / ELEMENT_SIZES[element_type], *map(len, fields)]
        # One field contains all values, the others none.
        if sorted(counts) != [0, 0, 0, 0, prod(shape)]:
            raise ValueError(f'its tensor {name!r:.80} of shape {shape} contains another number of values')
        if name in self._constant_types or name == 'inputs':
            raise ValueError(f'it has two tensors {name!r:.80}')
        self._constant_types[name] = (element_type, shape)
        if prod(shape) <= MAX_VALUES:
            self._values[name] = onnx.numpy_helper.to_array(tensor)

    def _take_nodes(self, graph):
        """Check all nodes, store the constants, and return the other nodes."""
        if len(graph.node) > MAX_NODES:
            raise ValueError(f'it has {len(graph.node):,} operators, more than {MAX_NODES:,}')
        nodes = []
        for node in graph.node:
            check_node(node)
            if node.op_type == 'Constant':
                self._add_constant(node.output[0], _constant_tensor(node))
            else:
                # A copy, since a reference to a part of the file keeps the whole file in memory.
                nodes.append(NodeProto.FromString(node.SerializeToString()))
        return nodes


def _check_points(types):
    """Return the number of classes of a detector; a ValueError if scores and segments are not those of points."""
    (score_type, scores), (segment_type, segments) = (types.get(name, (None, ())) for name in ('scores', 'segments'))
    are_shapes = len(scores) == 2 and all(scores) and segments in [(scores[0], count, 2) for count in {1, scores[1]}]
    if not are_shapes or {score_type, segment_type} != {TensorProto.FLOAT}:
        raise ValueError(
            f'its scores and segments have shapes {[*scores]} and {[*segments]} or are not float32; expected (P, C) '
            'and (P, 1 or C, 2)'
        )
    return scores[1]


def _input_shape(graph, expected_outputs):
    """Return the shape of the input without its batch axis; a ValueError if inputs or outputs are not as exported."""
    inputs, outputs = ([value.name for value in values] for values in (graph.input, graph.output))
    if inputs != ['inputs'] or outputs != expected_outputs:
        raise ValueError(f"it maps {inputs} to {outputs}; expected ['inputs'] and {expected_outputs}")
    tensor_type = graph.input[0].type.tensor_type
    batch, *shape = [dim.dim_value if dim.HasField('dim_value') else None for dim in tensor_type.shape.dim] or [0]
    if len(expected_outputs) > 1:
        shape = [batch, *shape]
        if len(shape) == 2:
            raise ValueError(
                'it is a detector of stored features, which cannot read a video; join it with its backbone '
                '("microaction join"), and export that with --frames'
            )
        is_float = tensor_type.elem_type == TensorProto.FLOAT
        if not is_float or len(shape) != 4 or not all(side and side > 0 for side in shape) or shape[0] > MAX_FRAMES:
            raise ValueError(
                f'its inputs have shape {shape} or are not float32; expected (T, 3, H, W) with T up to {MAX_FRAMES:,}'
            )
    elif (
        tensor_type.elem_type != TensorProto.FLOAT
        or batch is not None
        or len(shape) not in (4, 5)
        or not all(side and side > 0 for side in shape)
    ):
        raise ValueError(f'its inputs have shape {[batch, *shape]} or are not float32; expected a variable batch size')
    if prod(shape) > 3 * MAX_PIXELS:
        raise ValueError(f'its inputs of shape {shape} have more than {MAX_PIXELS:,} pixels')
    return tuple(shape)


def _constant_tensor(node):
    """Return the tensor of a Constant node."""
    if len(node.attribute) == len(node.output) == 1:
        attribute = node.attribute[0]
        if attribute.name == 'value' and attribute.type == onnx.AttributeProto.TENSOR:
            return attribute.t
        numbers = {'value_int': attribute.i, 'value_ints': attribute.ints,
                   'value_float': attribute.f, 'value_floats': attribute.floats}.get(attribute.name)  # fmt: skip
        if numbers is not None:
            dtype = np.int64 if attribute.name.startswith('value_int') else np.float32
            return onnx.numpy_helper.from_array(np.asarray(numbers, dtype))
    raise ValueError('its operator Constant contains no tensor')

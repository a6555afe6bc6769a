"""Shape inference for an ONNX graph, for one shape of its inputs. Only a few small integers are computed.

``onnx.shape_inference.infer_shapes`` is not used for the whole graph, since it does not limit its own memory and skips
tensors of unknown shape.
"""

from math import prod

import numpy as np
import onnx
import onnx.shape_inference
from onnx import NodeProto

TensorType = tuple[int, tuple[int, ...]]
"""Element type, a constant of ``onnx.TensorProto``, and shape."""

MAX_RANK = 16
"""Largest number of axes of a tensor."""
MAX_NUMBER = 2**31
"""Largest attribute or element of a shape. The product of two fits into 64 bits."""
MAX_VALUES = 64
"""Largest number of elements of a tensor that determines a shape."""
SHAPE_INPUTS = {
    'ConstantOfShape': [0],
    'Expand': [1],
    'Pad': [1, 3],
    'Range': [0, 1, 2],
    'ReduceL2': [1],
    'ReduceMax': [1],
    'ReduceMean': [1],
    'ReduceMin': [1],
    'ReduceProd': [1],
    'ReduceSum': [1],
    'Reshape': [1],
    'Resize': [1, 2, 3],
    'Slice': [1, 2, 3, 4],
    'Split': [1],
    'Squeeze': [1],
    'Tile': [1],
    'Unsqueeze': [1],
}
"""Indices of the inputs of an operator whose values determine the shape of its output."""
ELEMENT_SIZES = {
    getattr(onnx.TensorProto, name): size
    for name, size in dict(FLOAT=4, DOUBLE=8, FLOAT16=2, INT64=8, INT32=4, UINT8=1, BOOL=1).items()
}
"""Allowed element types, and the bytes of an element."""


def infer_shapes(
    nodes: list[NodeProto], opset: int, types: dict[str, TensorType], values: dict[str, np.ndarray], limit: int
) -> dict[str, TensorType]:
    """Infer element types and shapes of all tensors.

    Args:
        nodes (list[NodeProto]): The nodes, each after the nodes that compute its inputs, without subgraphs.
        opset (int): Version of the operators.
        types (dict[str, TensorType]): Element type and shape of each input and constant, by name.
        values (dict[str, np.ndarray]): Values of the constants with at most :data:`MAX_VALUES` elements, by name.
        limit (int): Largest number of bytes of a tensor.

    Returns:
        dict[str, TensorType]: Element type and shape of each input, constant and computed tensor, by name.

    Raises:
        ValueError: If a tensor is larger, its shape cannot be inferred, or a node does not fit its inputs.
    """
    types, values = dict(types), dict(values)
    for node in nodes:
        shape_inputs = _shape_inputs(node, types, values)
        try:
            inferred = onnx.shape_inference.infer_node_outputs(
                onnx.defs.get_schema(node.op_type, opset, ''),
                node,
                {name: onnx.helper.make_tensor_type_proto(*types[name]) for name in node.input if name},
                {name: onnx.numpy_helper.from_array(values[name], name) for name in shape_inputs},
                opset_imports=[onnx.helper.make_opsetid('', opset)],
            )
        except Exception as error:  # onnx raises several types
            raise ValueError(
                f'its operator {node.op_type} does not fit its inputs: {str(error).strip():.200}'
            ) from None
        for name in filter(None, node.output):
            if name in types:
                raise ValueError(f'it has two tensors {name!r:.80}')
            types[name] = _output_type(node, inferred.get(name))
            check_tensor_size(node, num_bytes(types[name]), limit)
            if prod(types[name][1]) <= MAX_VALUES:
                try:
                    value = _compute(node, [values.get(name) for name in node.input], types)
                except (IndexError, KeyError, TypeError, ValueError) as error:
                    raise ValueError(f'its operator {node.op_type} does not fit its inputs: {error}') from None
                if value is not None and value.shape == types[name][1]:
                    values[name] = value
    return types


def num_bytes(tensor_type: TensorType) -> int:
    """Return the size of a tensor of an element type and shape."""
    element_type, shape = tensor_type
    return prod(shape) * ELEMENT_SIZES[element_type]


def check_tensor_size(node: NodeProto, size: int, limit: int) -> None:
    """Raise a ValueError that names the operator if ``size`` bytes are more than ``limit``."""
    if size > limit:
        size, limit = (f'{number / 2**20:,.0f} MiB' for number in (size, limit))
        raise ValueError(f'at its operator {node.op_type}, its tensors take {size}, more than the limit of {limit}')


def _output_type(node, inferred):
    """Return the element type and shape of an output; a ValueError unless both are known."""
    inferred = inferred.tensor_type if inferred is not None and inferred.HasField('tensor_type') else None
    if inferred is not None and inferred.HasField('shape') and inferred.elem_type in ELEMENT_SIZES:
        shape = tuple(dim.dim_value if dim.HasField('dim_value') else -1 for dim in inferred.shape.dim)
        if len(shape) <= MAX_RANK and all(0 <= side <= MAX_NUMBER for side in shape):
            return inferred.elem_type, shape
    raise ValueError(f'the size of the output of its operator {node.op_type} is unknown')


def _shape_inputs(node, types, values):
    """Return the names of the inputs whose values determine a shape; a ValueError unless all values are known."""
    missing = [name for name in node.input if name and name not in types]
    if missing:
        raise ValueError(f'its operator {node.op_type} uses {missing[0]!r:.80}, which no operator before it computes')
    names = [node.input[i] for i in SHAPE_INPUTS.get(node.op_type, ()) if i < len(node.input) and node.input[i]]
    for name in names:
        if name not in values:
            raise ValueError(
                f'the size of the output of its operator {node.op_type} depends on more than the shape of the inputs'
            )
        is_integer = values[name].dtype.kind == 'i' or node.op_type == 'Resize'
        if not is_integer or (node.op_type != 'Slice' and not _is_small(values[name])):
            raise ValueError(f'its operator {node.op_type} needs integers up to {MAX_NUMBER:,} as {name!r:.80}')
    return names


def _compute(node, inputs, types):
    """Compute a few integers as ONNX Runtime does; None where the result is uncertain, or no shape depends on it."""
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    if node.op_type in ('Shape', 'Size'):
        shape = types[node.input[0]][1]
        if node.op_type == 'Size':
            return np.array(prod(shape))
        return np.array(shape[attributes.get('start', 0) : attributes.get('end')], np.int64)
    if any(value is None or not _is_small(value) for value in inputs):
        return None
    first = inputs[0] if inputs else np.empty(0)
    match node.op_type:
        case 'Add' | 'Sub' | 'Mul' if first.dtype == np.int64:
            function = {'Add': np.add, 'Sub': np.subtract, 'Mul': np.multiply}[node.op_type]
            value = function(*inputs)
        case 'Div' if first.dtype == np.int64 and (first >= 0).all() and (inputs[1] > 0).all():
            value = first // inputs[1]
        case 'Identity':
            value = first
        case 'Cast' if attributes['to'] == onnx.TensorProto.INT64 and first.dtype.kind == 'i':
            value = first.astype(np.int64)
        case 'Concat':
            value = np.concatenate(inputs, attributes['axis'])
        case 'Gather':
            value = np.take(first, inputs[1], attributes.get('axis', 0))
        case 'Reshape' | 'Squeeze' | 'Unsqueeze' | 'Flatten':
            value = first.reshape(types[node.output[0]][1])
        case _:
            return None
    return value if _is_small(value) else None


def _is_small(values):
    """Return whether no value is NaN or beyond the largest element of a shape."""
    return bool((np.abs(values.astype(float)) <= MAX_NUMBER).all())

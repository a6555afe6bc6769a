"""What shape everything in an ONNX graph has, for one shape of its inputs; nothing is computed but a few numbers.

``onnx.shape_inference.infer_shapes`` does not bound what it takes itself, and passes over what it cannot tell.
"""

from math import prod

import numpy as np
import onnx
import onnx.shape_inference

MAX_RANK = 16
MAX_NUMBER = 2**31
"""Largest attribute, or element of a shape. No product of two is beyond 64 bits."""
MAX_VALUES = 64
"""Elements of a tensor that may determine a shape."""
SIZING = {
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
"""Inputs whose values decide on the shape of the output."""
ELEMENTS = {
    getattr(onnx.TensorProto, name): size
    for name, size in dict(FLOAT=4, DOUBLE=8, FLOAT16=2, INT64=8, INT32=4, UINT8=1, BOOL=1).items()
}
"""Types of tensors, and their bytes."""


def infer_shapes(nodes, opset, kinds, values, limit):
    """Give types and shapes of all tensors.

    Args:
        nodes (list[NodeProto]): Each behind those that it needs, none with a graph of its own.
        opset (int): Version of the operators.
        kinds (dict[str, tuple]): Type and shape of inputs and constants.
        values (dict[str, np.ndarray]): Values of the constants that have few elements.
        limit (int): Bytes that a tensor may have.

    Returns:
        dict[str, tuple]: Of these and of all that the nodes compute.

    Raises:
        ValueError: If a tensor is larger, its shape is not certain, or a node does not fit its inputs.
    """
    kinds, values = dict(kinds), dict(values)
    for node in nodes:
        known = _known_inputs(node, kinds, values)
        try:
            inferred = onnx.shape_inference.infer_node_outputs(
                onnx.defs.get_schema(node.op_type, opset, ''),
                node,
                {name: onnx.helper.make_tensor_type_proto(*kinds[name]) for name in node.input if name},
                {name: onnx.numpy_helper.from_array(values[name], name) for name in known},
                opset_imports=[onnx.helper.make_opsetid('', opset)],
            )
        except Exception as error:  # onnx raises several
            raise ValueError(f'its operator {node.op_type} does not fit: {str(error).strip():.200}') from None
        for name in filter(None, node.output):
            if name in kinds:
                raise ValueError(f'it has two tensors {name!r:.80}')
            kinds[name] = _kind(node, inferred.get(name))
            check_size(node, num_bytes(kinds[name]), limit)
            if prod(kinds[name][1]) <= MAX_VALUES:
                try:
                    value = _value(node, [values.get(name) for name in node.input], kinds)
                except (IndexError, KeyError, TypeError, ValueError) as error:
                    raise ValueError(f'its operator {node.op_type} does not fit: {error}') from None
                if value is not None and value.shape == kinds[name][1]:
                    values[name] = value
    return kinds


def num_bytes(kind):
    """Give the size of a tensor of a type and shape."""
    return prod(kind[1]) * ELEMENTS[kind[0]]


def check_size(node, size, limit):
    """Raise a ValueError, which names the operator, if that many bytes are too many."""
    if size > limit:
        size, limit = (f'{number / 2**20:,.0f} MiB' for number in (size, limit))
        raise ValueError(f'at its operator {node.op_type} it takes {size}, more than the {limit} it may')


def _kind(node, inferred):
    """Return type and shape of an output, all of it known."""
    kind = inferred.tensor_type if inferred is not None and inferred.HasField('tensor_type') else None
    if kind is None or not kind.HasField('shape') or kind.elem_type not in ELEMENTS:
        raise ValueError(f'the size of what its operator {node.op_type} computes is unknown')
    shape = tuple(dim.dim_value if dim.HasField('dim_value') else -1 for dim in kind.shape.dim)
    if len(shape) > MAX_RANK or not all(0 <= side <= MAX_NUMBER for side in shape):
        raise ValueError(f'the size of what its operator {node.op_type} computes is unknown')
    return kind.elem_type, shape


def _known_inputs(node, kinds, values):
    """Return the inputs whose values determine a shape, all of them known."""
    missing = [name for name in node.input if name and name not in kinds]
    if missing:
        raise ValueError(f'its operator {node.op_type} uses {missing[0]!r:.80}, which nothing before it computes')
    names = [node.input[i] for i in SIZING.get(node.op_type, ()) if i < len(node.input) and node.input[i]]
    for name in names:
        if name not in values:
            raise ValueError(f'the size of what its operator {node.op_type} computes depends on more than shapes')
        whole = values[name].dtype.kind == 'i' or node.op_type == 'Resize'
        if not whole or (node.op_type != 'Slice' and not _small(values[name])):
            raise ValueError(f'its operator {node.op_type} takes whole numbers up to {MAX_NUMBER:,} as {name!r:.80}')
    return names


def _value(node, inputs, kinds):
    """Compute a few numbers as ONNX Runtime does; None where that is not certain, or of no use for a shape."""
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    if node.op_type in ('Shape', 'Size'):
        shape = kinds[node.input[0]][1]
        if node.op_type == 'Size':
            return np.array(prod(shape))
        return np.array(shape[attributes.get('start', 0) : attributes.get('end')], np.int64)
    if any(value is None or not _small(value) for value in inputs):
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
            value = first.reshape(kinds[node.output[0]][1])
        case _:
            return None
    return value if _small(value) else None


def _small(values):
    """Tell whether all of a few values are within what a shape may hold, and none is NaN."""
    return bool((np.abs(values.astype(float)) <= MAX_NUMBER).all())

"""Which parts, operators and attributes an ONNX file may contain."""

from onnx import AttributeProto, ModelProto, NodeProto, defs

from .shapes import MAX_NUMBER

MIN_OPSET = 13
"""Oldest version of the operators. PyTorch writes 18 and later."""

# fmt: off
OPERATORS = {
    # Element by element, after broadcasting.
    'Abs', 'Add', 'And', 'Cast', 'Ceil', 'Clip', 'Cos', 'Div', 'Equal', 'Erf', 'Exp', 'Floor', 'Gelu', 'Greater',
    'GreaterOrEqual', 'HardSigmoid', 'HardSwish', 'Identity', 'IsInf', 'IsNaN', 'LeakyRelu', 'Less', 'LessOrEqual',
    'Log', 'Max', 'Min', 'Mul', 'Neg', 'Not', 'Or', 'Pow', 'Reciprocal', 'Relu', 'Round', 'Sigmoid', 'Sign', 'Sin',
    'Softplus', 'Sqrt', 'Sub', 'Tanh', 'Where',
    # Shapes and indexing.
    'Concat', 'Constant', 'ConstantOfShape', 'Expand', 'Flatten', 'Gather', 'GatherElements', 'GatherND', 'Pad',
    'Range', 'Reshape', 'Resize', 'ScatterElements', 'ScatterND', 'Shape', 'Size', 'Slice', 'Split', 'Squeeze',
    'Tile', 'Transpose', 'Unsqueeze',
    # Layers.
    'AveragePool', 'BatchNormalization', 'Conv', 'Einsum', 'Gemm', 'GlobalAveragePool', 'GlobalMaxPool',
    'InstanceNormalization', 'LayerNormalization', 'LogSoftmax', 'MatMul', 'MaxPool', 'ReduceL2', 'ReduceMax',
    'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum', 'Softmax',
}
# fmt: on
"""Allowed operators of the default domain: the operators that PyTorch writes for the networks in ``configs``, and
similar ones."""

ATTRIBUTE_TYPES = {getattr(AttributeProto, name) for name in ('FLOAT', 'FLOATS', 'INT', 'INTS', 'STRING', 'TENSOR')}
"""Allowed types of attributes. The others are graphs, sparse tensors and types."""


def check_parts(model: ModelProto) -> int:
    """Reject parts of a file that no exported network has.

    Args:
        model (ModelProto): The file.

    Returns:
        int: Version of the operators.

    Raises:
        ValueError: If the file contains functions, training information, or sparse or quantized tensors, or another set
            of operators.
    """
    for part, name in (
        (model.functions, 'functions'),
        (model.training_info, 'training information'),
        (model.graph.sparse_initializer, 'sparse tensors'),
        (model.graph.quantization_annotation, 'quantized tensors'),
    ):
        if part:
            raise ValueError(f'it contains {name}, which no exported network has')
    versions = [(opset.domain, opset.version) for opset in model.opset_import]
    newest = defs.onnx_opset_version()
    if len(versions) == 1:
        [(domain, version)] = versions
        if domain in ('', 'ai.onnx') and MIN_OPSET <= version <= newest:
            return version
    raise ValueError(
        f'it uses operators {versions}; supported are versions {MIN_OPSET} to {newest} of the default domain'
    )


def check_node(node: NodeProto) -> None:
    """Reject a node that no exported network has.

    Args:
        node (NodeProto): A node of the graph.

    Raises:
        ValueError: If the operator is not in :data:`OPERATORS`, or an attribute is a graph, a tensor where there should
            be none, or beyond :data:`.shapes.MAX_NUMBER`.
    """
    name = f'{node.domain}.{node.op_type}' if node.domain else node.op_type
    if node.domain not in ('', 'ai.onnx') or node.op_type not in OPERATORS or node.overload:
        raise ValueError(f'it contains the operator {name!r:.80}, which no exported network has')
    if not node.output or (node.op_type == 'Einsum' and len(node.input) > 2):
        raise ValueError(f'its operator {name} has {len(node.input)} inputs and {len(node.output)} outputs')
    for attribute in node.attribute:
        is_tensor = attribute.type == AttributeProto.TENSOR
        numbers = [] if node.op_type in ('Constant', 'Shape') else [attribute.i, *attribute.ints]
        if (
            attribute.type not in ATTRIBUTE_TYPES
            or attribute.ref_attr_name
            or (is_tensor and node.op_type not in ('Constant', 'ConstantOfShape'))
            or any(abs(number) > MAX_NUMBER for number in numbers)
        ):
            raise ValueError(
                f'its operator {name} has an attribute {attribute.name!r:.80} that is a graph, a tensor or a '
                f'reference, or exceeds {MAX_NUMBER:,}'
            )

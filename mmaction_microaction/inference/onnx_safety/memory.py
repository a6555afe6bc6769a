"""Computes how much memory the tensors of a graph take together, in each order in which a runtime may run it."""

from collections.abc import Container, Sequence

from onnx import NodeProto

from .shapes import TensorType, num_bytes


def execution_orders(nodes: list[NodeProto], outputs: Sequence[str]) -> list[list[NodeProto]]:
    """Return the orders in which a runtime may run the nodes: as stored, and depth first from the outputs.

    Args:
        nodes (list[NodeProto]): The nodes, each after the nodes that compute its inputs.
        outputs (Sequence[str]): Names of the outputs of the graph.

    Returns:
        list[list[NodeProto]]: Three orders: as stored; depth first, from the first input of a node to the last; depth
        first, from the last input to the first.
    """
    makers = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    return [nodes, *(_depth_first(nodes, makers, outputs, step) for step in (1, -1))]


def _depth_first(nodes, makers, outputs, step):
    order, done = [], set()
    stack = [(makers[name], False) for name in reversed(outputs) if name in makers]
    while stack:
        index, inputs_done = stack.pop()
        if index in done:
            continue
        if inputs_done:
            done.add(index)
            order.append(nodes[index])
            continue
        stack.append((index, True))
        # The node on top of the stack is run first.
        needed = [makers[name] for name in reversed(nodes[index].input[:]) if name in makers]
        stack += [(maker, False) for maker in needed[::step] if maker not in done]
    return order


def peak_memory(order: list[NodeProto], sizes: dict[str, int], outputs: Sequence[str]) -> tuple[int, NodeProto | None]:
    """Return the largest number of bytes that tensors take together. A tensor is kept until its last use.

    Args:
        order (list[NodeProto]): The nodes in the order in which they are run.
        sizes (dict[str, int]): Bytes of each tensor that counts, by its name.
        outputs (Sequence[str]): Names of the tensors that are kept to the end.

    Returns:
        tuple[int, NodeProto | None]: The bytes, and the node at which they are reached; None if there are no nodes.
    """
    last_uses = {name: index for index, node in enumerate(order) for name in node.input}
    last_uses.update(dict.fromkeys(outputs, len(order)))
    current, peak, peak_node = sizes.get('inputs', 0), 0, None
    for index, node in enumerate(order):
        made = [name for name in node.output if name in sizes]
        current += sum(sizes[name] for name in made)
        if current > peak:
            peak, peak_node = current, node
        ended = {name for name in node.input if last_uses[name] == index and name in sizes and name != 'inputs'}
        unused = [name for name in made if name not in last_uses]
        current -= sum(sizes[name] for name in (*ended, *unused))
    return peak, peak_node


def packed_size(node: NodeProto, constants: Container[str], types: dict[str, TensorType]) -> int:
    """Return the bytes of the copy of a layer's weights that ONNX Runtime makes, in blocks of 16 channels.

    Args:
        node (NodeProto): Any node.
        constants (Container[str]): Names of the constants.
        types (dict[str, TensorType]): Element type and shape of each tensor.

    Returns:
        int: The bytes; 0 for a node without such weights.
    """
    if node.op_type not in ('Conv', 'Gemm', 'MatMul') or node.input[1] not in constants:
        return 0
    weights = types[node.input[1]]
    shape = weights[1]
    sides = shape[:1] if node.op_type == 'Conv' else shape[-2:]
    return max((num_bytes(weights) // max(side, 1) * (side + -side % 16) for side in sides), default=0)

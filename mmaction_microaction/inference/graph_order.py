"""In which order the operators of a graph may be run, and how much memory each order takes."""


def orders(nodes, output):
    """Give orders in which a runtime may run the nodes: as they are stored, and depth first from the output.

    Args:
        nodes (list[NodeProto]): Each behind those that it needs.
        output (str): What the graph computes.

    Returns:
        list[list[NodeProto]]: Three orders: as stored; depth first, with the first inputs first; with the last first.
    """
    makers = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    return [nodes, *(_depth_first(nodes, makers, output, step) for step in (1, -1))]


def _depth_first(nodes, makers, output, step):
    order, done, stack = [], set(), [(makers[output], False)] if output in makers else []
    while stack:
        index, inputs_done = stack.pop()
        if index in done:
            continue
        if inputs_done:
            done.add(index)
            order.append(nodes[index])
            continue
        stack.append((index, True))
        # What comes last on the stack is run first.
        needed = [makers[name] for name in reversed(nodes[index].input[:]) if name in makers]
        stack += [(maker, False) for maker in needed[::step] if maker not in done]
    return order


def peak(order, sizes, output):
    """Add up what is kept at the same time, each tensor until the last node that uses it.

    Args:
        order (list[NodeProto]): The nodes in the order in which they are run.
        sizes (dict[str, int]): Bytes of the tensors that count.
        output (str): The tensor that is kept to the end.

    Returns:
        tuple[int, NodeProto]: Bytes at most, and the node that is run then; None without nodes.
    """
    last = {name: index for index, node in enumerate(order) for name in node.input}
    last[output] = len(order)
    kept, most, where = sizes.get('inputs', 0), 0, None
    for index, node in enumerate(order):
        made = [name for name in node.output if name in sizes]
        kept += sum(sizes[name] for name in made)
        if kept > most:
            most, where = kept, node
        ended = {name for name in node.input if last[name] == index and name in sizes and name != 'inputs'}
        kept -= sum(sizes[name] for name in (*ended, *(name for name in made if name not in last)))
    return most, where

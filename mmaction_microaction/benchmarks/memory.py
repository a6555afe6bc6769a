"""Memory of processes, in MiB."""

import multiprocessing

import torch


def resident(field, process='self'):
    """Read a field of Linux's account of a process.

    Args:
        field (str): ``VmRSS``, the memory in use, or ``VmHWM``, its peak.
        process (int | str): Its number. Defaults to ``'self'``.

    Returns:
        float: MiB.
    """
    # Not resource.getrusage: its peak is inherited from the parent process.
    with open(f'/proc/{process}/status') as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))


def private(process='self'):
    """Return the MiB that a process shares with no other."""
    with open(f'/proc/{process}/smaps_rollup') as file:
        return sum(int(line.split()[1]) / 1024 for line in file if line.startswith('Private_'))


def peak_memory(function, *args):
    """Call a function in a process of its own, and measure what it needs at its peak.

    Args:
        function (Callable): Of a module, so that the process finds it.
        *args: What it is called with.

    Returns:
        float: MiB above what the imports have taken; on a GPU if there is one.

    Raises:
        RuntimeError: If the process ends in an error, which it prints, or is killed.
    """
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(sender, function, args))
    process.start()
    sender.close()  # so that the receiver notices when the process is gone
    try:
        result = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(
            f'The process whose memory was to be measured ended with {process.exitcode}; -9 means that the memory did '
            'not suffice.'
        ) from None
    process.join()
    return result


def _measure(connection, function, args):
    before = resident('VmRSS')
    function(*args)
    if torch.cuda.is_available():
        connection.send(torch.cuda.max_memory_allocated() / 2**20)
    else:
        connection.send(resident('VmHWM') - before)

"""Memory of processes, in MiB."""

import multiprocessing
from collections.abc import Callable

import torch


def read_memory(field: str, process: int | str = 'self') -> float:
    """Read a field of ``/proc/PROCESS/status`` on Linux.

    Args:
        field (str): ``'VmRSS'``, the resident memory, or ``'VmHWM'``, its peak.
        process (int | str): Identifier of the process. Defaults to ``'self'``.

    Returns:
        float: Memory in MiB.
    """
    # The peak of resource.getrusage is inherited from the parent process.
    with open(f'/proc/{process}/status') as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))


def read_private_memory(process: int | str = 'self') -> float:
    """Return the memory in MiB that a process does not share with others."""
    with open(f'/proc/{process}/smaps_rollup') as file:
        return sum(int(line.split()[1]) / 1024 for line in file if line.startswith('Private_'))


def measure_peak_memory(function: Callable, *args) -> float:
    """Call a function in a new process, and measure the peak of its memory.

    Args:
        function (Callable): A function at the top level of a module, so that the process can import it.
        *args: Arguments of the function.

    Returns:
        float: Peak memory in MiB: of the GPU if there is one, otherwise of the process after its imports.

    Raises:
        RuntimeError: If the process is killed or ends with an error, which it prints.
    """
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(sender, function, args))
    process.start()
    sender.close()  # so that recv() fails if the process ends
    try:
        result = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(
            f'The process whose memory was measured ended with exit code {process.exitcode}; -9 means that it ran out '
            'of memory.'
        ) from None
    process.join()
    return result


def _measure(connection, function, args) -> None:
    before = read_memory('VmRSS')
    function(*args)
    if torch.cuda.is_available():
        connection.send(torch.cuda.max_memory_allocated() / 2**20)
    else:
        connection.send(read_memory('VmHWM') - before)

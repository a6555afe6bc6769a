"""Runs the graph of an ONNX file by ONNX Runtime, or by OpenVINO, which is faster on many processors."""

import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np

from mmaction_microaction.utils.parallel import count_cpus

MAX_REQUESTS = 8
"""Maximum number of clips that OpenVINO computes at a time, each of which needs memory."""


def open_session(
    path: Path, content: bytes, device: str = 'cpu', num_threads: int | None = None, exact: bool = False
) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Open the graph of an ONNX file.

    Args:
        path (Path): Path of the file, for messages.
        content (bytes): Content of the file, which :mod:`.onnx_safety` has checked.
        device (str): ``'cpu'``, ``'cuda'``, or ``'cuda:1'`` for one of several GPUs, for ONNX Runtime; or
            ``'openvino'``, for OpenVINO on the CPU. Defaults to ``'cpu'``.
        num_threads (int, optional): Number of CPU threads. Defaults to None: as many as there are CPUs for this
            process.
        exact (bool): Whether OpenVINO computes in float32. Defaults to False: in bfloat16 if the processor does.

    Returns:
        Callable[[np.ndarray], list[np.ndarray]]: Function that maps the input of the graph to its outputs. It raises a
        ValueError if the runtime fails.

    Raises:
        ImportError: If the runtime is not installed.
        ValueError: If the runtime cannot load the file, or this installation of it does not support the device.
    """
    kind, _, index = str(device).partition(':')
    if device != 'openvino' and (kind not in ('cpu', 'cuda') or not (index or '0').isdigit()):
        raise ValueError(f"device must be 'cpu', 'openvino', 'cuda' or 'cuda:1', got {device!r}")
    num_threads = num_threads or count_cpus()
    try:
        if device == 'openvino':
            compute = _open_with_openvino(content, num_threads, exact)
        else:
            compute = _open_with_onnxruntime(content, device, num_threads)
    except (ImportError, _DeviceError):
        raise
    except Exception as error:  # the exceptions of the runtimes have no common class
        raise ValueError(f'{path} cannot be loaded as an ONNX file: {_first_line(error)}') from None

    def run(inputs):
        try:
            return compute(inputs)
        except Exception as error:  # see above
            name = 'OpenVINO' if device == 'openvino' else 'ONNX Runtime'
            raise ValueError(f'{path} cannot be run by {name}: {_first_line(error)}') from None

    return run


class _DeviceError(ValueError):
    """The installation of a runtime does not support a device."""


def _open_with_onnxruntime(content, device, num_threads):
    try:
        import onnxruntime
    except ImportError:
        raise ImportError('ONNX files need ONNX Runtime: pip install onnxruntime, or onnxruntime-gpu') from None
    provider, provider_options = _provider(onnxruntime, device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = 3  # errors
    # The same bytes may also be valid in ONNX Runtime's own format, which is not checked.
    options.add_session_config_entry('session.load_model_format', 'ONNX')
    session = onnxruntime.InferenceSession(content, options, [(provider, provider_options)])
    if provider not in session.get_providers():
        raise _DeviceError(f'{device}: ONNX Runtime cannot start CUDA; its log above names the missing library')
    return lambda inputs: session.run(None, {'inputs': inputs})


def _provider(onnxruntime, device):
    """Return ONNX Runtime's name of a device, and its options."""
    kind, _, index = str(device).partition(':')
    if kind == 'cpu':
        return 'CPUExecutionProvider', {}
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        raise _DeviceError(
            f'{device}: this installation of ONNX Runtime supports only the CPU; install onnxruntime-gpu instead'
        )
    return 'CUDAExecutionProvider', {'device_id': index or '0'}


def import_openvino() -> ModuleType:
    """Import OpenVINO without its statistics of use.

    ``import openvino`` alone sends an event to Intel, by the package ``openvino_telemetry``.

    Returns:
        ModuleType: The package ``openvino``.

    Raises:
        ImportError: If it is not installed.
    """
    # OpenVINO has a substitute, which sends nothing, for installations without that package.
    sys.modules.setdefault('openvino_telemetry', None)
    try:
        import openvino
    except ImportError:
        raise ImportError(
            "the device openvino needs OpenVINO: pip install openvino, or this package with the extra '.[openvino]'"
        ) from None
    return openvino


def _open_with_openvino(content, num_threads, exact):
    openvino = import_openvino()
    from openvino.frontend import FrontEndManager

    # openvino.Core.read_model would guess the format, of which only ONNX is checked.
    frontend = FrontEndManager().load_by_framework('onnx')
    model = frontend.convert(frontend.load(BytesIO(content)))
    options = {'INFERENCE_NUM_THREADS': num_threads, 'PERFORMANCE_HINT': 'LATENCY'}
    if exact:
        options['INFERENCE_PRECISION_HINT'] = 'f32'
    batch, *shape = model.input().partial_shape
    if batch.is_dynamic:
        # Several clips at a time, each by few threads, take a tenth less time than clip by clip or one batch.
        model.reshape([1, *shape])
        options.update(PERFORMANCE_HINT='THROUGHPUT', PERFORMANCE_HINT_NUM_REQUESTS=MAX_REQUESTS)
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(model, 'CPU', options))
    lock = threading.Lock()

    def run(inputs):
        graph_inputs = np.split(inputs, len(inputs)) if batch.is_dynamic else [inputs]
        outputs = [None] * len(graph_inputs)

        def store(request, index):
            outputs[index] = [tensor.data.copy() for tensor in request.output_tensors]

        with lock:  # The requests of the queue are shared.
            queue.set_callback(store)
            for index, graph_input in enumerate(graph_inputs):
                queue.start_async({0: graph_input}, index)
            queue.wait_all()
        return [np.concatenate(values) for values in zip(*outputs)]

    return run


def _first_line(error):
    return str(error).strip().split('\n')[0]

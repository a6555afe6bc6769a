"""Speed and memory of the recognition in long videos, from the file to the scores of all windows."""

import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import numpy as np
import torch
from mmaction.apis import init_recognizer

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.onnx_session import import_openvino
from mmaction_microaction.inference.recognizer import read_config
from mmaction_microaction.video.reader import Video

from .memory import measure_peak_memory
from .timing import Comparison

COPIES = 4
"""Ratio of the lengths of the two videos whose memory is compared."""


class DemoSpeed(NamedTuple):
    """Speed of a runtime, or of a part of the work, with one measurement per round."""

    title: str
    """Name of the runtime or of the part."""
    cpu: list[float]
    """Seconds of video per second of processor time."""
    elapsed: list[float]
    """Seconds of video per second."""
    ratios: list[float] | None
    """Ratio of ``cpu`` to that of the first runtime. None for parts that are the same for all runtimes."""
    agreement: float | None
    """Windows with the same best action as with the first runtime, in percent. None for parts of the work."""

    @classmethod
    def of(
        cls,
        title: str,
        duration: float,
        seconds: Sequence[np.ndarray],
        baseline: Sequence[np.ndarray] | None = None,
        agreement: float | None = None,
    ) -> 'DemoSpeed':
        """Compute the speeds from the processor time and the elapsed time of each round.

        Args:
            title (str): Name of the runtime or of the part.
            duration (float): Duration of the videos in seconds.
            seconds (Sequence[np.ndarray]): Processor time and elapsed time of each round in seconds.
            baseline (Sequence[np.ndarray], optional): The same of the first runtime. Defaults to None.
            agreement (float, optional): See :attr:`agreement`. Defaults to None.

        Returns:
            DemoSpeed: The speeds.
        """
        cpu, elapsed = (duration / np.transpose(seconds)).tolist()
        ratios = None if baseline is None else [base[0] / ours[0] for base, ours in zip(baseline, seconds)]
        return cls(title, cpu, elapsed, ratios, agreement)

    def as_dict(self) -> dict:
        """Return all measurements in a dict that can be written as JSON."""
        return self._asdict()

    def __str__(self):
        text = f'{self.title:<28}{median(self.cpu):>10.2f}{median(self.elapsed):>10.2f}'
        if self.ratios:
            text += f'{median(self.ratios):>8.2f}x  ({min(self.ratios):.2f} to {max(self.ratios):.2f})'
        return text if self.agreement is None else f'{text}  same action {self.agreement:.1f} %'


def compare_demo(
    model: Sequence[str | Path], videos: Sequence[str | Path], rounds: int = 3, memory: bool = False
) -> Iterator[DemoSpeed | Comparison]:
    """Compare runtimes on whole videos, as ``microaction demo --crop none`` recognises their actions.

    The runtimes are PyTorch, ONNX Runtime and, if it is installed, OpenVINO. Loading the network does not count.

    Args:
        model (Sequence[str | Path]): Config and checkpoint, a config alone, whose network has random weights, or an
            ``.onnx`` file, which PyTorch does not run.
        videos (Sequence[str | Path]): Paths of the videos.
        rounds (int): Number of measurements per runtime, in turn. Defaults to 3.
        memory (bool): Whether the memory of the last runtime is measured, too. Defaults to False.

    Yields:
        DemoSpeed | Comparison: For each runtime, its speed, and that of the network alone. Then the speeds of decoding
        alone, and of the rest, which prepares the frames, and estimates poses if the network needs them. With
        ``memory``, the peak of a process in MiB for the first video, repeated four times; the baseline is the video.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the network cannot be exported, or a file cannot be read.
    """
    with TemporaryDirectory() as folder:
        runtimes = _find_runtimes(model, Path(folder))
        inferencers = {name: _open(*setup) for name, setup in runtimes.items()}
        first, last = next(iter(inferencers)), next(reversed(inferencers))
        duration = sum(Video(video).duration for video in videos)
        # Processor time and elapsed time of each round.
        whole, network = ({name: [] for name in inferencers} for _ in range(2))
        decoding, scores = [], {}
        for index in range(rounds):
            for name in [*inferencers][:: -1 if index % 2 else 1]:
                timed = inferencers[name]._score.recognizer
                timed.seconds = 0
                seconds, scores[name] = _measure(_recognize, inferencers[name], videos)
                whole[name].append(seconds)
                network[name].append(timed.seconds)
            decoding.append(_measure(_decode, videos)[0])
        best = {name: rows.argmax(axis=1) for name, rows in scores.items()}
        for name in inferencers:
            yield DemoSpeed.of(name, duration, whole[name], whole[first], 100 * (best[name] == best[first]).mean())
            yield DemoSpeed.of(f'{name}, network', duration, network[name], network[first])
        yield DemoSpeed.of('decoding', duration, decoding)
        rest = np.subtract(whole[first], network[first]) - decoding
        yield DemoSpeed.of('preparation', duration, rest)
        if memory:
            longer = Path(folder, 'longer.mkv')
            repeat_video(videos[0], COPIES, longer)
            peaks = [[measure_peak_memory(_recognize_alone, runtimes[last], video)] for video in (videos[0], longer)]
            yield Comparison(f'memory, {COPIES} x as long', 'MiB', *peaks)


def _find_runtimes(model, folder):
    """Return the arguments of ``_open`` for each runtime, by its name and version."""
    import onnxruntime

    runtimes = {}
    exported = model
    if not str(model[0]).endswith('.onnx'):
        config = read_config(model[0])
        checkpoint = model[1] if len(model) > 1 else folder / 'random.pth'
        if len(model) == 1:
            torch.save({'state_dict': init_recognizer(config, device='cpu').state_dict()}, checkpoint)
        exported = [folder / 'network.onnx']
        export_onnx(config, checkpoint, *exported)
        runtimes[f'PyTorch {torch.__version__}'] = [model[0], checkpoint], 'cpu'
    runtimes[f'ONNX Runtime {onnxruntime.__version__}'] = exported, 'cpu'
    if find_spec('openvino'):
        runtimes[f'OpenVINO {import_openvino().__version__.split("-")[0]}'] = exported, 'openvino'
    return runtimes


class _TimedNetwork:
    """A network that adds up the processor time and the elapsed time of its calls."""

    def __init__(self, network) -> None:
        self.network, self.seconds = network, 0

    def __call__(self, inputs):
        seconds, scores = _measure(self.network, inputs)
        self.seconds = self.seconds + seconds
        return scores

    def __getattr__(self, name):
        return getattr(self.network, name)


def _open(files, device):
    inferencer = MicroActionInferencer(*files, device=device, crop='none')
    inferencer._score.recognizer = _TimedNetwork(inferencer.recognizer)
    return inferencer


def _recognize(inferencer, videos):
    """Return the scores of all windows of all videos, shape (N, C)."""
    return np.concatenate([inferencer.timeline(video).scores for video in videos])


def _recognize_alone(setup, video) -> None:
    _recognize(_open(*setup), [video])


def _decode(videos) -> None:
    for video in videos:
        for _ in Video(video).frames():
            pass


def _measure(function, *args):
    """Return the processor time and the elapsed time of a call in seconds, and its result."""
    start = np.array([time.process_time(), time.perf_counter()])
    result = function(*args)
    return [time.process_time(), time.perf_counter()] - start, result


def repeat_video(path: str | Path, copies: int, out: str | Path) -> None:
    """Write a video several times behind one another into one file, without encoding it again.

    Args:
        path (str | Path): Path of the video.
        copies (int): Number of repetitions.
        out (str | Path): Path of the file, in a format that contains the codec, such as ``*.mkv``.
    """
    duration = Video(path).duration
    with av.open(str(out), 'w') as target:
        stream = None
        for index in range(copies):
            with av.open(str(path)) as source:
                stream = stream or target.add_stream_from_template(source.streams.best('video'))
                for packet in source.demux(source.streams.best('video')):
                    if packet.dts is not None:
                        offset = round(index * duration / packet.time_base)
                        packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                        target.mux(packet)

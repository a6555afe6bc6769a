"""Measurements that show what MANet does on a GPU: rounding, speed, memory, and the duration of the recipe."""

import gc
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from mmengine.registry import init_default_scope

from mmaction_microaction.synthetic import make_clip, render_frames
from mmaction_microaction.utils.parallel import default_workers
from mmaction_microaction.utils.paths import find_shipped
from mmaction_microaction.video.writer import write_video

from .batches import HEIGHT, WIDTH, read_backbone_config
from .data import build_training_set, measure_rates, store_frames, temporary_clip_list
from .gpu_results import SECTIONS, Measurement
from .model import build_model, make_noise_batch, run_inference, train_step
from .precision import Pass, compare_passes, make_comparable, run_pass
from .recipe import estimate_recipe
from .timing import alternate, silence_logs

MANET = 'configs/manet_r50_8x1_ma52.py'
PRECISIONS = {
    'float32 on the CPU': ('cpu', torch.float32, False),
    'float32, TF32 off': (None, torch.float32, False),
    'float32, TF32 on': (None, torch.float32, True),
    'float16 (--amp)': (None, torch.float16, False),
    'bfloat16 (--amp)': (None, torch.bfloat16, False),
}
TRAINING = {
    'eager': (),
    '--amp, float16': ('amp',),
    '--amp, bfloat16': ('amp-bfloat16',),
    'channels-last': ('channels-last',),
    'channels-last, --amp': ('channels-last', 'amp'),
    'compile=True': ('compile',),
}


class GpuSettings(NamedTuple):
    """Sizes and numbers of measurements."""

    depth: int = 50
    """Depth of the ResNet."""
    num_segments: int = 8
    """Number of frames per clip."""
    size: int = 224
    """Height and width of the frames in pixels."""
    clips: int = 10
    """Batch size of training."""
    batches: tuple[int, ...] = (1, 2, 4, 8, 10, 16, 32, 64)
    """Batch sizes of inference, among them the batch size of training."""
    rounds: int = 15
    """Number of measurements of each time."""
    loaded: int = 4
    """Number of clips per measurement of loading, and number of rendered clips."""
    video_size: tuple[int, int] = (WIDTH, HEIGHT)
    """Width and height of rendered clips in pixels."""


TINY = GpuSettings(18, 2, 32, 2, (1, 2), 2, 2, (180, 216))
"""Settings that check the command itself, also on the CPU."""


def describe_gpu() -> dict:
    """Return the names and versions of GPU, driver and libraries; values are None without a GPU."""
    if not torch.cuda.is_available():
        keys = (
            'card',
            'driver',
            'cuda',
            'cudnn',
            'memory_gib',
            'compute_capability',
            'tf32_products',
            'tf32_convolutions',
        )
        return dict.fromkeys(keys)
    properties = torch.cuda.get_device_properties(0)
    return dict(
        card=properties.name,
        driver=_read_driver_version(),
        cuda=torch.version.cuda,
        cudnn=torch.backends.cudnn.version(),
        memory_gib=round(properties.total_memory / 2**30, 1),
        compute_capability=f'{properties.major}.{properties.minor}',
        # PyTorch's settings, which all measurements but those of rounding use.
        tf32_products=torch.backends.cuda.matmul.allow_tf32,
        tf32_convolutions=torch.backends.cudnn.allow_tf32,
    )


def _read_driver_version() -> str | None:
    if not shutil.which('nvidia-smi'):
        return None
    command = ['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader']
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split('\n')
    return lines[0].strip() or None


class GpuBenchmark:
    """All measurements, in the order in which they run.

    Weights and clips are random, so that nothing is downloaded. Without a GPU, the measurements run on the CPU, which
    takes long except with :data:`TINY`, and memory is not measured.

    Args:
        settings (GpuSettings, optional): Sizes. Defaults to None, for those of MANet's recipe.
        videos (Path, optional): Folder of ``*.mp4`` files from which clips are loaded. Defaults to None: clips of a
            rendered person are written to a temporary folder.
    """

    def __init__(self, settings: GpuSettings | None = None, videos: Path | None = None) -> None:
        self.settings = settings or GpuSettings()
        self.videos = videos
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        self.measurements: list[Measurement] = []
        self._reference: tuple[torch.nn.Module, dict, Pass] | None = None

    def run(self, minutes: float = 5) -> Iterator[Measurement]:
        """Measure everything that fits into a time.

        Args:
            minutes (float): Time after which the current measurement is stopped and the others are left out.
                Defaults to 5.

        Yields:
            Measurement: Each row as soon as it is complete. A failed measurement has a reason instead of values.
        """
        init_default_scope('mmaction')
        silence_logs()
        torch.manual_seed(0)
        end = time.monotonic() + 60 * minutes
        for section, title, measure in self._list_steps():
            for measurement in self._run_step(section, title, measure, end, minutes):
                self.measurements.append(measurement)
                yield measurement

    def as_dict(self) -> dict:
        """Return all measurements so far in a dict that can be written as JSON."""
        return {
            'settings': self.settings._asdict(),
            **{section: [row.as_dict() for row in self.measurements if row.section == section] for section in SECTIONS},
        }

    def _list_steps(self) -> Iterator[tuple[str, str, Callable]]:
        for title, arguments in PRECISIONS.items():
            yield 'precision', title, partial(self._measure_precision, *arguments)
        self._reference = None
        for title, ways in TRAINING.items():
            if title != 'compile=True':
                yield 'training', title, partial(self._measure_training, ways)
        for batch in self.settings.batches:
            yield 'inference', f'batch {batch}', partial(self._measure_inference, batch)
        yield 'loading', 'videos, frame store', self._measure_loading
        # This measurement comes last, since compilation takes minutes.
        yield 'training', 'compile=True', partial(self._measure_training, TRAINING['compile=True'])
        for title in TRAINING:
            yield 'recipe', title, partial(self._estimate_recipe, title)

    def _run_step(self, section, title, measure, end, minutes) -> list[Measurement]:
        seconds = end - time.monotonic()
        if seconds <= 0 and section != 'recipe':
            return [Measurement(section, title, {}, f'the {minutes:g} minutes were over (--minutes)')]
        try:
            with _limit_time(None if section == 'recipe' else seconds):
                values = measure()
        except _TimeOver:
            return [Measurement(section, title, {}, f'stopped after {minutes:g} minutes (--minutes)')]
        except Exception as error:
            # Anything may fail on an unknown machine: compilers, memory, drivers. The other measurements go on.
            return [Measurement(section, title, {}, _describe(error))]
        finally:
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        if section == 'loading':
            return [Measurement(section, name, rates) for name, rates in values.items()]
        return [Measurement(section, title, values)]

    def _measure_precision(self, device, dtype, tf32) -> dict:
        if self._reference is None:
            settings = self.settings
            model, _ = build_model('manet', settings.depth, settings.num_segments)
            make_comparable(model)
            # Two clips are enough for statistics of batches; float64 is slow.
            batch = make_noise_batch(settings.num_segments, settings.size, 2)
            batch = model.cpu().data_preprocessor(batch, training=True)
            reference = run_pass(model, batch['inputs'], batch['data_samples'], 'cpu', torch.float64)
            self._reference = model, batch, reference
        model, batch, reference = self._reference
        result = run_pass(model, batch['inputs'], batch['data_samples'], device or self.device, dtype, tf32)
        return compare_passes(reference, result)._asdict()

    def _measure_training(self, ways) -> dict:
        settings = self.settings
        batch = make_noise_batch(settings.num_segments, settings.size, settings.clips)
        steps, memory = {}, {}
        for network in ('tsm', 'manet'):
            with _peak_memory(memory, network):
                steps[network] = partial(
                    train_step, *build_model(network, settings.depth, settings.num_segments, ways), batch
                )
                # Gradients and momenta are allocated in the first step.
                steps[network]()
                steps[network]()
        times = alternate('', steps['tsm'], steps['manet'], settings.rounds)
        tsm, manet = memory['tsm'], memory['manet']
        return dict(
            tsm_ms=1000 * median(times.baseline),
            manet_ms=1000 * median(times.ours),
            time_ratio=median(times.ratios),
            tsm_mib=tsm,
            manet_mib=manet,
            memory_ratio=manet / tsm if tsm else None,
            tsm_seconds=times.baseline,
            manet_seconds=times.ours,
        )

    def _measure_inference(self, batch_size) -> dict:
        settings = self.settings
        model, _ = build_model('manet', settings.depth, settings.num_segments)
        batch = make_noise_batch(settings.num_segments, settings.size, batch_size)

        def predict_in_half_precision():
            with torch.autocast(self.device, half):
                run_inference(model, batch)

        half = torch.float16 if self.device == 'cuda' else torch.bfloat16

        times = alternate(
            '', partial(run_inference, model, batch), predict_in_half_precision, settings.rounds, warmup=2
        )
        return dict(
            float32=batch_size / median(times.baseline),
            half=batch_size / median(times.ours),
            half_precision=str(half).removeprefix('torch.'),
            batch_size=batch_size,
            float32_seconds=times.baseline,
            half_seconds=times.ours,
        )

    def _measure_loading(self) -> dict[str, dict]:
        config = read_backbone_config(find_shipped(MANET))
        loaded = self.settings.loaded
        with TemporaryDirectory() as folder:
            videos = self.videos or _render_clips(Path(folder), loaded, self.settings.video_size)
            with temporary_clip_list(videos, loaded) as ann_file:
                datasets = {
                    'videos': build_training_set(config, ann_file, videos, decoder='pyav'),
                    'frame store': build_training_set(config, ann_file, store_frames(ann_file, videos)),
                }
                rates = measure_rates(datasets, loaded, min(self.settings.rounds, 3))
        source = str(self.videos) if self.videos else 'rendered clips'
        return {
            name: dict(clips_per_second=median(values), source=source, clips_per_second_of_rounds=values)
            for name, values in rates.items()
        }

    def _estimate_recipe(self, title) -> dict:
        batch = self.settings.clips
        step = self._find('training', title)['manet_ms'] / 1000
        inference = self._find('inference', f'batch {batch}')['float32']
        rates = {
            row.title: row.values['clips_per_second']
            for row in self.measurements
            if row.section == 'loading' and row.values
        }
        cores = default_workers()
        estimate = estimate_recipe(step, batch, inference, rates, cores)
        return dict(
            clips_per_second=estimate.clips_per_second,
            workers_videos=estimate.workers.get('videos'),
            workers_frame_store=estimate.workers.get('frame store'),
            hours=estimate.hours,
            hours_here_videos=estimate.hours_here.get('videos'),
            hours_here_frame_store=estimate.hours_here.get('frame store'),
            cores=cores,
        )

    def _find(self, section, title) -> dict:
        """Return the values of a measurement."""
        for row in self.measurements:
            if (row.section, row.title) == (section, title) and row.values:
                return row.values
        raise ValueError(f'needs the measurement "{title}" of {section}')


def _render_clips(folder, count, size):
    for index in range(count):
        clip = make_clip(label=index, subject_id=index, size=size, seed=0, index=index)
        # With a constant rate factor of 22, decoding is as fast as that of real clips: 10.7 and 9.6 clips per second.
        write_video(folder / f'{index}.mp4', render_frames(clip), clip.size, fps=clip.fps, crf=22)
    return folder


@contextmanager
def _peak_memory(memory, name):
    """Store the peak of the GPU's memory in MiB, less the memory before, in a dict; None without a GPU."""
    if not torch.cuda.is_available():
        memory[name] = None
        yield
        return
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    yield
    torch.cuda.synchronize()
    memory[name] = (torch.cuda.max_memory_allocated() - before) / 2**20


class _TimeOver(BaseException):
    """The time is over. Not an ``Exception``, so that no library takes it for an error of its own."""


@contextmanager
def _limit_time(seconds):
    """Raise :class:`_TimeOver` after some seconds, where signals allow it."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum, frame):
        raise _TimeOver

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _describe(error):
    """Return the type and the first line of an error, or of the error inside an error of the compiler."""
    error = getattr(error, 'inner_exception', error)
    lines = str(error).strip().splitlines()
    if lines and type(error) is ValueError:  # our own sentences
        return lines[0]
    return f'{type(error).__name__}: {lines[0].strip()}' if lines else type(error).__name__

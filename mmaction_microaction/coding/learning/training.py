"""Trains a network for own categories with MMEngine's runner, and predicts the held-out clips."""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from os import devnull
from pathlib import Path

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmaction_microaction.utils.messages import last_line
from mmaction_microaction.utils.times import format_duration

from .configs import METRIC


def train(config: Config, report: Callable[[str], None]) -> Path:
    """Train a network, or go on with its training.

    Args:
        config (Config): Config of :func:`write_config`.
        report (Callable[[str], None]): Function that receives a line after each epoch that was tested.

    Returns:
        Path: The best checkpoint, or the last one if there is no validation.

    Raises:
        ValueError: If the training stops, for example since the loss is not finite.
    """
    work_dir = Path(config.work_dir)
    config = copy.deepcopy(config)
    if (work_dir / 'last_checkpoint').is_file():
        # MMEngine would resume from the weights to start from, if there are any.
        config.update(resume=True, load_from=None)
    hook = _ReportHook(report)
    with _run(config) as runner:
        runner.register_hook(hook)
        runner.train()
    best = sorted(work_dir.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    # MMEngine writes the path in the encoding of the system.
    return best[-1] if best else Path((work_dir / 'last_checkpoint').read_text().strip())


def predict(config: Config, checkpoint: Path, out: Path) -> None:
    """Predict the clips of the test list, and write a file that ``microaction analyze`` reads.

    Args:
        config (Config): Config of :func:`write_config`.
        checkpoint (Path): Weights.
        out (Path): Path of the file, ``*.pkl``.
    """
    config = copy.deepcopy(config)
    config.update(load_from=str(checkpoint), resume=False, work_dir=str(out.parent / 'test'))
    config.test_evaluator = [*config.test_evaluator, dict(type='DumpResults', out_file_path=str(out))]
    for part in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        config[part] = None
    for part in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        config[part] = None
    with _run(config) as runner:
        runner.test()


@contextmanager
def _run(config: Config) -> Iterator[Runner]:
    """Build a runner whose log is written to a file only. Expected errors name the folder of the log."""
    # Logs of runners with the same name, which is made of the second of their start, would be one.
    config.experiment_name = f'{Path(config.work_dir).name}_{time.time_ns()}'
    with open(devnull, 'w', encoding='utf-8') as nowhere, redirect_stdout(nowhere):
        try:
            yield Runner.from_cfg(config)
        except (RuntimeError, FloatingPointError) as error:
            raise ValueError(
                f'the training stopped ({last_line(error)}); {config.work_dir} contains the log'
            ) from error


class _ReportHook(Hook):
    """Hook that reports the best score so far, and the time that is left.

    Args:
        report (Callable[[str], None]): Function that receives a line.
    """

    priority = 'VERY_LOW'

    def __init__(self, report: Callable[[str], None]) -> None:
        self.report, self.best, self.score = report, None, None
        self.start = self.first = None
        self.stdout = sys.stdout  # the runner's is redirected

    def before_train(self, runner: Runner) -> None:
        """Note the time."""
        self.start, self.first = time.monotonic(), runner.epoch

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Report the score of an epoch."""
        self.score = (metrics or {}).get(METRIC)
        if self.score is not None:
            self.best = max(self.score, self.best or 0)
            self._report(runner, f', F1 {self.score:.1f} % (best {self.best:.1f} %)')

    def after_train_epoch(self, runner: Runner) -> None:
        """Report an epoch without validation."""
        due = (runner.epoch + 1) % max(runner.max_epochs // 10, 1) == 0
        if runner.val_loop is None and due:
            self._report(runner, '', 1)

    def _report(self, runner: Runner, text: str, finished: int = 0) -> None:
        epoch = runner.epoch + finished
        # A resumed run may begin with the validation of the last epoch, before its own time is known.
        done = epoch - (self.first or 0)
        left = ''
        if self.start and done > 0:
            seconds = (time.monotonic() - self.start) / done * (runner.max_epochs - epoch)
            left = f', {format_duration(seconds)} left'
        with redirect_stdout(self.stdout):
            self.report(f'epoch {epoch} of {runner.max_epochs}{text}{left}')

"""MMEngine loads its own checkpoints, and code in checkpoints is not run."""

import numpy as np
import pytest
import torch
from helpers.compat import WITH, last_line
from helpers.processes import run_python
from mmengine.logging import HistoryBuffer

LOAD = 'from mmengine.runner import CheckpointLoader; c = CheckpointLoader.load_checkpoint({!r}, map_location="cpu"); '


@pytest.fixture
def checkpoint(tmp_path):
    """Write a checkpoint like MMEngine's, with weights, counters, logged values and a best score."""
    history = HistoryBuffer()
    history.update(1.5)
    history.update(2)
    path = tmp_path / 'epoch_1.pth'
    message_hub = {'log_scalars': {'train/loss': history}, 'runtime_info': {'best_score': np.float64(65.59)}}
    torch.save({'state_dict': {'weight': torch.ones(2)}, 'meta': {'epoch': 1}, 'message_hub': message_hub}, path)
    return path


def test_mmengine_checkpoints_load(checkpoint):
    load = LOAD.format(str(checkpoint))
    process = run_python(load)
    assert process.returncode == 1
    assert 'Weights only load failed' in process.stderr
    assert 'HistoryBuffer' in process.stderr
    process = run_python(
        WITH
        + load
        + 'history = c["message_hub"]["log_scalars"]["train/loss"];'
        + 'print([float(history.statistics(name)) for name in ("mean", "min", "max", "current")],'
        + ' c["message_hub"]["runtime_info"]["best_score"] == 65.59)'
    )
    assert process.stdout.splitlines()[-1] == '[1.75, 1.5, 2.0, 2.0] True', process.stderr


class WritesAFile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


class AsksForAttributes:
    """Object that accesses the globals of a module like HistoryBuffer accesses its methods."""

    def __reduce__(self):
        return getattr, (HistoryBuffer.mean, '__globals__')


@pytest.mark.parametrize('legacy', [False, True], ids=['zip', 'legacy'])
def test_malicious_checkpoint_is_rejected_without_running_code(tmp_path, legacy):
    path, victim = tmp_path / 'evil.pth', tmp_path / 'written'
    torch.save({'state_dict': {}, 'meta': WritesAFile(victim)}, path, _use_new_zipfile_serialization=not legacy)
    # Without protection, loading the checkpoint writes a file.
    torch.load(path, weights_only=False)
    assert victim.exists()
    victim.unlink()

    process = run_python(WITH + LOAD.format(str(path)))
    assert process.returncode == 1
    assert not victim.exists()
    message = process.stderr[process.stderr.index('UnpicklingError') :]
    assert f'{path} is refused' in message
    assert 'io.open' in message or '_io.open' in message


def test_checkpoint_cannot_access_attributes(tmp_path):
    path = tmp_path / 'evil.pth'
    torch.save({'meta': AsksForAttributes()}, path)
    assert '__builtins__' in torch.load(path, weights_only=False)['meta']
    process = run_python(WITH + LOAD.format(str(path)))
    assert process.returncode == 1
    assert "'__globals__'" in process.stderr


def test_downloaded_weights_are_loaded_without_running_code(tmp_path):
    # A file URL replaces the download. By default, PyTorch executes code in downloaded files.
    path, victim = tmp_path / 'evil.pth', tmp_path / 'written'
    torch.save(WritesAFile(victim), path)
    code = f'from mmengine.runner import checkpoint; checkpoint.load_from_http({path.as_uri()!r}, model_dir={{!r}})'
    run_python('import mmengine; ' + code.format(str(tmp_path / 'a')))
    assert victim.exists()
    victim.unlink()
    process = run_python(WITH + code.format(str(tmp_path / 'b')))
    assert process.returncode == 1
    assert not victim.exists()


def test_missing_checkpoint_is_named():
    assert "No such file or directory: 'no.pth'" in last_line(run_python(WITH + LOAD.format('no.pth')))

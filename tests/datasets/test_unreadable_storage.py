"""Errors of the storage, the memory and the program are not attributed to a clip."""

import errno

import av
import pytest
from helpers.unreadable_clips import GOOD, build


class Failing:
    """Transform that raises the given errors in turn, and then returns the sample."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self, sample):
        if self.errors:
            raise self.errors.pop(0)
        return sample


def failing_dataset(folder, monkeypatch, *errors, **kwargs):
    """Return a dataset whose first reads raise the given errors, and a list of its pauses."""
    pauses = []
    monkeypatch.setattr('mmaction_microaction.datasets.unreadable.time.sleep', pauses.append)
    dataset = build(folder, GOOD, max_unreadable=0.5, **kwargs)
    dataset.pipeline.transforms.insert(0, Failing(*errors))
    return dataset, pauses


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize('code', [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT])
def test_temporary_storage_errors_are_retried(clip_folder, monkeypatch, logged_warnings, code, test_mode):
    errors = [OSError(code, 'passes'), av.error.OSError(code, 'passes')]
    dataset, pauses = failing_dataset(clip_folder, monkeypatch, *errors, test_mode=test_mode)
    assert dataset[1]['data_samples'].video_id == GOOD[1]
    assert len(pauses) == 2
    assert dataset.unreadable.epoch_indices() == logged_warnings == []


@pytest.mark.parametrize('code', [errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT])
def test_permanent_storage_error_ends_the_run(clip_folder, monkeypatch, code):
    dataset, _ = failing_dataset(clip_folder, monkeypatch, *[OSError(code, 'stays')] * 3)
    with pytest.raises(OSError, match=r'good 1\.mp4 cannot be read .*stays.*--resume') as raised:
        _ = dataset[1]
    assert raised.value.errno == code
    assert dataset.unreadable.epoch_indices() == []


def test_a_bad_sector_is_an_unreadable_clip(clip_folder, monkeypatch, logged_warnings):
    dataset, _ = failing_dataset(clip_folder, monkeypatch, *[OSError(errno.EIO, 'stays')] * 3)
    assert dataset.prepare_data(1) is None
    assert dataset.unreadable.epoch_indices() == [1]
    assert len(logged_warnings) == 1


@pytest.mark.parametrize('kind', [AttributeError, ImportError, MemoryError, NameError, TypeError])
@pytest.mark.parametrize('test_mode', [False, True])
def test_program_and_memory_errors_do_not_count_as_unreadable_clips(clip_folder, monkeypatch, kind, test_mode):
    kwargs = dict(unreadable_as_missing=True, test_mode=True) if test_mode else {}
    dataset, pauses = failing_dataset(clip_folder, monkeypatch, kind('it is not the clip'), **kwargs)
    with pytest.raises(kind, match='it is not the clip'):
        _ = dataset[1]
    assert dataset.unreadable.epoch_indices() == pauses == []


def test_system_error_is_found_behind_a_decoder_error(clip_folder, monkeypatch):
    # With too many open files, decord reports only that it cannot open the video.
    errors = [RuntimeError('cannot open')] * 3
    dataset, pauses = failing_dataset(clip_folder, monkeypatch, *errors)

    def no_file(*args):
        raise OSError(errno.EMFILE, 'Too many open files')

    monkeypatch.setattr('builtins.open', no_file)
    with pytest.raises(OSError, match=r'good 1\.mp4 cannot be read .*Too many open files'):
        dataset.prepare_data(1)
    monkeypatch.undo()
    assert len(pauses) == 2

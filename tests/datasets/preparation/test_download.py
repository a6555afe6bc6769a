"""Tests of the download of MA-52, with a fake huggingface_hub."""

import sys
import types

import pytest

from mmaction_microaction.cli import main
from mmaction_microaction.datasets.preparation.download import download_splits
from mmaction_microaction.datasets.preparation.ma52 import SPLIT_SIZES


def make_errors():
    """Return the errors of huggingface_hub 1 and 2 that the download handles, with the same base classes."""
    errors = types.ModuleType('huggingface_hub.errors')

    class HfHubHTTPError(OSError):
        pass

    class RepositoryNotFoundError(HfHubHTTPError):
        pass

    class GatedRepoError(RepositoryNotFoundError):
        pass

    class EntryNotFoundError(Exception):
        pass

    class RemoteEntryNotFoundError(HfHubHTTPError, EntryNotFoundError):
        pass

    class LocalEntryNotFoundError(FileNotFoundError, EntryNotFoundError):
        pass

    class OfflineModeIsEnabled(ConnectionError):
        pass

    known = locals()
    for name in [name for name in known if name[0].isupper()]:
        setattr(errors, name, known[name])
    return errors


@pytest.fixture
def hub(monkeypatch):
    """Replace the Hub by one that has every archive, and an account with access."""
    hub = types.ModuleType('huggingface_hub')
    hub.errors = make_errors()
    hub.get_token = lambda: 'hf_token'
    hub.calls = []

    def download(repo_id, filename, **options):
        hub.calls.append((repo_id, filename, options))
        path = options['local_dir'] / filename
        path.write_bytes(b'an archive')
        return str(path)

    hub.hf_hub_download = download
    monkeypatch.setitem(sys.modules, 'huggingface_hub', hub)
    monkeypatch.setitem(sys.modules, 'huggingface_hub.errors', hub.errors)
    return hub


def test_archives_of_the_splits_are_downloaded_to_the_folder(hub, tmp_path):
    folder = tmp_path / 'new' / 'folder'
    assert download_splits('lab/set', ['val', 'test'], folder) == [folder / 'val.zip', folder / 'test.zip']
    options = dict(repo_type='dataset', local_dir=folder)
    assert hub.calls == [('lab/set', 'val.zip', options), ('lab/set', 'test.zip', options)]


@pytest.mark.parametrize(
    ('name', 'kind', 'message'),
    [
        ('GatedRepoError', PermissionError, r'no access to lab/set: .*https://huggingface\.co/datasets/lab/set'),
        ('RepositoryNotFoundError', ValueError, r'no data set lab/set .*--repo-id.*hf auth login'),
        ('LocalEntryNotFoundError', ConnectionError, r'train\.zip of lab/set .*huggingface\.co cannot be reached'),
        ('OfflineModeIsEnabled', ConnectionError, r'huggingface\.co cannot be reached'),
        ('RemoteEntryNotFoundError', ValueError, r'lab/set has no file train\.zip; .*--splits'),
        ('HfHubHTTPError', OSError, r'train\.zip of lab/set cannot be downloaded: the last line'),
    ],
)
def test_hub_errors_name_the_remedy(name, kind, message, hub, tmp_path):
    def fail(*_, **__):
        raise getattr(hub.errors, name)('Client Error.\n\nthe last line')

    hub.hf_hub_download = fail
    with pytest.raises(kind, match=message) as error:
        download_splits('lab/set', ['train'], tmp_path)
    assert 'the last line' in str(error.value)
    assert '\n' not in str(error.value)


def test_errors_of_missing_token_and_package_name_the_remedy(hub, tmp_path, monkeypatch):
    hub.get_token = lambda: None
    with pytest.raises(PermissionError, match=r'lab/set is a gated data set.*hf auth login.*HF_TOKEN'):
        download_splits('lab/set', ['train'], tmp_path / 'new')
    assert not (tmp_path / 'new').exists()
    monkeypatch.setitem(sys.modules, 'huggingface_hub', None)
    with pytest.raises(ImportError, match=r'pip install huggingface_hub$'):
        download_splits('lab/set', ['train'], tmp_path)


def test_fake_errors_match_the_real_package():
    stand_in = make_errors()
    real = pytest.importorskip('huggingface_hub.errors')
    for name in (name for name in vars(stand_in) if name[0].isupper()):
        for other in (other for other in vars(stand_in) if other[0].isupper()):
            expected = issubclass(getattr(stand_in, name), getattr(stand_in, other))
            assert issubclass(getattr(real, name), getattr(real, other)) == expected, (name, other)


def test_missing_lists_are_reported_before_the_download(hub, tmp_path):
    with pytest.raises(SystemExit, match=r'^error: train_list_videos\.txt is not in .*--lists'):
        main('prepare', [str(tmp_path), '--download', '--out', str(tmp_path / 'out')])
    assert hub.calls == []


def test_the_command_downloads_and_then_prepares(hub, tmp_path, monkeypatch):
    prepared = []

    def prepare(split, source, *_):
        assert (source / f'{split}.zip').read_bytes() == b'an archive'
        prepared.append(split)
        return SPLIT_SIZES[split]

    monkeypatch.setattr('mmaction_microaction.datasets.preparation.ma52.prepare_split', prepare)
    lists, source = tmp_path / 'lists', tmp_path / 'source'
    lists.mkdir()
    for split in ('train', 'val'):
        (lists / f'{split}_list_videos.txt').touch()
    options = ['--lists', lists, '--splits', 'train', 'val', '--no-embeddings', '--out', tmp_path / 'out']
    main('prepare', [str(source), '--download', *map(str, options)])
    assert prepared == ['train', 'val']
    assert [call[:2] for call in hub.calls] == [('kunli-cs/MA-52', 'train.zip'), ('kunli-cs/MA-52', 'val.zip')]

"""Downloads the archives of MA-52 from the Hugging Face Hub with the user's own access token."""

from collections.abc import Sequence
from pathlib import Path

from mmaction_microaction.utils.files import make_folder
from mmaction_microaction.utils.messages import last_line


def download_splits(repo_id: str, splits: Sequence[str], folder: Path) -> list[Path]:
    """Download ``{split}.zip`` of every split.

    ``huggingface_hub`` does not download complete files again. This function was tested with a stand-in for the Hub,
    not yet with the Hub itself.

    Args:
        repo_id: Data set on the Hub, such as ``'kunli-cs/MA-52'``.
        splits: Names of the splits: ``'train'``, ``'val'``, ``'test'``.
        folder: Folder for the archives.

    Returns:
        list[Path]: Paths of the archives.

    Raises:
        ImportError: If ``huggingface_hub`` is not installed.
        OSError: If there is no access token, access has not been granted, the Hub cannot be reached or a file cannot be
            written.
        ValueError: If the data set or an archive does not exist.
    """
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError:
        raise ImportError('--download needs huggingface_hub: pip install huggingface_hub') from None
    page = f'https://huggingface.co/datasets/{repo_id}'
    if not huggingface_hub.get_token():
        raise PermissionError(
            f'{repo_id} is a gated data set, and there is no access token: ask for access on {page}, create a token on '
            'https://huggingface.co/settings/tokens, and run "hf auth login" or set HF_TOKEN'
        )
    make_folder(folder)
    paths = []
    for split in splits:
        name = f'{split}.zip'
        try:
            paths.append(Path(huggingface_hub.hf_hub_download(repo_id, name, repo_type='dataset', local_dir=folder)))
        # Subclasses come first: a gated data set is a RepositoryNotFoundError, too.
        except errors.GatedRepoError as error:
            raise PermissionError(
                f'the account of the access token has no access to {repo_id}: ask for it on {page} ({last_line(error)})'
            ) from None
        except errors.RepositoryNotFoundError as error:
            raise ValueError(
                f'there is no data set {repo_id} on the Hub, or the access token is invalid; check --repo-id, and run '
                f'"hf auth login" ({last_line(error)})'
            ) from None
        except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, ConnectionError) as error:
            raise ConnectionError(
                f'{name} of {repo_id} cannot be downloaded: https://huggingface.co cannot be reached '
                f'({last_line(error)}). Run the same command again where there is internet; complete files are kept'
            ) from None
        except errors.EntryNotFoundError as error:
            raise ValueError(
                f'{repo_id} has no file {name}; choose others with --splits, or download by hand from {page} '
                f'({last_line(error)})'
            ) from None
        except errors.HfHubHTTPError as error:
            raise OSError(
                f'{name} of {repo_id} cannot be downloaded: {last_line(error)}. Run the same command again; complete '
                'files are kept'
            ) from None
    return paths

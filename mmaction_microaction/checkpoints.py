"""Reading checkpoints from wherever they come, with errors that name the file and the remedy."""

import pickle
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader

from mmaction_microaction.errors import last_line


def read_weights(path):
    """Read the weights of a checkpoint onto the CPU.

    Args:
        path (str | Path): The file, or an address that MMEngine knows.

    Returns:
        dict[str, torch.Tensor]: They, by name.

    Raises:
        ConnectionError: If it cannot be downloaded.
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, is damaged, holds no weights, or is refused since loading it could run code.
    """
    if Path(path).is_file():
        with open(path, 'rb') as file:
            start = file.read(20)
        # A zip archive or, until PyTorch 1.5, a pickle.
        if not start.startswith((b'PK', b'\x80')):
            found = f'starts with {start!r}' if start else 'is empty'
            raise ValueError(
                f'{path} is no checkpoint, since it {found}; is it the web page or the Git LFS pointer of a download? '
                'Download the file itself'
            )
    try:
        content = CheckpointLoader.load_checkpoint(str(path), 'cpu', 'silent')
    except pickle.UnpicklingError as error:  # refused by compat.load_from_local, which says why
        raise ValueError(str(error)) from None
    except FileNotFoundError:
        raise
    except (EOFError, OSError, RuntimeError) as error:  # depending on where it is cut off
        if '://' in str(path) and isinstance(error, OSError):
            raise ConnectionError(f'{path} cannot be downloaded ({error})') from None
        raise ValueError(f'{path} is damaged or cut short ({last_line(error)}); download or copy it anew') from None
    weights = content.get('state_dict', content) if isinstance(content, dict) else content
    if not isinstance(weights, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError(f'{path} holds no state_dict of tensors; give a checkpoint of MMAction2')
    return weights

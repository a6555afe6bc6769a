"""Checkpoints of the authors' released MANet, and of MMAction2 0.x's TSM, under the names of this project; and back.

The released network differs in the name of squeeze-and-excitation and in convolutions (``action_p2_*``) that it carries
in every block and never uses. TSM's names are the same in MMAction2 0.24 and 1.2.0.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import init_default_scope

from mmaction_microaction.compat.checkpoints import RELEASED, compare, read_weights
from mmaction_microaction.utils.files import identity, make_folder, write_whole
from mmaction_microaction.utils.paths import find_shipped

MANET = 'configs/manet_r50_8x1_ma52.py'
TSM = 'mmaction::recognition/tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py'

OURS = '.excite.'
UNUSED = '.action_p2_'
TABLE = 'cls_head.label_embeddings'


@dataclass
class Conversion:
    """What became of the tensors of a checkpoint.

    Args:
        config (str): Config of the network that they fit.
        state (dict[str, torch.Tensor]): The converted tensors.
        kept, renamed, dropped, added (dict[str, torch.Tensor]): Those whose name was kept, whose name was changed,
            that are left out, and that the source does not hold.
        notes (list[str]): What a user has to know about the last two.
    """

    config: str
    state: dict = field(repr=False)
    kept: dict = field(repr=False)
    renamed: dict = field(repr=False)
    dropped: dict = field(repr=False)
    added: dict = field(repr=False)
    notes: list = field(default_factory=list)

    def __str__(self):
        """Count tensors and parameters in a table of a few lines."""
        groups = dict(kept=self.kept, renamed=self.renamed, dropped=self.dropped, added=self.added, written=self.state)
        lines = [f'{"":<10}{"tensors":>8}{"numbers":>13}']
        for name, tensors in groups.items():
            lines.append(f'{name:<10}{len(tensors):>8}{sum(tensor.numel() for tensor in tensors.values()):>13,}')
        return '\n'.join([*lines, *self.notes])


def convert_file(source, out, to_release=False, config=None):
    """Convert a checkpoint file. The result is complete or, after an error, not there.

    Args:
        source (str | Path): Checkpoint with a ``state_dict``.
        out (str | Path): Checkpoint to write; holds the weights alone, without optimizer and log.
        to_release (bool): From this project's names to the released ones, and not the other way. Defaults to False.
        config (str, optional): See :func:`from_release` and :func:`to_released`.

    Returns:
        Conversion: What became of the tensors.

    Raises:
        FileNotFoundError: If the source does not exist.
        OSError: If the output cannot be written.
        ValueError: If the source is no checkpoint, is refused since loading it could run code, is also the output, or
            does not fit the network to the last tensor.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    if identity(source) == identity(out):
        raise ValueError(f'{out} would be overwritten; name another file to write')
    convert = to_released if to_release else from_release
    weights = read_weights(source)
    try:
        conversion = convert(weights, config)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from None
    content = io.BytesIO()
    torch.save({'meta': {'converted_from': source.name}, 'state_dict': conversion.state}, content)
    make_folder(out.parent)
    write_whole(out, content.getvalue())
    return conversion


def from_release(state, config=None):
    """Give released tensors the names of this project.

    Args:
        state (dict[str, torch.Tensor]): Of the released MANet, or of TSM, which is known by its lack of
            squeeze-and-excitation.
        config (str, optional): File, or ``mmaction::`` name, of the network to fit. ``None``: that of the released
            MANet, or MMAction2's TSM, ResNet-50, with the classes of the checkpoint. Defaults to None.

    Returns:
        Conversion: Ready to be loaded strictly. A table of label embeddings that the file lacks, as the released one
        does, is NaN: the head then reads its file at the first loss.

    Raises:
        ValueError: If the tensors are not exactly those of the network. The message names them.
    """
    if any(OURS in name for name in state):
        raise ValueError('has the names of this project already; --to-release gives it the released ones')
    if config is None and any(RELEASED in name for name in state):
        config = MANET
    used = {name: tensor for name, tensor in state.items() if UNUSED not in name}
    config, shapes = _network(config or TSM, used)
    table = {}
    if TABLE in shapes and TABLE not in used:
        table[TABLE] = torch.full(shapes.pop(TABLE), torch.nan)
    _check_complete(used, {name.replace(OURS, RELEASED): shape for name, shape in shapes.items()}, config)

    conversion = _rename(used, RELEASED, OURS, config)
    conversion.dropped = {name: tensor for name, tensor in state.items() if UNUSED in name}
    conversion.added = table
    conversion.state.update(table)
    if conversion.dropped:
        kinds = sorted({name.split(UNUSED)[1] for name in conversion.dropped})
        conversion.notes.append(f'dropped: the never used {", ".join("action_p2_" + kind for kind in kinds)}')
    if table:
        conversion.notes.append(f'added: {TABLE}, empty; training reads the file that the config names')
    return conversion


def to_released(state, config=None):
    """Give the tensors of a MANet the released names.

    Args:
        state (dict[str, torch.Tensor]): Of a MANet of this project.
        config (str, optional): File of its config. ``None``: that of the released MANet. Defaults to None.

    Returns:
        Conversion: Ready to be loaded strictly by the released code: the ``action_p2_*`` tensors are zeros.

    Raises:
        ValueError: If the tensors are not exactly those of the network. The message names them.
    """
    if any(RELEASED in name for name in state):
        raise ValueError('has the released names already')
    if any('.mix.' in name for name in state):
        raise ValueError('has the convolutions of Eq. 1 (conv_after_shift), which the released network lacks')
    used = {name: tensor for name, tensor in state.items() if name != TABLE}
    config, shapes = _network(config or MANET, used)
    shapes.pop(TABLE, None)
    _check_complete(used, shapes, config)

    conversion = _rename(used, OURS, RELEASED, config)
    conversion.dropped = {name: state[name] for name in state if name == TABLE}
    for name, tensor in used.items():
        block, _, layer = name.partition(OURS)
        if layer == '0.weight':
            hidden, channels = tensor.shape
            shapes = dict(squeeze=(hidden, channels, 1, 1), conv1=(hidden, hidden, 3), expand=(channels, hidden, 1, 1))
            for kind, shape in shapes.items():
                conversion.added[f'{block}{UNUSED}{kind}.weight'] = tensor.new_zeros(shape)
    conversion.state.update(conversion.added)
    if conversion.dropped:
        conversion.notes.append(f'dropped: {TABLE}, which the released network does not carry')
    if conversion.added:
        conversion.notes.append('added: zeros for action_p2_*, which the released code loads and never uses')
    return conversion


def _rename(state, old, new, config):
    """Replace a part of the names."""
    renamed = {name: tensor for name, tensor in state.items() if old in name}
    kept = {name: tensor for name, tensor in state.items() if old not in name}
    converted = {name.replace(old, new): tensor for name, tensor in state.items()}
    return Conversion(config, converted, kept, renamed, dropped={}, added={})


def _network(config, state):
    """Name the shape of every tensor of a network, without memory for its weights.

    Args:
        config (str): File, or ``mmaction::`` name. Of ``TSM`` only, the number of classes is the checkpoint's.
        state (dict[str, torch.Tensor]): The checkpoint.

    Returns:
        tuple[str, dict[str, tuple[int]]]: The config's name, and shapes by name.
    """
    if config.startswith('mmaction::'):
        cfg = get_config(config)
    else:
        cfg = Config.fromfile(find_shipped(config) if config == MANET else config)
    if config == TSM and 'cls_head.fc_cls.bias' in state:
        cfg.model.cls_head.num_classes = len(state['cls_head.fc_cls.bias'])
    init_default_scope('mmaction')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    return config, {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def _check_complete(state, shapes, config):
    """Refuse tensors that are not exactly those of a network."""
    fit = compare(state, shapes)
    if not fit.whole:
        raise ValueError(
            f'these are not the weights of {config}. Tensors {fit}. Of another network of the kind, name its config '
            'with --config.'
        )

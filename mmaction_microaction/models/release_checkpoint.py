"""Conversion of checkpoints of the authors' MANet and PCAN and of MMAction2 0.x's TSM to this project, and back.

The released MANet differs from this project's in two ways: another name for squeeze-and-excitation, and convolutions
(``action_p2_*``) that every block contains but never uses. The released PCAN has other names, and its prototypes of
body parts are in no checkpoint. The tensors of TSM have the same names in MMAction2 0.24 and 1.2.0.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import init_default_scope

from mmaction_microaction.models.pcan_checkpoint import (
    belongs_to_a_branch,
    is_pcan,
    is_released_pcan,
    is_two_branches,
    rename_tensors,
)
from mmaction_microaction.utils.checkpoints import RELEASED, compare, read_weights
from mmaction_microaction.utils.files import file_identity, make_folder, write_whole
from mmaction_microaction.utils.paths import find_shipped

MANET = 'configs/manet_r50_8x1_ma52.py'
PCAN = 'configs/pose/pcan_r50_8x32_ma52_released.py'
RGBPOSE = 'configs/pose/rgbposeconv3d_r50_8x32_ma52.py'
TSM = 'mmaction::recognition/tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py'

OURS = '.excite.'
UNUSED = '.action_p2_'
TABLE = 'cls_head.label_embeddings'


@dataclass
class Conversion:
    """Result of converting a checkpoint: the converted tensors, grouped by what happened to them."""

    config: str
    """Config of the network that the tensors fit."""
    state: dict[str, torch.Tensor] = field(repr=False)
    """Converted tensors by name."""
    kept: dict[str, torch.Tensor] = field(repr=False)
    """Tensors of the source whose name is unchanged."""
    renamed: dict[str, torch.Tensor] = field(repr=False)
    """Tensors of the source whose name was changed, by old name."""
    dropped: dict[str, torch.Tensor] = field(repr=False)
    """Tensors of the source that are left out."""
    added: dict[str, torch.Tensor] = field(repr=False)
    """Tensors that the source lacks."""
    notes: list[str] = field(default_factory=list)
    """Explanations of the dropped and added tensors, one sentence each."""

    def __str__(self) -> str:
        """Format a table with the number of tensors and parameters per group, followed by the notes."""
        groups = dict(kept=self.kept, renamed=self.renamed, dropped=self.dropped, added=self.added, written=self.state)
        lines = [f'{"":<10}{"tensors":>8}{"numbers":>13}']
        for name, tensors in groups.items():
            lines.append(f'{name:<10}{len(tensors):>8}{sum(tensor.numel() for tensor in tensors.values()):>13,}')
        return '\n'.join([*lines, *self.notes])


def convert_file(
    source: str | Path, out: str | Path, to_release: bool = False, config: str | None = None
) -> Conversion:
    """Convert a checkpoint file. If an error occurs, no output file is written.

    Args:
        source (str | Path): Path of a checkpoint that contains a ``state_dict``.
        out (str | Path): Path of the checkpoint to write. It contains the weights only, without optimizer and log.
        to_release (bool): Whether to convert from this project's names to the released ones instead of the other way.
            Defaults to False.
        config (str, optional): Config of the network that the weights must fit, see :func:`convert_from_release` and
            :func:`convert_to_release`. Defaults to None.

    Returns:
        Conversion: The converted tensors.

    Raises:
        FileNotFoundError: If the source does not exist.
        OSError: If the output cannot be written.
        ValueError: If the source is not a checkpoint, is rejected because loading it could run code, is the same file
            as the output, or has a single tensor that does not match the network.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    if file_identity(source) == file_identity(out):
        raise ValueError(f'{out} would be overwritten; choose another file for the output')
    convert = convert_to_release if to_release else convert_from_release
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


def convert_from_release(state: dict[str, torch.Tensor], config: str | None = None) -> Conversion:
    """Rename released tensors to this project's names.

    Args:
        state (dict[str, torch.Tensor]): Weights of the released MANet, of the released PCAN, of the two branches from
            which PCAN starts, or of TSM. Other weights without squeeze-and-excitation are treated as TSM's.
        config (str, optional): Path or ``mmaction::`` name of the config of the network that the weights must fit.
            Defaults to None: the config of the released MANet or PCAN, of RGBPose-Conv3D for two branches, or of
            MMAction2's TSM with ResNet-50 and as many classes as the checkpoint has.

    Returns:
        Conversion: Tensors that can be loaded with ``strict=True``, except for two branches, which lack what PCAN
        starts fresh. If the source has no table of label embeddings, like the released MANet, the table is NaN, and the
        head reads its file at the first loss.

    Raises:
        ValueError: If the tensors do not match the network exactly. The message names the ones that differ.
    """
    if any(OURS in name for name in state) or is_pcan(state):
        raise ValueError('the tensors have the names of this project already; --to-release converts them back')
    if is_released_pcan(state):
        return _convert_pcan(state, config or PCAN)
    if is_two_branches(state):
        return _check_branches(state, config or RGBPOSE)
    if config is None and any(RELEASED in name for name in state):
        config = MANET
    used = {name: tensor for name, tensor in state.items() if UNUSED not in name}
    config, shapes = _read_shapes(config or TSM, used)
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
        conversion.notes.append(f'dropped: {", ".join("action_p2_" + kind for kind in kinds)}, which are never used')
    if table:
        conversion.notes.append(f'added: {TABLE}, empty; training reads the file that the config names')
    return conversion


def convert_to_release(state: dict[str, torch.Tensor], config: str | None = None) -> Conversion:
    """Rename the tensors of a MANet or PCAN of this project to the released names.

    Args:
        state (dict[str, torch.Tensor]): Weights of a MANet or PCAN of this project.
        config (str, optional): Path of the config of the network. Defaults to None: the config of the released MANet or
            PCAN.

    Returns:
        Conversion: Tensors that the released code can load with ``strict=True``. The unused ``action_p2_*`` tensors of
        MANet are zeros.

    Raises:
        ValueError: If the tensors do not match the network exactly. The message names the ones that differ.
    """
    if any(RELEASED in name for name in state) or is_released_pcan(state):
        raise ValueError('the tensors have the released names already')
    if is_pcan(state):
        return _convert_pcan_to_release(state, config or PCAN)
    if any('.mix.' in name for name in state):
        raise ValueError('the network has the convolutions of Eq. 1 (conv_after_shift), which the released one lacks')
    used = {name: tensor for name, tensor in state.items() if name != TABLE}
    config, shapes = _read_shapes(config or MANET, used)
    shapes.pop(TABLE, None)
    _check_complete(used, shapes, config)

    conversion = _rename(used, OURS, RELEASED, config)
    conversion.dropped = {name: state[name] for name in state if name == TABLE}
    conversion.added = _unused_convolutions(used)
    conversion.state.update(conversion.added)
    if conversion.dropped:
        conversion.notes.append(f'dropped: {TABLE}, which the released network does not have')
    if conversion.added:
        conversion.notes.append('added: zeros for action_p2_*, which the released code loads and never uses')
    return conversion


def _convert_pcan(state: dict[str, torch.Tensor], config: str) -> Conversion:
    """Rename the tensors of the released PCAN, and add what no released checkpoint contains."""
    converted = rename_tensors(state)
    shapes = read_shapes(config)
    absent = {name: shape for name, shape in shapes.items() if name not in converted and not belongs_to_a_branch(name)}
    generator = torch.Generator().manual_seed(0)
    added = {}
    for name, shape in absent.items():
        if name.endswith('_coarse.prototypes'):
            added[name] = torch.randn(shape, generator=generator)
        elif name.endswith('.num_updates'):
            # The release does not count. All fine prototypes take part in its predictions.
            added[name] = torch.full(shape, 0 if '_coarse.' in name else 1)
    converted.update(added)
    _check_complete(converted, shapes, config)
    kept = {name: tensor for name, tensor in state.items() if name in converted}
    renamed = {name: tensor for name, tensor in state.items() if name not in converted}
    notes = [
        'added: random prototypes of the body parts, which no released checkpoint contains; only training uses them',
        'added: num_updates, as if every prototype of an action had been updated',
    ]
    return Conversion(config, converted, kept, renamed, {}, added, notes if added else [])


def _convert_pcan_to_release(state: dict[str, torch.Tensor], config: str) -> Conversion:
    """Rename the tensors of a PCAN of this project to the released names."""
    shapes = read_shapes(config)
    _check_complete(state, shapes, config)
    dropped = {name: state[name] for name in state if name.endswith(('_coarse.prototypes', '.num_updates'))}
    used = {name: tensor for name, tensor in state.items() if name not in dropped}
    converted = rename_tensors(used, to_release=True)
    kept = {name: tensor for name, tensor in used.items() if name in converted}
    renamed = {name: tensor for name, tensor in used.items() if name not in converted}
    notes = ['dropped: num_updates and the prototypes of the body parts, which the release does not store']
    return Conversion(config, converted, kept, renamed, dropped, {}, notes if dropped else [])


def _check_branches(state: dict[str, torch.Tensor], config: str) -> Conversion:
    """Check the initial weights of two branches, which have the same names in the release and here."""
    shapes = read_shapes(config)
    needed = {name: shape for name, shape in shapes.items() if name in state or belongs_to_a_branch(name)}
    _check_complete(state, needed, config)
    conversion = Conversion(config, state, state, {}, {}, {})
    if len(needed) < len(shapes):
        conversion.notes.append(f'the {len(shapes) - len(needed)} other tensors of the network start fresh')
    return conversion


def _unused_convolutions(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return zeros for the three unused convolutions of each block that has squeeze-and-excitation."""
    zeros = {}
    for name, tensor in state.items():
        block, _, layer = name.partition(OURS)
        if layer == '0.weight':
            hidden, channels = tensor.shape
            prefix = f'{block}{UNUSED}'
            zeros[f'{prefix}squeeze.weight'] = tensor.new_zeros(hidden, channels, 1, 1)
            zeros[f'{prefix}conv1.weight'] = tensor.new_zeros(hidden, hidden, 3)
            zeros[f'{prefix}expand.weight'] = tensor.new_zeros(channels, hidden, 1, 1)
    return zeros


def _rename(state: dict[str, torch.Tensor], old: str, new: str, config: str) -> Conversion:
    """Replace a part of the names."""
    renamed = {name: tensor for name, tensor in state.items() if old in name}
    kept = {name: tensor for name, tensor in state.items() if old not in name}
    converted = {name.replace(old, new): tensor for name, tensor in state.items()}
    return Conversion(config, converted, kept, renamed, dropped={}, added={})


def _read_shapes(config: str, state: dict[str, torch.Tensor]) -> tuple[str, dict[str, tuple[int, ...]]]:
    """Return the config of a network and the shapes of its tensors. ``TSM`` has as many classes as the checkpoint."""
    num_classes = len(state['cls_head.fc_cls.bias']) if config == TSM and 'cls_head.fc_cls.bias' in state else None
    return config, read_shapes(config, num_classes)


def read_shapes(config: str, num_classes: int | None = None) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's tensors. The network is built without memory for its weights.

    Args:
        config (str): Path or ``mmaction::`` name of the config. Configs of this project are found from any folder.
        num_classes (int, optional): Number of classes of the head. Defaults to None: that of the config.

    Returns:
        dict[str, tuple[int, ...]]: Shapes of parameters and buffers by name.

    Raises:
        FileNotFoundError: If the config does not exist.
    """
    if config.startswith('mmaction::'):
        cfg = get_config(config)
    else:
        cfg = Config.fromfile(find_shipped(config) if config in (MANET, PCAN, RGBPOSE) else config)
    if num_classes is not None:
        cfg.model.cls_head.num_classes = num_classes
    init_default_scope('mmaction')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def _check_complete(state: dict[str, torch.Tensor], shapes: dict[str, tuple[int, ...]], config: str) -> None:
    """Raise a ValueError if the tensors do not match a network exactly."""
    fit = compare(state, shapes)
    if not fit.complete:
        raise ValueError(
            f'these are not the weights of {config}: {fit}. If they belong to another network of '
            'this kind, pass its config with --config.'
        )

"""Names of the tensors of the authors' PCAN."""

import torch

_EXCHANGE = {
    'conv1.': 'rgb_tokens.',
    'conv2.': 'pose_tokens.',
    'conv4.': 'rgb_gate.',
    'conv5.': 'pose_gate.',
    'rgb_cross_attn.fc.': 'rgb_attention.out_proj.',
    'rgb_cross_attn.': 'rgb_attention.',
    'skt_cross_attn.fc.': 'pose_attention.out_proj.',
    'skt_cross_attn.': 'pose_attention.',
}
_PROTOTYPES = {'avg_f': 'prototypes', 'cl_fc.': 'projection.'}
_OURS = {
    **{
        f'backbone.featuredifference{stage}.{released}': f'backbone.exchange{stage}.{ours}'
        for stage in (2, 3)
        for released, ours in _EXCHANGE.items()
    },
    **{
        f'cls_head.fr_{level}{branch}.spatio_cl_net.{released}': f'cls_head.prototypes.{branch}{ending}.{ours}'
        for level, ending in (('', ''), ('coarse_', '_coarse'))
        for branch in ('rgb', 'pose')
        for released, ours in _PROTOTYPES.items()
    },
}
"""Beginnings of names in this project, by released beginning. A beginning that contains another one comes before it."""


def to_our_name(name: str) -> str:
    """Return the name in this project of a tensor of the released PCAN.

    Args:
        name (str): Released name.

    Returns:
        str: Name in this project. Names that are the same in both are returned as they are.

    Examples:
        >>> to_our_name('cls_head.fr_rgb.spatio_cl_net.cl_fc.weight')
        'cls_head.prototypes.rgb.projection.weight'
    """
    return _rename(name, _OURS)


def to_released_name(name: str) -> str:
    """Return the released name of a tensor of PCAN.

    Args:
        name (str): Name in this project.

    Returns:
        str: Released name. Names that are the same in both are returned as they are.

    Examples:
        >>> to_released_name('backbone.exchange2.rgb_gate.bias')
        'backbone.featuredifference2.conv4.bias'
    """
    return _rename(name, {ours: released for released, ours in _OURS.items()})


def _rename(name: str, beginnings: dict[str, str]) -> str:
    for old, new in beginnings.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def rename_tensors(state: dict[str, torch.Tensor], to_release: bool = False) -> dict[str, torch.Tensor]:
    """Rename the tensors of PCAN, and turn its prototypes.

    Args:
        state (dict[str, torch.Tensor]): Tensors by released name, or by the names of this project. Prototypes have the
            classes in the last dimension in the release, and in the first one here.
        to_release (bool): Whether the new names are the released ones. Defaults to False.

    Returns:
        dict[str, torch.Tensor]: Tensors by new name. The transposed prototypes are copies.
    """
    rename = to_released_name if to_release else to_our_name
    turned = {name for name in state if name.endswith(('.avg_f', '.prototypes'))}
    return {rename(name): tensor.T.contiguous() if name in turned else tensor for name, tensor in state.items()}


def is_released_pcan(state: dict[str, torch.Tensor]) -> bool:
    """Return whether tensors have the names of the authors' PCAN."""
    return any(to_our_name(name) != name for name in state)


def is_pcan(state: dict[str, torch.Tensor]) -> bool:
    """Return whether tensors are those of PCAN in this project."""
    return any(to_released_name(name) != name for name in state)


def is_two_branches(state: dict[str, torch.Tensor]) -> bool:
    """Return whether tensors are those of a network with an RGB branch and a pose branch."""
    return any(name.startswith('backbone.rgb_path.') for name in state)


def belongs_to_a_branch(name: str) -> bool:
    """Return whether a tensor exists in the network of one modality already.

    The others are lateral connections, exchanges, classifiers of groups, and prototypes. They start fresh where two
    networks of one modality are merged.

    Args:
        name (str): Name in this project.

    Returns:
        bool: Whether the name is that of a branch or of its classifier of actions.

    Examples:
        >>> belongs_to_a_branch('backbone.rgb_path.conv1.conv.weight'), belongs_to_a_branch('cls_head.fc_pose.bias')
        (True, True)
        >>> belongs_to_a_branch('backbone.rgb_path.layer2_lateral.conv.weight')
        False
    """
    if name.startswith(('backbone.rgb_path.', 'backbone.pose_path.')):
        return '_lateral.' not in name
    return name.startswith(('cls_head.fc_rgb.', 'cls_head.fc_pose.'))

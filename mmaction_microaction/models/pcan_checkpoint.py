"""Names of the tensors of the authors' PCAN, and initial weights from the networks of two modalities."""

import re

_OURS_BY_RELEASED = {
    r'backbone\.featuredifference(\d)\.conv1\.': r'backbone.exchange\1.rgb_tokens.',
    r'backbone\.featuredifference(\d)\.conv2\.': r'backbone.exchange\1.pose_tokens.',
    r'backbone\.featuredifference(\d)\.conv4\.': r'backbone.exchange\1.rgb_gate.',
    r'backbone\.featuredifference(\d)\.conv5\.': r'backbone.exchange\1.pose_gate.',
    r'backbone\.featuredifference(\d)\.rgb_cross_attn\.fc\.': r'backbone.exchange\1.rgb_attention.out_proj.',
    r'backbone\.featuredifference(\d)\.skt_cross_attn\.fc\.': r'backbone.exchange\1.pose_attention.out_proj.',
    r'backbone\.featuredifference(\d)\.rgb_cross_attn\.': r'backbone.exchange\1.rgb_attention.',
    r'backbone\.featuredifference(\d)\.skt_cross_attn\.': r'backbone.exchange\1.pose_attention.',
    r'cls_head\.fr_coarse_(rgb|pose)\.spatio_cl_net\.avg_f': r'cls_head.prototypes.\1_coarse.prototypes',
    r'cls_head\.fr_coarse_(rgb|pose)\.spatio_cl_net\.cl_fc\.': r'cls_head.prototypes.\1_coarse.projection.',
    r'cls_head\.fr_(rgb|pose)\.spatio_cl_net\.avg_f': r'cls_head.prototypes.\1.prototypes',
    r'cls_head\.fr_(rgb|pose)\.spatio_cl_net\.cl_fc\.': r'cls_head.prototypes.\1.projection.',
}


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
    for released, ours in _OURS_BY_RELEASED.items():
        name, count = re.subn(f'^{released}', ours, name)
        if count:
            break
    return name

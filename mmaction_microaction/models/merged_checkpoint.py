"""Initial weights of a network of two modalities, merged from a network of each modality."""

from pathlib import Path

import torch

from mmaction_microaction.utils.checkpoints import read_weights_and_metainfo
from mmaction_microaction.utils.files import atomic_write
from mmaction_microaction.utils.messages import format_count

from .pcan_checkpoint import belongs_to_a_branch
from .release_checkpoint import RGBPOSE, read_shapes

BRANCHES = {'rgb': 'SlowOnly on frames', 'pose': 'PoseConv3D on heat maps'}
"""Networks of one modality, by the name of their branch."""


def merge_checkpoints(
    rgb: str | Path, pose: str | Path, out: str | Path, config: str = RGBPOSE
) -> tuple[int, list[str]]:
    """Write the initial weights of RGBPose-Conv3D or PCAN, from networks that were trained on RGB and on poses alone.

    Each network becomes a branch with its classifier. Where a convolution of the branch has more input channels, those
    of the lateral connection, the weights of the new channels are zero. Lateral connections and everything else start
    fresh. The result is that of MMAction2's notebook, by which the authors of PCAN made theirs.

    Args:
        rgb (str | Path): Checkpoint of the network of RGB frames, ``configs/pose/slowonly_r50_8_ma52_person.py``.
        pose (str | Path): Checkpoint of the network of poses, ``configs/pose/poseconv3d_r50_32_ma52.py``.
        out (str | Path): Path of the checkpoint to write, for ``load_from``.
        config (str): Config of the network of both. Defaults to RGBPose-Conv3D's, whose branches are also those of
            PCAN.

    Returns:
        tuple[int, list[str]]: Number of tensors of both branches, and names of those that were padded.

    Raises:
        FileNotFoundError: If a checkpoint or the config is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If a checkpoint is damaged, has another label set than the other one, or has a tensor that does not
            fit the branch. The message names the tensors.
    """
    shapes = read_shapes(config)
    merged, padded, metainfos = {}, [], []
    for branch, (path, network) in zip(BRANCHES, zip((rgb, pose), BRANCHES.values())):
        weights, metainfo = read_weights_and_metainfo(path)
        metainfos += [metainfo] if metainfo.get('label_set') else []
        names = {f'backbone.{branch}_path.': 'backbone.', f'cls_head.fc_{branch}.': 'cls_head.fc_cls.'}
        needed = {
            new: old + new.removeprefix(beginning)
            for beginning, old in names.items()
            for new in shapes
            if new.startswith(beginning) and belongs_to_a_branch(new)
        }
        problems = [f'{name} is missing' for name in needed.values() if name not in weights]
        problems += [f'{name} is unknown' for name in sorted(weights.keys() - set(needed.values()))]
        for new, old in needed.items():
            if old not in weights:
                continue
            tensor = weights[old]
            missing_channels = _count_missing_channels(tensor, shapes[new])
            # Only the first block of a stage sees the lateral connection. The stem, whose input channels are the
            # joints, must fit.
            if missing_channels and '.layer' in new and '.0.' in new:
                zeros = tensor.new_zeros(shapes[new][0], missing_channels, *shapes[new][2:])
                tensor = torch.cat([tensor, zeros], dim=1)
                padded.append(new)
            if tensor.shape != shapes[new]:
                problems.append(f'{old} {tuple(tensor.shape)} is not {shapes[new]}')
            merged[new] = tensor
        if problems:
            raise ValueError(
                f'{path} does not fit the {branch} branch of {config}: {format_count(len(problems), "tensor")} of '
                f'another shape, the first: {problems[0]}. The branch is {network}'
            )
    if len(metainfos) == 2 and metainfos[0]['label_set'] != metainfos[1]['label_set']:
        raise ValueError(f'{rgb} and {pose} were trained on different label sets')
    content = {'state_dict': merged, 'meta': {'merged_from': [Path(rgb).name, Path(pose).name]}}
    if metainfos:
        content['meta']['dataset_meta'] = metainfos[0]
    with atomic_write(out) as unfinished:
        torch.save(content, unfinished)
    return len(merged), padded


def _count_missing_channels(tensor: torch.Tensor, shape: tuple[int, ...]) -> int:
    """Return the number of input channels that a 3D convolution lacks. 0 if the shapes differ in another way."""
    same = tensor.dim() == len(shape) == 5 and (tensor.shape[0], *tensor.shape[2:]) == (shape[0], *shape[2:])
    return max(shape[1] - tensor.size(1), 0) if same else 0

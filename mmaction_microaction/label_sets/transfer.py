"""Weights of a network that was trained on other classes: which of them a run loads."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from mmaction_microaction.label_sets import MA52, LabelSet, normalize_name
from mmaction_microaction.utils.messages import first_few

# The classifiers of MMAction2's heads (fc of GCNHead, fc2 of X3DHead, those in the consensus of TRNHead), of MANetHead,
# PCANHead and MAENet, MANetHead's table of label embeddings, and PCANHead's prototypes.
_CLASS_TENSOR = re.compile(
    r'(^|\.)((fc_cls|fc_act|fc_rgb|fc_pose|cls_head\.fc2?|cls_head\.consensus\.(classifier|fc_fusion_scales\.\d+)\.3)'
    r'\.(weight|bias)|label_embeddings'
    r'|prototypes\.(rgb|pose)\.(prototypes|num_updates))$'
)
# PCANHead's classifiers and prototypes of the groups.
_GROUP_TENSOR = re.compile(r'(^|\.)(fc_(rgb|pose)_coarse\.(weight|bias)|(rgb|pose)_coarse\.(prototypes|num_updates))$')
# The boundaries of PyramidDetectionHead, which belong to the classes if there are more than a single start and end.
_BOUNDARY_TENSOR = re.compile(r'(^|\.)fc_segment\.(weight|bias)$')
# The layers of AuxiliaryHeads, whose number of rows is that of the actions or of the groups.
_AUXILIARY_TENSOR = re.compile(r'(^|\.)auxiliary\.\w+\.(weight|bias)$')


@dataclass
class Transfer:
    """Weights of a checkpoint of other classes than those of a run, without the tensors that belong to its classes."""

    weights: dict[str, torch.Tensor]
    """Weights to load, by name."""
    dropped: list[str]
    """Names of the tensors that are not loaded. Empty if the classes are the same."""
    source: str
    """Description of the classes of the checkpoint."""
    target: str
    """Description of the classes of the run."""

    def describe(self, path: str, num_fitting: int) -> str:
        """Return the line of the log."""
        layers = dict.fromkeys(re.sub(r'\.(weight|bias)$', '', name) for name in self.dropped)
        return (
            f'{path} was trained on {self.source}, and this run trains {self.target}: '
            f'{first_few(layers, separator=" and ")} start{"s" * (len(layers) == 1)} anew. Training starts with the '
            f'{num_fitting:,} other parameters that fit.'
        )


def is_class_tensor(name: str) -> bool:
    """Return whether a tensor, by its name, has one row for each class or for each group of classes."""
    return any(pattern.search(name) for pattern in (_CLASS_TENSOR, _GROUP_TENSOR, _AUXILIARY_TENSOR))


def get_metainfo(datasets: Iterable[Any]) -> Mapping[str, Any]:
    """Return the metadata of the first dataset that has a label set, or an empty mapping."""
    infos = [getattr(dataset, 'metainfo', None) or {} for dataset in datasets]
    return next((info for info in infos if 'label_set' in info), {})


def drop_other_classes(
    checkpoint: Mapping[str, Any], path: str, shapes: Mapping[str, tuple[int, ...]], metainfo: Mapping[str, Any]
) -> Transfer:
    """Remove classifiers, label embeddings and prototypes from weights whose classes are not those of a run.

    If the checkpoint contains no label set, it is treated as MA-52's if it has 52 classes. With another number of
    classes, only the tensors of another shape are removed. Boundaries per class of a detector are removed, too.

    Args:
        checkpoint (Mapping[str, Any]): Content of the checkpoint.
        path (str): Path of the checkpoint, for error messages.
        shapes (Mapping[str, tuple[int, ...]]): Shapes of the network's tensors by name.
        metainfo (Mapping[str, Any]): Metadata of the training set. Without a label set, nothing is removed.

    Returns:
        Transfer: The remaining weights, and what was removed.

    Raises:
        ValueError: If the label set of the checkpoint is malformed.
    """
    weights = checkpoint['state_dict']
    classes = {
        name: tensor
        for name, tensor in weights.items()
        if is_class_tensor(name) or (_BOUNDARY_TENSOR.search(name) and len(tensor) > 2)
    }
    if 'label_set' not in metainfo or not any(map(_CLASS_TENSOR.search, classes)):
        return Transfer(weights, [], '', '')
    target = LabelSet.from_dict(metainfo['label_set'])
    source = read_label_set(checkpoint, path)
    if source is None:
        dropped = [name for name, tensor in classes.items() if _find_shape(name, shapes) not in (None, tensor.shape)]
        number = len(next(tensor for name, tensor in classes.items() if _CLASS_TENSOR.search(name)))
        text = f'{number:,} unknown classes'
    else:
        dropped = [] if have_same_names(source, target) else list(classes)
        text = describe_label_set(source)
    kept = {name: tensor for name, tensor in weights.items() if name not in dropped}
    return Transfer(kept, dropped, text, describe_label_set(target))


def read_label_set(checkpoint: Mapping[str, Any], path: str) -> LabelSet | None:
    """Return the label set of a checkpoint.

    Args:
        checkpoint (Mapping[str, Any]): Content of the checkpoint, with ``state_dict``.
        path (str): Path of the checkpoint, for error messages.

    Returns:
        LabelSet | None: The label set in ``dataset_meta`` of the checkpoint. Without one, the label set of MA-52 if the
        checkpoint has 52 classes, else None.

    Raises:
        ValueError: If the label set is malformed.
    """
    meta = checkpoint.get('meta')
    metainfo = meta.get('dataset_meta') if isinstance(meta, Mapping) else None
    content = metainfo.get('label_set') if isinstance(metainfo, Mapping) else None
    if content is not None:
        return LabelSet.from_dict(content, f'{path}: its label set')
    sizes = {
        len(tensor) for name, tensor in checkpoint['state_dict'].items() if _CLASS_TENSOR.search(name) and tensor.dim()
    }
    return MA52 if len(MA52) in sizes else None  # fc_cls of TRNHead, a layer before the classifier, has another size


def have_same_names(one: LabelSet, other: LabelSet) -> bool:
    """Return whether the actions of two label sets have the same names in the same order. Groups may differ."""
    return list(map(normalize_name, one.names)) == list(map(normalize_name, other.names))


def describe_label_set(label_set: LabelSet) -> str:
    """Return the number of actions and the name of a label set, for messages."""
    return f'the {len(label_set):,} actions of the label set {label_set.name}'


def _find_shape(name: str, shapes: Mapping[str, tuple[int, ...]]) -> torch.Size | None:
    """Return the shape of a network's tensor, whose name may lack the prefix ``module.``."""
    shape = shapes.get(name, shapes.get(name.removeprefix('module.')))
    return None if shape is None else torch.Size(shape)

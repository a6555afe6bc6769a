import torch
from mmengine.model import is_model_wrapper


def check_frozen_backbones(model: torch.nn.Module) -> None:
    """Check that no backbone of a network that starts without a checkpoint is frozen at random weights.

    Args:
        model (torch.nn.Module): The network, which is set to training, since MMAction2's backbones freeze their stages
            then.

    Raises:
        ValueError: If a backbone has frozen weights, and neither ``pretrained`` nor an ``init_cfg`` of type
            ``'Pretrained'`` names weights for it.
    """
    network = model.module if is_model_wrapper(model) else model
    network.train()
    for name, backbone in network.named_children():
        if 'backbone' not in name or any(map(_names_weights, [network, *backbone.modules()])):
            continue
        # Without the vectors of batch norms, which partial_bn freezes in networks that are trained from scratch, too.
        parameters = [parameter for parameter in backbone.parameters() if parameter.dim() > 1]
        num_frozen = sum(not parameter.requires_grad for parameter in parameters)
        if num_frozen:
            raise ValueError(
                f'model.{name} is frozen ({num_frozen:,} of {len(parameters):,} layers), but its weights are random. '
                f'Start from trained weights, with load_from=CHECKPOINT, model.{name}.pretrained or '
                f'model.{name}.init_cfg. Or train the backbone: change freeze_backbone, frozen_stages or frozen.'
            )


def _names_weights(module) -> bool:
    """Return whether the options of a module name weights to start from."""
    init_cfg = getattr(module, 'init_cfg', None) or []
    configs = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    return bool(getattr(module, 'pretrained', None)) or any(config['type'] == 'Pretrained' for config in configs)

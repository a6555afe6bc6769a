"""Options that reduce the time or memory of training, as ``docs/training.md`` describes them."""

from collections.abc import Collection

import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper

AMP_DTYPES = {'amp': 'float16', 'amp-bfloat16': 'bfloat16'}


def prepare_training(model: torch.nn.Module, optim_wrapper: dict, ways: Collection[str] = ()) -> OptimWrapper:
    """Prepare a network for training steps with options, on the GPU if there is one, and build its optimizer.

    Args:
        model (torch.nn.Module): The network, which is changed in place.
        optim_wrapper (dict): Config of the optimizer wrapper.
        ways (Collection[str]): Options: ``'amp'`` (float16 on GPUs, bfloat16 on the CPU), ``'amp-bfloat16'``,
            ``'channels-last'`` and ``'compile'``. Defaults to ``()``.

    Returns:
        OptimWrapper: Optimizer of the network.
    """
    if 'channels-last' in ways:
        model.to(memory_format=torch.channels_last)
    if torch.cuda.is_available():
        model.cuda()
    optim_wrapper = dict(optim_wrapper)
    for way in AMP_DTYPES.keys() & set(ways):
        dtype = AMP_DTYPES[way] if torch.cuda.is_available() else 'bfloat16'
        optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic', dtype=dtype)
    optimizer = build_optim_wrapper(model, optim_wrapper)
    if 'compile' in ways:
        # As in MMEngine's runner, see compat.mmengine.compile_without_optimizer.
        optimizer.update_params = torch.compiler.disable(optimizer.update_params)
        model.train_step = torch.compile(model.train_step)
    return optimizer

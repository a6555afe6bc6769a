from typing import NamedTuple

import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F


def sum_over_processes(tensor: torch.Tensor) -> torch.Tensor:
    """Add the tensors of all processes of a distributed run.

    ``DistributedDataParallel`` averages the gradients of the processes. With the gradient of this sum, the average is
    the gradient of the mean loss.

    Args:
        tensor (torch.Tensor): Tensor of this process, of the same shape in all processes.

    Returns:
        torch.Tensor: The sum, equal in all processes. Without a distributed run, it is the tensor itself.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return tensor
    from torch.distributed.nn.functional import all_reduce  # cannot be imported where distributed runs are impossible

    return all_reduce(tensor)  # of which autograd knows the gradient


class BatchPrototypes(NamedTuple):
    """Prototypes after the update with a batch, and the sets of the batch. See :meth:`ClassPrototypes.update`."""

    prototypes: torch.Tensor
    """Prototypes, shape (C, D). They have a gradient with respect to the embeddings of the true positives."""
    centers: torch.Tensor
    """Sums of the embeddings of the members of each other set, shape (S - 1, C, D)."""
    occupied: torch.Tensor
    """Whether each other set of a class has members, bool, shape (S - 1, C)."""


class ClassPrototypes(nn.Module):
    r"""One prototype per class: the moving average of the embeddings of its true positives (PCAN, AAAI 2025).

    .. math:: P_k \leftarrow m P_k + (1 - m) \, \text{mean of the embeddings of the true positives of class } k

    The prototypes are a buffer that is updated in place: checkpoints contain them, and all processes of a distributed
    run have the same ones, those of the whole batch.

    Args:
        num_classes (int): Number of classes C.
        in_channels (int): Number of channels of the features.
        embed_dims (int): Number of dimensions D of embeddings and prototypes.
        momentum (float): Momentum m. Defaults to 0.9.
        rectify_untrained (bool): Whether :meth:`forward` compares features with prototypes that are still random,
            because their class never had a true positive. The released code does. Defaults to False: their similarity
            is 0.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        embed_dims: int,
        momentum: float = 0.9,
        rectify_untrained: bool = False,
    ) -> None:
        super().__init__()
        self.momentum = momentum
        self.rectify_untrained = rectify_untrained
        self.projection = nn.Linear(in_channels, embed_dims)
        self.register_buffer('prototypes', torch.randn(num_classes, embed_dims))
        self.register_buffer('num_updates', torch.zeros(num_classes, dtype=torch.long))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Compute the cosine between the embedding of each sample and each prototype.

        Args:
            features (torch.Tensor): Features, shape (N, in_channels).

        Returns:
            torch.Tensor: Similarities from -1 to 1, shape (N, C).
        """
        similarities = F.normalize(self.projection(features), dim=-1) @ F.normalize(self.prototypes, dim=-1).T
        return similarities if self.rectify_untrained else similarities * (self.num_updates > 0)

    def update(self, embeddings: torch.Tensor, sets: torch.Tensor) -> BatchPrototypes:
        """Update the prototypes with a batch. In a distributed run, the batch is that of all processes.

        The prototypes before the update are constants, so a tenth of the new prototypes' gradient reaches the true
        positives if the momentum is 0.9.

        Args:
            embeddings (torch.Tensor): Embeddings of the samples, shape (N, D): the output of ``projection``.
            sets (torch.Tensor): Members of the S sets, the true positives first, shape (S, N, C), from
                :func:`.split_samples`.

        Returns:
            BatchPrototypes: Updated prototypes, and the sums of the other sets.
        """
        members = sets.to(embeddings)
        sums = sum_over_processes(torch.einsum('snc,nd->scd', members, embeddings))
        with torch.no_grad():
            counts = sum_over_processes(members.sum(dim=1))
        means = sums[0] / counts[0].clamp(min=1)[:, None]
        occupied = counts > 0
        moved = self.momentum * self.prototypes + (1 - self.momentum) * means
        prototypes = torch.where(occupied[0, :, None], moved, self.prototypes)
        with torch.no_grad():
            self.prototypes.copy_(prototypes)
            self.num_updates += occupied[0]
        return BatchPrototypes(prototypes, sums[1:], occupied[1:])

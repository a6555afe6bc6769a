from mmaction.models.losses.base import BaseWeightedLoss
from mmaction.registry import MODELS


@MODELS.register_module()
class JointEmbeddingLoss(BaseWeightedLoss):
    r"""Squared distance between a video's projection and the word vector of its label.

    .. math:: L_{emb} = \alpha \, \lVert X_q - X_z \rVert^2

    as in Eq. 2 and 3 of MANet (Guo et al., section IV-C). The paper sums over the D dimensions with :math:`\alpha = 5`;
    the released code, behind the published numbers, takes the mean over them and weights it with 50. The mean over the
    batch is taken either way.

    Args:
        loss_weight (float): :math:`\alpha`. Defaults to 50, the release.
        over_dims (str): ``'mean'`` or ``'sum'`` of the squared differences over the D dimensions.
            Defaults to ``'mean'``, the release.

    Raises:
        ValueError: If ``over_dims`` is neither.
    """

    def __init__(self, loss_weight=50.0, over_dims='mean'):
        super().__init__(loss_weight=loss_weight)
        if over_dims not in ('mean', 'sum'):
            raise ValueError(f"over_dims must be 'mean' or 'sum', got {over_dims!r}")
        self.over_dims = over_dims

    def _forward(self, projections, targets):
        """Compute the unweighted loss.

        Args:
            projections (torch.Tensor): :math:`X_z`, shape (N, D).
            targets (torch.Tensor): :math:`X_q`, shape (N, D).

        Returns:
            torch.Tensor: Shape ().
        """
        squares = (projections - targets).square()
        return squares.mean() if self.over_dims == 'mean' else squares.sum(dim=1).mean()

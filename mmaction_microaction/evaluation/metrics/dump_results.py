import torch
from mmaction.registry import METRICS
from mmengine.evaluator import DumpResults as _DumpResults


@METRICS.register_module()
class DumpResults(_DumpResults):
    """Metric that dumps predictions together with their label set, so that no reader of the file has to be told it.

    It replaces MMEngine's metric of this name in the scope of MMAction2: ``mim test --dump`` uses it. Every prediction
    in the file has the key ``label_set`` if the dataset has one. Tensors of a ``FeatureHead`` are dumped unchanged.
    """

    def compute_metrics(self, results: list[dict | torch.Tensor]) -> dict:
        """Write the predictions of all samples.

        Args:
            results (list[dict | torch.Tensor]): Predictions, or features.

        Returns:
            dict: Empty.
        """
        label_set = (self.dataset_meta or {}).get('label_set')
        if label_set is not None:
            # All samples share one object, which the pickle contains once.
            results = [{**result, 'label_set': label_set} if isinstance(result, dict) else result for result in results]
        return super().compute_metrics(results)

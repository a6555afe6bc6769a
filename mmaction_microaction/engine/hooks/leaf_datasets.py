from collections.abc import Iterator

from torch.utils.data import Dataset


def leaf_datasets(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the datasets inside wrappers such as ``ConcatDataset`` and ``ClassBalancedDataset``.

    Args:
        dataset (Dataset): A dataset or a wrapper around one or several datasets.

    Yields:
        Dataset: A dataset that does not wrap another.
    """
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from leaf_datasets(part)
    elif hasattr(dataset, 'dataset'):
        yield from leaf_datasets(dataset.dataset)
    else:
        yield dataset

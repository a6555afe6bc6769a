def leaf_datasets(dataset):
    """Find the datasets in ``ConcatDataset``, ``ClassBalancedDataset`` and their like.

    Args:
        dataset (Dataset): A dataset, wrapped in others or not.

    Yields:
        Dataset: Each that wraps no other.
    """
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from leaf_datasets(part)
    elif hasattr(dataset, 'dataset'):
        yield from leaf_datasets(dataset.dataset)
    else:
        yield dataset

"""The paper's results, from the metafiles of the shipped configs."""

from pathlib import Path
from typing import Any

from mmengine.fileio import load

from mmaction_microaction.utils.paths import find_shipped

METAFILE_KEYS = {
    'F1_mean': 'F1_mean',
    'coarse/F1_macro': 'coarse F1_macro',
    'fine/F1_macro': 'fine F1_macro',
    'coarse/F1_micro': 'coarse F1_micro',
    'fine/F1_micro': 'fine F1_micro',
    'coarse/top1': 'coarse Top 1 Accuracy',
    'coarse/top5': 'coarse Top 5 Accuracy',
    'fine/top1': 'fine Top 1 Accuracy',
    'fine/top5': 'fine Top 5 Accuracy',
}
"""Keys of ``MicroActionMetric``, and their names in the metafiles."""


def read_published() -> dict[str, dict[str, float]]:
    """Read the paper's results on MA-52.

    Returns:
        dict[str, dict[str, float]]: Metrics in percent, by the keys of ``MicroActionMetric``, for each base name of a
        config.
    """
    published = {}
    for name, model in _read_models().items():
        for result in model.get('Results', []):
            if result['Dataset'] == 'MA-52':
                metrics = result['Metrics']
                published[name] = {key: metrics[theirs] for key, theirs in METAFILE_KEYS.items() if theirs in metrics}
    return published


def find_shipped_configs() -> dict[str, Path]:
    """Find the config files that the metafiles list.

    Returns:
        dict[str, Path]: Config files by their base names.
    """
    root = find_shipped('model-index.yml').parent
    return {name: root / model['Config'] for name, model in _read_models().items()}


def _read_models() -> dict[str, dict[str, Any]]:
    """Read the entries of all metafiles, by the names of the models, which are the base names of their configs."""
    index = find_shipped('model-index.yml')
    models = [model for metafile in load(index)['Import'] for model in load(index.parent / metafile)['Models']]
    return {model['Name']: model for model in models}

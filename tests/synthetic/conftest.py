import pytest

from mmaction_microaction.synthetic import SyntheticSettings, write_dataset


@pytest.fixture(scope='session')
def dataset(tmp_path_factory):
    """Render a small dataset, and return its folder, settings and plan."""
    out = tmp_path_factory.mktemp('data') / 'ma52_synthetic'
    settings = SyntheticSettings(clips=24, size=(64, 76), seed=5, subjects=12)
    return out, settings, write_dataset(out, settings)

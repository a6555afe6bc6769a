"""Tests that run all cells of the notebooks of the guides."""

import re

import pytest
from helpers.processes import run_python
from helpers.support import ROOT

from mmaction_microaction.structures.predictions import read_labelled_predictions

NOTEBOOKS = ROOT / 'docs' / 'notebooks'


def read_code(name):
    """Return the code cells of a notebook, as one script."""
    return '\n'.join(re.findall(r'^```{code-cell} python\n(.*?)^```', (NOTEBOOKS / name).read_text(), re.M | re.S))


@pytest.mark.slow
def test_notebooks_run_one_after_the_other(tmp_path):
    (tmp_path / 'data').mkdir()
    for folder in ('configs', 'data/ma52'):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for name in ('ten_minutes.md', 'recognise.md'):
        done = run_python(read_code(name), cwd=tmp_path)
        print(done.stdout)
        assert done.returncode == 0, done.stderr
    # An untrained network recognises a quarter of the clips. The gain from training depends on the processor.
    run = tmp_path / 'work_dirs' / 'ten_minutes'
    predictions = read_labelled_predictions(run / 'predictions.pkl')
    assert (predictions.scores.argmax(axis=1) == predictions.labels).mean() > 0.4
    assert (run / 'confusion_matrix.png').stat().st_size > 10_000
    assert (run / 'labelled.mp4').stat().st_size > 10_000


def test_every_notebook_is_run():
    assert sorted(path.name for path in NOTEBOOKS.glob('*.md')) == ['recognise.md', 'ten_minutes.md']

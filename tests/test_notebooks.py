"""The notebooks of the guides run from the first cell to the last, and print what the pages show."""

import re

import pytest
from helpers.processes import run_python
from helpers.support import ROOT

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.predictions import read_labeled_predictions

NOTEBOOKS = ROOT / 'docs' / 'notebooks'
NAMES = ['ten_minutes.md', 'recognise.md']
"""The second notebook uses the network of the first one."""


def cells_of(name):
    """Return the code cells of a notebook, and the output that the page shows below each cell, or None."""
    blocks = re.findall(r'^```({code-cell} python|text)\n(.*?)^```', (NOTEBOOKS / name).read_text(), re.M | re.S)
    cells = []
    for kind, text in blocks:
        if kind == 'text':
            cells[-1][1] = text
        else:
            cells.append([text, None])
    return cells


def outline(output):
    """Return the different lines of an output, without what depends on the trained network: numbers and labels."""
    names = [*MA52.groups, *(action.name for action in MA52.actions)]
    # The longest first, since head is the beginning of head-hand.
    output = re.sub('|'.join(sorted(names, key=len, reverse=True)), 'NAME', output)
    output = re.sub(r'\b[A-G]\d+\b', 'CODE', output)
    output = re.sub(r'\d+(\.\d+)?', 'NUMBER', output)
    return {' '.join(line.split()) for line in output.strip().splitlines()}


@pytest.mark.slow
def test_notebooks_run_and_print_what_the_pages_show(tmp_path):
    (tmp_path / 'data').mkdir()
    for folder in ('configs', 'data/ma52'):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for name in NAMES:
        cells = cells_of(name)
        # With several threads on a busy machine, training takes several times as long.
        code = ['import torch', 'torch.set_num_threads(1)']
        for cell, _ in cells:
            code += ["print('=== cell')", cell]
        done = run_python('\n'.join(code), cwd=tmp_path)
        print(done.stdout)
        assert done.returncode == 0, done.stderr
        outputs = done.stdout.split('=== cell\n')[1:]
        assert len(outputs) == len(cells)
        # The first cells render clips, which are the same on every machine. The others depend on the trained network.
        assert outputs[0] == cells[0][1]
        for output, (_, shown) in zip(outputs[1:], cells[1:]):
            assert not shown or outline(output) == outline(shown)
    # An untrained network recognises a quarter of the clips. The gain from training depends on the processor.
    run = tmp_path / 'work_dirs' / 'ten_minutes'
    predictions = read_labeled_predictions(run / 'predictions.pkl')
    assert predictions.scores.shape == (24, 52)
    assert (predictions.scores.argmax(axis=1) == predictions.labels).mean() > 0.4
    assert (run / 'confusion_matrix.png').stat().st_size > 10_000
    assert (run / 'labelled.mp4').stat().st_size > 10_000


def test_every_notebook_is_run():
    assert sorted(path.name for path in NOTEBOOKS.glob('*.md')) == sorted(NAMES)

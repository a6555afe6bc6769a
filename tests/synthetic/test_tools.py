import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmaction_microaction.synthetic import contact_sheet, frames, make_clip
from mmaction_microaction.taxonomy import ACTIONS

ROOT = Path(__file__).parents[2]


def run(*arguments):
    command = [sys.executable, 'tools/make_synthetic_ma52.py', *arguments]
    return subprocess.run(command, cwd=ROOT, env={'PYTHONPATH': str(ROOT)}, capture_output=True, text=True)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--size', '63'], 'size 63x76'),
        (['--clips', '100', '--counts', 'long-tailed'], 'at least 208 clips'),
        (['--contact-sheet', '/nowhere/at/all.png', '--size', '64'], 'cannot write /nowhere/at/all.png'),
    ],
)
def test_bad_arguments_end_in_one_clear_line(arguments, message, tmp_path):
    result = run('--out', str(tmp_path / 'set'), *arguments)
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith('error: ')
    assert message in result.stderr
    assert 'Traceback' not in result.stderr
    assert not (tmp_path / 'set').exists()


def test_contact_sheet_shows_eight_frames_of_each_action():
    picture = contact_sheet((64, 76), actions=ACTIONS[:5])
    assert picture.shape == (3 * (76 + 18), 2 * (8 * 64 + 8), 3)
    shown = [picture[18:94, k * 64 : (k + 1) * 64] for k in range(8)]
    clip = make_clip(0, 0, (64, 76), 0)
    every = list(frames(clip))
    np.testing.assert_array_equal(shown[0], every[0])
    np.testing.assert_array_equal(shown[7], every[-1])
    # Below the odd column's last action there is nothing.
    assert (picture[2 * 94 :, 8 * 64 + 8 :] == 255).all()

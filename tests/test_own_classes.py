"""The commands of the guide docs/own_classes.md run one after another, with fewer people, folds and epochs."""

import csv
import re
import shutil
import subprocess

import pytest
from helpers.processes import run_python
from helpers.shell import quick_programs
from helpers.support import ROOT

from mmaction_microaction.label_sets import get_label_set
from mmaction_microaction.structures.annotations import read_annotations

GUIDE = (ROOT / 'docs' / 'own_classes.md').read_text(encoding='utf-8')
NOT_RUN = 'microaction web', 'microaction embed'
"""Commands that wait for Ctrl-C, or download word vectors. Other tests run them."""
CHEAPER = {
    'num_workers=2,': 'num_workers=0, persistent_workers=False,',
    'epochs = 6': 'epochs = 2',
    'val_interval=3': 'val_interval=2',
}
"""Changes of the recipe that its network is trained with."""


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```', GUIDE, re.M | re.S)


def run(*command, **kwargs):
    process = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, **kwargs
    )
    assert process.returncode == 0, process.stdout[-3000:]
    return process.stdout


@pytest.mark.slow
def test_commands_of_the_guide_run(tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'ma52').symlink_to(ROOT / 'data' / 'ma52')
    shutil.copytree(ROOT / 'configs', tmp_path / 'configs')
    recipe = tmp_path / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py'
    text = recipe.read_text(encoding='utf-8')
    for line, cheaper in CHEAPER.items():
        assert line in text
        text = text.replace(line, cheaper)
    recipe.write_text(text, encoding='utf-8')
    (snippet,) = (code for code in blocks('python') if 'make_clip' in code)
    done = run_python(snippet.replace('range(24)', 'range(4)').replace('range(3)', 'range(1)'), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    outputs = []
    with quick_programs() as environment:
        environment |= dict(PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
        for block in blocks('bash'):
            if not block.startswith(NOT_RUN):
                block = block.replace('--folds 5', '--folds 2').replace('1 2 3 4 5', '1 2')
                outputs.append(run('bash', '-e', '-c', block, cwd=tmp_path, env=environment))
    assert all(word in outputs[0] for word in ('crossing legs', 'subjects', 'num_classes is 4'))

    label_set = get_label_set(tmp_path / 'data' / 'own' / 'label_set.yaml')
    assert label_set.names == ('crossing legs', 'nodding', 'touching nose', 'waving')
    with open(tmp_path / 'found.csv', encoding='utf-8-sig') as file:
        assert {row['action'] for row in csv.DictReader(file)} == set(label_set.names)
    assert (tmp_path / 'own.onnx').is_file()
    for folder in ('own/report', 'folds'):
        report = (tmp_path / 'work_dirs' / folder / 'report.html').read_text(encoding='utf-8')
        assert all(name in report for name in label_set.names)
    held_out = [
        clip
        for fold in (1, 2)
        for clip in read_annotations(tmp_path / f'data/own/folds/fold{fold}/val_list_videos.txt', label_set=label_set)
    ]
    assert len(set(held_out)) == len(held_out) == 16

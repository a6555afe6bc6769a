"""MMAction2's scripts work with the configs and datasets of this project as documented in docs/mmaction2_tools.md."""

import pickle
import re

import mmengine
import numpy as np
import pytest
import torch
from helpers.processes import run_python, run_tool
from helpers.small_runs import small_config, small_runner
from helpers.support import ROOT
from mmengine.dataset import Compose
from mmengine.logging import HistoryBuffer

from mmaction_microaction.utils.paths import find_upstream_tool

PAGE = (ROOT / 'docs' / 'mmaction2_tools.md').read_text().partition('## MMAction2Inferencer')[0]


@pytest.fixture
def config(tiny_ma52, tmp_path):
    path = tmp_path / 'config.py'
    small_config(tiny_ma52, tmp_path / 'run').dump(path)
    return path


@pytest.fixture
def predictions(tmp_path):
    # All labels of the tiny val split except the last are recognised.
    path = tmp_path / 'predictions.pkl'
    labels, predicted = [1, 6, 12, 25, 33], [1, 6, 12, 25, 1]
    mmengine.dump(
        [
            dict(pred_score=torch.eye(52)[k], pred_label=torch.tensor([k]), gt_label=torch.tensor([label]))
            for label, k in zip(labels, predicted)
        ],
        path,
    )
    return path


def test_page_names_only_existing_scripts():
    listed = run_tool('mmaction2.py', '--help').stdout.partition('Scripts: ')[2].strip().split(', ')
    named = [*re.findall(r'^\| `([a-z_]+)', PAGE, re.M), 'bench_processing']
    assert len(named) > 10
    assert [name for name in named if name not in listed and name != 'export_onnx_'] == []
    process = run_tool('mmaction2.py', 'no_such_script')
    assert process.returncode == 1
    assert re.match('error: .*no_such_script.*confusion_matrix', process.stderr)


class Recording(Compose):
    """Pipeline that records its steps, like the one that browse_dataset.py assigns to a dataset."""

    def __init__(self, transforms, steps):
        super().__init__(transforms)
        self.steps = steps

    def __call__(self, data):
        for transform in self.transforms:
            data = transform(data)
            self.steps.append(type(transform).__name__)
        return data


def test_pipeline_replaced_by_a_script_is_run(tiny_ma52, tmp_path):
    dataset = small_runner(tiny_ma52, tmp_path).train_dataloader.dataset
    steps = []
    transforms = dataset.pipeline.transforms
    dataset.pipeline = Recording(transforms, steps)
    assert dataset[0]['inputs'].shape == (8, 3, 64, 64)
    assert steps == [type(transform).__name__ for transform in transforms]


def test_scripts_read_configs_and_predictions(config, predictions, tmp_path):
    def run(script, *args):
        process = run_python(find_upstream_tool(script), *args, cwd=tmp_path)
        assert process.returncode == 0, process.stderr
        return process.stdout

    assert "type='MANetHead'" in run('analysis_tools/print_config.py', config)
    assert re.search(r"'fine/top1': 80\.0", run('analysis_tools/eval_metric.py', config, predictions))
    args = ('--preds', predictions, predictions, '--coefficients', 1, 1)
    assert 'Top 1 Accuracy: 0.8000' in run('analysis_tools/report_accuracy.py', *args)


def test_wrapped_scripts_run_after_importing_the_package(config, predictions, tmp_path):
    without = run_python(find_upstream_tool('analysis_tools/confusion_matrix.py'), config, predictions, cwd=tmp_path)
    assert "No module named 'mmaction.models.localizers.drn'" in without.stderr
    process = run_tool('mmaction2.py', 'confusion_matrix', config, predictions, '--out', 'matrix.pkl', cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    matrix = np.asarray(pickle.loads((tmp_path / 'matrix.pkl').read_bytes()))
    assert (matrix.sum(), np.trace(matrix), matrix[33, 1]) == (5, 4, 1)

    history = HistoryBuffer()
    history.update(1.0)
    checkpoint = dict(
        state_dict=dict(weight=torch.ones(1)), optimizer={}, message_hub=dict(log_scalars=dict(a=history))
    )
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    without = run_python(find_upstream_tool('deployment/publish_model.py'), 'epoch_1.pth', 'public.pth', cwd=tmp_path)
    assert 'Weights only load failed' in without.stderr
    process = run_tool('mmaction2.py', 'publish_model', 'epoch_1.pth', 'public.pth', cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    (published,) = tmp_path.glob('public_*.pth')
    assert torch.load(published, weights_only=True).keys() == {'state_dict'}

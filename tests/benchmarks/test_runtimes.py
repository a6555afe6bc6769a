from types import SimpleNamespace

import pytest
import torch
from helpers.support import ROOT

from mmaction_microaction.benchmarks import compare_runtimes, infer

CONFIG = ROOT / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py'


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch):
    """Leave out what takes minutes."""
    monkeypatch.setattr(torch.nn.Module, 'compile', lambda self: None)


@pytest.mark.slow
def test_every_way_is_timed_against_stock_pytorch():
    onnxruntime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    results = list(compare_runtimes(CONFIG, rounds=2))
    names = ['PyTorch', 'torch.compile', f'ONNX Runtime {onnxruntime.__version__}']
    assert [result.title for result in results[:3]] == names
    assert [result.title.split()[0] for result in results[3:]] in ([], ['OpenVINO'])
    for result in results:
        assert [len(result.baseline), len(result.ours)] == [2, 2]
        assert min(result.ratios) > 0


def test_a_way_with_other_results_is_refused(monkeypatch):
    # Nothing but PyTorch is compared.
    monkeypatch.setattr(infer, 'export_onnx', lambda *args: None)
    monkeypatch.setattr(infer, 'OnnxRecognizer', lambda *args, **kwargs: SimpleNamespace(shape=(8, 3, 76, 48)))
    monkeypatch.setattr(infer, 'find_spec', lambda name: None)
    monkeypatch.setattr(infer, '_shift_as_mmaction2', lambda module, x: module.net(x))
    with pytest.raises(ValueError, match='PyTorch gives other probabilities than PyTorch with'):
        next(compare_runtimes(CONFIG, rounds=1))

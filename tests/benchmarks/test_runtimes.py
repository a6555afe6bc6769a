import pytest
import torch
from support import ROOT

from mmaction_microaction.benchmarks import compare_runtimes

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

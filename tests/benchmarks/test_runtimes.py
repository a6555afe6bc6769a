from types import SimpleNamespace

import pytest
import torch
from helpers.support import ROOT

from mmaction_microaction.benchmarks import compare_runtimes, infer

CONFIG = ROOT / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py'


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch, one_block_per_stage):
    """Skip compilation, which takes minutes, and shorten the network."""
    monkeypatch.setattr(torch.nn.Module, 'compile', lambda self: None)


@pytest.mark.slow
def test_every_runtime_is_compared_with_stock_pytorch():
    onnxruntime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    results = list(compare_runtimes(CONFIG, rounds=2))
    names = ['PyTorch', 'torch.compile', f'ONNX Runtime {onnxruntime.__version__}']
    assert [result.title for result in results[:3]] == names
    assert [result.title.split()[0] for result in results[3:]] == ['OpenVINO']
    for result in results:
        assert [len(result.baseline), len(result.ours)] == [2, 2]
        assert min(result.ratios) > 0


def test_a_runtime_with_other_results_is_rejected(monkeypatch):
    # Only PyTorch is compared.
    monkeypatch.setattr(infer, 'export_onnx', lambda *args: None)
    monkeypatch.setattr(infer, 'OnnxRecognizer', lambda *args, **kwargs: SimpleNamespace(shape=(8, 3, 76, 48)))
    monkeypatch.setattr(infer, 'find_spec', lambda name: None)
    monkeypatch.setattr(infer, '_shift_as_mmaction2', lambda module, x: module.net(x))
    with pytest.raises(ValueError, match=r'PyTorch .*other probabilities'):
        next(compare_runtimes(CONFIG, rounds=1))

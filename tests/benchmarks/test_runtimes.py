import pytest
from support import ROOT

from mmaction_microaction.benchmarks import compare_runtimes


@pytest.mark.slow
def test_every_runtime_is_timed_against_pytorch():
    onnxruntime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    results = list(compare_runtimes(ROOT / 'configs' / 'synthetic' / 'manet_r18_8x1_synthetic.py', rounds=2))
    assert results[0].title == f'ONNX Runtime {onnxruntime.__version__}'
    assert [result.title.split()[0] for result in results[1:]] in ([], ['OpenVINO'])
    for result in results:
        assert [len(result.baseline), len(result.ours)] == [2, 2]
        assert min(result.ratios) > 0

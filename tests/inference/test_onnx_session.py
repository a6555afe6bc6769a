"""OpenVINO runs exported networks with the results of ONNX Runtime."""

import sys

import numpy as np
import pytest
import torch
from helpers.support import ROOT

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.loading import SHIPPED_NETWORK
from mmaction_microaction.inference.onnx_model import OnnxRecognizer

pytest.importorskip('onnx')
from helpers.onnx_files import detector_model

from mmaction_microaction.inference.detector import OnnxDetector


@pytest.mark.parametrize('num_clips', [1, 3])
def test_openvino_scores_batches_of_any_size(onnx_path, num_clips):
    levels = np.array([40, 130, 250])[:num_clips]
    frames = np.broadcast_to(levels[:, None, None, None, None], (num_clips, 2, 3, 4, 5))
    expected = OnnxRecognizer(onnx_path)(frames)
    scores = OnnxRecognizer(onnx_path, 'openvino')(frames)
    assert scores.dtype == np.float32
    # Where the processor computes in bfloat16, a number is rounded by up to 0.4 %. The scores of a clip differ by a
    # factor of five at least.
    np.testing.assert_allclose(scores, expected, rtol=0.05)
    assert (expected.max(axis=1) / expected.min(axis=1) > 4).all()


def test_openvino_computes_networks_of_joints_in_float32():
    # In bfloat16, these scores would differ by 3e-3.
    clips = np.random.default_rng(0).uniform(0, 1, (4, *OnnxRecognizer(SHIPPED_NETWORK).shape))
    expected = OnnxRecognizer(SHIPPED_NETWORK)(clips)
    scores = OnnxRecognizer(SHIPPED_NETWORK, 'openvino')(clips)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)


def test_openvino_sends_no_statistics(onnx_path):
    OnnxRecognizer(onnx_path, 'openvino')
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == 'openvino.tools.ovc.telemetry_stub'
    assert [name for name in sys.modules if name.startswith('openvino_telemetry.')] == []


def test_openvino_runs_detectors(tmp_path):
    (tmp_path / 'x.onnx').write_bytes(detector_model().SerializeToString())
    frames = torch.zeros(6, 3, 4, 5)
    frames[2] = 51  # a score of 0.2, in the third of six steps of half a second
    found = OnnxDetector(tmp_path / 'x.onnx', 'openvino')(frames, 2.0, 3.0)
    assert found.scores[0] == pytest.approx(0.2, rel=0.02)
    assert found.segments[0].tolist() == [1, 1.5]


def test_error_names_the_extra_of_openvino(onnx_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(ImportError, match=r'openvino needs OpenVINO.*\[openvino\]'):
        MicroActionInferencer(onnx_path, device='openvino')


def test_openvino_needs_an_exported_network(tmp_path):
    with pytest.raises(ValueError, match=r'openvino .*"microaction export CONFIG CHECKPOINT'):
        MicroActionInferencer(ROOT / 'configs' / 'manet_r50_8x1_ma52.py', tmp_path / 'best.pth', 'openvino')

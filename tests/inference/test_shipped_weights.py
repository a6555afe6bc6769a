"""The network of the package can be trained further: PyTorch computes what its file does."""

import torch
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

from mmaction_microaction.inference.loading import SHIPPED_NETWORK
from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.shipped_weights import read_shipped_weights


def test_weights_reproduce_the_scores_of_the_file():
    model = MODELS.build(Config.fromfile(ROOT / 'configs/own/jointtcn_48_own.py').model)
    missing, unexpected = model.load_state_dict(read_shipped_weights(), strict=False)
    assert unexpected == []
    assert all(name.endswith('num_batches_tracked') for name in missing)
    joints = 200 * torch.rand(3, 1, 1, 48, 33, 3, generator=torch.Generator().manual_seed(0))
    joints[1, ..., 25:, 2] = 0  # no legs
    joints[2, ..., 10:20, 11, 2] = 0  # a shoulder is lost for a while
    expected = OnnxRecognizer(SHIPPED_NETWORK)(joints)
    model.double().eval()
    with torch.no_grad():
        features, _ = model.extract_feat(joints.double(), test_mode=True)
        scores = model.cls_head(features).softmax(-1)
    assert scores.max() > 0.1  # the scores differ between the actions
    torch.testing.assert_close(scores, torch.from_numpy(expected).double(), rtol=1e-4, atol=1e-5)

import numpy as np
import pytest
import torch
from helpers.support import ROOT
from mmaction.apis import init_recognizer
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from mmaction_microaction.video.writer import write_video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory):
    """Random weights of the quickstart network, large enough that the scores of clips differ."""
    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(CONFIG), device='cpu')
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=3)
    path = tmp_path_factory.mktemp('network') / 'epoch_1.pth'
    save_checkpoint(dict(state_dict=model.state_dict()), str(path))
    return path


@pytest.fixture(scope='session')
def clip(tmp_path_factory):
    """A video of 40 frames, 64 x 76 pixels, at 25 frames per second, in which a square moves."""
    path = tmp_path_factory.mktemp('videos') / 'clip.mp4'
    frames = np.full((40, 76, 64, 3), 90, np.uint8)
    for t, frame in enumerate(frames):
        frame[20 + t // 2 : 36 + t // 2, 10 + t // 2 : 26 + t // 2] = (220, 40, 60)
    write_video(str(path), frames, (64, 76), 25, crf=10)
    return path


class BrightnessRecognizer:
    """Predicts as label a tenth of the mean grey level of the frames."""

    pipeline = (
        dict(type='DecordInit'),
        dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=4, test_mode=True),
        dict(type='DecordDecode'),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    )

    def __init__(self):
        self.batches = []

    def __call__(self, inputs):
        self.batches.append(len(inputs))
        labels = (inputs.float().mean(dim=(2, 3, 4)) / 10).round().int()
        return np.stack([np.bincount(row, minlength=52) / len(row) for row in labels.numpy()])


@pytest.fixture
def brightness_recognizer():
    return BrightnessRecognizer()


@pytest.fixture(scope='session')
def grey_video(tmp_path_factory):
    """12 seconds at 20 frames per second: label 5 for 4 s, 20 for 2 s and 11 for 6 s by BrightnessRecognizer."""
    path = tmp_path_factory.mktemp('videos') / 'grey.mp4'
    levels = np.repeat([50, 200, 110], [80, 40, 120])
    frames = (np.full((48, 64, 3), level, np.uint8) for level in levels)
    write_video(str(path), frames, (64, 48), 20, crf=5)
    return path


@pytest.fixture
def onnx_model():
    """An exported network, see brightness_model."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    from helpers.onnx_files import brightness_model

    return brightness_model()


@pytest.fixture
def onnx_path(onnx_model, tmp_path):
    """The file of ``onnx_model``."""
    (tmp_path / 'model.onnx').write_bytes(onnx_model.SerializeToString())
    return tmp_path / 'model.onnx'

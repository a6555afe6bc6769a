import numpy as np
import pytest
from helpers.people import no_search  # noqa: F401 (a fixture)

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.video.writer import write_video


class BrightnessRecognizer:
    """Recognizer whose predicted label is a tenth of the mean grey level of the frames."""

    pipeline = (
        dict(type='DecordInit'),
        dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=4, test_mode=True),
        dict(type='DecordDecode'),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    )

    label_set, crop = MA52, 'auto'

    def __init__(self):
        self.batches = []

    def __call__(self, inputs):
        self.batches.append(len(inputs))
        labels = (inputs.float().mean(dim=(2, 3, 4)) / 10).round().int()
        return np.stack([np.bincount(row, minlength=len(self.label_set)) / len(row) for row in labels.numpy()])


@pytest.fixture
def brightness_recognizer():
    return BrightnessRecognizer()


@pytest.fixture(scope='session')
def grey_video(tmp_path_factory):
    """Write 12 s at 20 fps, in which BrightnessRecognizer predicts label 5 for 4 s, 20 for 2 s and 11 for 6 s."""
    path = tmp_path_factory.mktemp('videos') / 'grey.mp4'
    levels = np.repeat([50, 200, 110], [80, 40, 120])
    frames = (np.full((48, 64, 3), level, np.uint8) for level in levels)
    write_video(path, frames, (64, 48), fps=20, crf=5)
    return path


@pytest.fixture
def onnx_model():
    """Return an exported network, see brightness_model."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    from helpers.onnx_files import brightness_model

    return brightness_model()


@pytest.fixture
def onnx_path(onnx_model, tmp_path):
    """Write ``onnx_model`` to a file, and return its path."""
    (tmp_path / 'model.onnx').write_bytes(onnx_model.SerializeToString())
    return tmp_path / 'model.onnx'

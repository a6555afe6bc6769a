from types import SimpleNamespace

import pytest
import torch

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.webui.explanation import can_explain, explain


def texts(figure):
    return [text.get_text() for text in figure.texts]


@pytest.mark.slow
def test_explanation_covers_a_whole_clip_or_the_middle_of_an_interval(trained, clips, long_video):
    inferencer = MicroActionInferencer(*trained, window=2)
    figure = explain(inferencer, clips[25], Interval(0, 1.8, 25, 1.0), whole=True)
    seconds = inferencer(clips[25]).duration
    assert texts(figure)[0] == f'What the network saw, 0.0 to {seconds:.1f} s'
    assert texts(figure)[1].startswith('predicted: curling legs  D7, ')
    # Windows of 2 s within a video of 10 s.
    for interval, shown in {(0, 0.5): '0.0 to 2.0', (2, 3): '1.5 to 3.5', (9, 10): '8.0 to 10.0'}.items():
        label = 9 if interval[1] < 5 else 25
        figure = explain(inferencer, long_video, Interval(*interval, label, 1.0), whole=False)
        assert texts(figure)[0] == f'What the network saw, {shown} s'
        assert texts(figure)[1].startswith(f'predicted: {"nodding" if label == 9 else "curling legs"}')
    figure = explain(inferencer, clips[25], Interval(0, 1.8, 9, 0.0), whole=True)
    assert texts(figure)[1].startswith('maps of: nodding  B1, ')


def test_network_without_gradients_or_resnet_is_rejected(clips):
    exported = SimpleNamespace(pipeline=[])
    transformer = SimpleNamespace(pipeline=[], model=SimpleNamespace(backbone=torch.nn.Identity()))
    for recognizer in (exported, transformer):
        inferencer = SimpleNamespace(recognizer=recognizer)
        assert not can_explain(inferencer)
        with pytest.raises(ValueError, match='Grad-CAM needs the gradients of a ResNet'):
            explain(inferencer, clips[9], Interval(0, 1, 9, 1.0), whole=True)

from types import SimpleNamespace

import pytest
import torch
from helpers.detection import write_detector
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.networks import write_network
from helpers.pose_networks import write_pose_network

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


@pytest.mark.usefixtures('one_block_per_stage')
@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_actions_of_any_label_set_are_explained(label_set, clips, tmp_path):
    inferencer = MicroActionInferencer(*write_network(tmp_path, len(label_set), label_set), 'cpu')
    result = inferencer(clips[9])
    best, second = result.intervals[:2]
    _, subtitle = texts(explain(inferencer, clips[9], best, whole=True))[:2]
    assert subtitle.startswith(f'predicted: {best.action.name}')
    _, subtitle = texts(explain(inferencer, clips[9], second, whole=True))[:2]
    assert subtitle.startswith(f'maps of: {second.action.name}')


def test_detectors_and_networks_of_poses_have_no_gradcam(tmp_path):
    for files in (write_detector(tmp_path), write_pose_network(tmp_path, 'pose'), write_pose_network(tmp_path, 'rgb')):
        assert not can_explain(MicroActionInferencer(*files, 'cpu'))


def test_network_without_gradients_or_resnet_is_rejected(clips):
    exported = SimpleNamespace(pipeline=[])
    transformer = SimpleNamespace(pipeline=[], model=SimpleNamespace(backbone=torch.nn.Identity()))
    for recognizer in (exported, transformer):
        inferencer = SimpleNamespace(recognizer=recognizer)
        assert not can_explain(inferencer)
        with pytest.raises(ValueError, match='Grad-CAM needs the gradients of a ResNet'):
            explain(inferencer, clips[9], Interval(0, 1, 9, 1.0), whole=True)

"""The network of the package: what it contains, and that it recognises rendered people at once."""

import numpy as np
import pytest
from helpers.support import write_clip

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.loading import ORIGIN, SHIPPED_NETWORK
from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.windows import WindowPipeline, stack_inputs
from mmaction_microaction.label_sets import MA52_REST
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.synthetic import make_clip, make_true_poses, true_keypoints
from mmaction_microaction.synthetic.clip import REST_LABEL

SIZE = (540, 648)


def make_poses(label, index):
    """Return the true poses of a person of another seed than that of the training."""
    clip = make_clip(label, subject_id=index, size=SIZE, seed=20261, index=index)
    return make_true_poses(f'clip{index}', true_keypoints(clip, 'blazepose33'), SIZE, 30)


@pytest.fixture(scope='module')
def network():
    return OnnxRecognizer(SHIPPED_NETWORK)


def test_file_is_small_and_says_what_it_is(network):
    assert SHIPPED_NETWORK.stat().st_size < 15 * 2**20
    assert network.label_set == MA52_REST
    assert '.md' not in ORIGIN  # visitors of the page have no guides
    assert network.pose_layout == 'blazepose33'


def test_rendered_people_are_recognised(network):
    pipeline = WindowPipeline(network.pipeline)
    labels = np.arange(104) % 52
    poses = [make_poses(int(label), index) for index, label in enumerate(labels)]
    scores = network(stack_inputs([pipeline.pack(video.total_frames, [], 30.0, video) for video in poses]))
    groups = MA52_REST.fine_to_coarse
    assert (scores.argmax(1) == labels).mean() > 0.8
    assert (groups[scores.argmax(1)] == groups[labels]).mean() > 0.9


def test_rendered_people_who_rest_are_recognised(network):
    pipeline = WindowPipeline(network.pipeline)
    poses = [make_poses(REST_LABEL, index) for index in range(40)]
    scores = network(stack_inputs([pipeline.pack(video.total_frames, [], 30.0, video) for video in poses]))
    assert (scores.argmax(1) == REST_LABEL).mean() > 0.8


def test_network_is_the_default(tmp_path):
    poses = make_poses(label=9, index=9)
    write_poses([poses], tmp_path / 'poses.pkl')
    write_clip(tmp_path / 'clip9.mp4', poses.total_frames, size=(60, 72))
    result = MicroActionInferencer(poses=tmp_path / 'poses.pkl', crop='none')(tmp_path / 'clip9.mp4')
    assert result.top(1)[0].action.name == 'nodding'

"""The estimator ``rtmlib``. Its weights are on a model hub, so that networks of the same form stand in for them."""

import importlib.util
import sys
import types

import numpy as np
import pytest

from mmaction_microaction.poses import make_estimator

BOXES = [[40.0, 20, 80, 100], [100.0, 30, 140, 110]]


@pytest.fixture
def image():
    """Return an image whose channels differ."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[...] = 200, 100, 50
    return picture


@pytest.fixture
def body(monkeypatch):
    """Replace the package by one that records the images of its networks. ``boxes`` are the people that it detects."""
    body = types.SimpleNamespace(boxes=np.array(BOXES), seen={})

    def detect(image):
        body.seen['detector'] = image[0, 0].tolist()
        return body.boxes

    def locate(image, bboxes):
        body.seen['joints'] = image[0, 0].tolist()
        centers = (bboxes[:, :2] + bboxes[:, 2:]) / 2
        return np.repeat(centers[:, None], 17, axis=1), np.linspace(-0.1, 1.3, 17)[None].repeat(len(bboxes), axis=0)

    def make_body(**options):
        body.options = options
        print('load a network')
        return types.SimpleNamespace(det_model=detect, pose_model=locate)

    monkeypatch.setitem(sys.modules, 'rtmlib', types.SimpleNamespace(Body=make_body))
    return body


def test_each_network_sees_the_colours_that_it_was_trained_on(body, image, capsys):
    estimator = make_estimator('rtmlib', people=2)
    assert capsys.readouterr().out == ''
    assert estimator.layout == 'coco17'
    points, scores = estimator(image)
    assert body.seen == {'detector': [50, 100, 200], 'joints': [200, 100, 50]}
    np.testing.assert_array_equal(points[:, 3], [[60, 60], [120, 70]])
    assert (scores.shape, scores.min(), scores.max()) == ((2, 17), 0, 1)


def test_an_image_without_a_person_is_not_taken_for_one(body, image):
    estimator = make_estimator('rtmlib')
    body.boxes = np.array([])
    points, scores = estimator(image)
    assert (points.shape, scores.shape, body.seen) == ((0, 17, 2), (0, 17), {'detector': [50, 100, 200]})


def test_missing_packages_are_named_with_their_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'rtmlib', None)
    with pytest.raises(ImportError, match=r'rtmlib needs other packages .*: pip install --no-deps rtmlib; pip '):
        make_estimator('rtmlib')


def write_network(path, input_shape, outputs):
    """Write an ONNX network that ignores its input and returns constants."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = [numpy_helper.from_array(value.astype(np.float32), f'{name}_value') for name, value in outputs.items()]
    zero = numpy_helper.from_array(np.float32(0), 'zero')
    nodes = [
        helper.make_node('ReduceMean', ['input'], ['mean'], keepdims=0),
        helper.make_node('Mul', ['mean', 'zero'], ['nothing']),
        *(helper.make_node('Add', [f'{name}_value', 'nothing'], [name]) for name in outputs),
    ]
    graph = helper.make_graph(
        nodes,
        'constant',
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
        [*constants, zero],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)])
    model.ir_version = 8
    onnx.save(model, str(path))


@pytest.mark.skipif(importlib.util.find_spec('rtmlib') is None, reason='rtmlib is not installed')
def test_the_real_package_runs_networks_of_the_same_form(tmp_path, monkeypatch, image):
    from rtmlib import Body

    # YOLOX with non-maximum suppression returns boxes and scores in its input, which is 640 / 160 times as large.
    boxes = np.array([[*np.multiply(BOXES[0], 4), 0.9], [*np.multiply(BOXES[1], 4), 0.2]])
    write_network(tmp_path / 'det.onnx', [1, 3, 640, 640], {'dets': boxes[None]})
    # RTMPose returns a curve over half pixels of its input of 192 x 256 for each axis of each joint.
    x, y = np.zeros((1, 17, 384)), np.zeros((1, 17, 512))
    x[0, np.arange(17), 100 + 10 * np.arange(17)] = 0.8
    y[0, np.arange(17), 256] = 1.2
    write_network(tmp_path / 'pose.onnx', [1, 3, 256, 192], {'simcc_x': x, 'simcc_y': y})
    paths = {'det': str(tmp_path / 'det.onnx'), 'pose': str(tmp_path / 'pose.onnx')}
    monkeypatch.setitem(Body.MODE, 'balanced', {**Body.MODE['balanced'], **paths})
    points, scores = make_estimator('rtmlib')(image)
    assert points.shape == (1, 17, 2)  # The second box has a low score.
    # The box of 40 x 80 around (60, 60) is enlarged by 1.25 and has 3:4 of the input: 75 x 100 pixels.
    expected = np.stack([60 - 37.5 + (50 + 5 * np.arange(17)) * 75 / 192, np.full(17, 60)], axis=-1)
    np.testing.assert_allclose(points[0], expected, atol=0.01)
    np.testing.assert_allclose(scores, 1, atol=0.21)

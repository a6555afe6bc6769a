import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mmaction_microaction.structures.pose_layouts import COCO17, LAYOUTS
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.visualization import draw_poses, draw_skeleton, plot_pose_layouts
from mmaction_microaction.visualization.skeleton import FAINT, LEFT, MIDDLE, RIGHT

WHITE = np.full((720, 960, 3), 255, np.uint8)


def person(**joints):
    """Return coordinates, and scores of 0.9, of some joints of COCO's layout."""
    keypoint = np.zeros((17, 2), np.float32)
    for joint, position in joints.items():
        keypoint[COCO17.joints.index(joint)] = position
    return keypoint, np.where(keypoint.any(-1), 0.9, 0)


def rgb(color):
    return np.round(np.array(to_rgb(color)) * 255)


@pytest.mark.parametrize(
    ('start', 'end', 'color'),
    [
        ('left_shoulder', 'left_elbow', LEFT),
        ('right_shoulder', 'right_elbow', RIGHT),
        ('left_hip', 'right_hip', MIDDLE),
        ('nose', 'left_eye', LEFT),
    ],
)
def test_bone_has_the_color_of_its_side(start, end, color):
    drawn = draw_skeleton(WHITE, *person(**{start: (100, 120), end: (200, 120)}), 'coco17')
    assert (drawn[120, 150] == rgb(color)).all()
    # The line is a few pixels wide, with a dark border.
    assert (drawn[110, 150] == 255).all()
    assert drawn[110:120, 150].max(-1).min() < 100
    assert (WHITE == 255).all()


def test_joints_of_low_score_are_faint_or_left_out():
    keypoint, scores = person(left_shoulder=(100, 120), left_elbow=(200, 120))
    elbow = COCO17.joints.index('left_elbow')
    for score, opacity in ((0.1, 0), (0.3, FAINT), (0.6, 1)):
        scores[elbow] = score
        drawn = draw_skeleton(WHITE, keypoint, scores, COCO17)
        expected = opacity * rgb(LEFT) + (1 - opacity) * 255
        for x in (150, 200):
            assert drawn[120, x] == pytest.approx(expected, abs=1)
        assert (drawn[120, 100] == rgb(LEFT)).all()


def test_lines_are_wider_in_larger_frames():
    widths = []
    for scale in (3, 12):
        image = np.full((240 * scale, 320 * scale, 3), 255, np.uint8)
        keypoint, scores = person(left_shoulder=(100 * scale, 120 * scale), left_elbow=(200 * scale, 120 * scale))
        column = draw_skeleton(image, keypoint, scores, COCO17)[:, 150 * scale]
        widths.append((column == rgb(LEFT)).all(-1).sum())
    assert 3 * widths[0] <= widths[1] <= 7 * widths[0]


def test_poses_are_scaled_to_the_frame():
    keypoint, scores = person(left_shoulder=(50, 60), left_elbow=(100, 60))
    away = np.zeros_like(keypoint)
    poses = Poses('clip', (360, 480), np.stack([away, keypoint])[None], np.stack([0 * scores, scores])[None])
    assert (draw_poses(WHITE, poses, 0) == 255).all()
    assert (draw_poses(WHITE, poses, 1)[120, 150] == rgb(LEFT)).all()
    assert (draw_poses(WHITE, poses, 2) == 255).all()


def test_joints_far_outside_are_drawn_without_an_error():
    keypoint, scores = person(left_shoulder=(100, 120), left_elbow=(1e9, 120))
    assert (draw_skeleton(WHITE, keypoint, scores, COCO17)[120, 300] == rgb(LEFT)).all()


@pytest.mark.parametrize('layout', LAYOUTS)
def test_every_joint_of_a_layout_is_drawn(layout):
    num_joints = len(LAYOUTS[layout].joints)
    keypoint = np.random.default_rng(0).integers((100, 100), (860, 620), (num_joints, 2))
    drawn = draw_skeleton(WHITE, keypoint, np.ones(num_joints), layout)
    for x, y in keypoint:
        assert min(np.abs(drawn[y, x] - rgb(color)).max() for color in (LEFT, RIGHT, MIDDLE)) < 10


def test_figure_of_layouts_names_every_joint():
    figure = plot_pose_layouts()
    texts = [text.get_text() for text in figure.texts]
    for axes, layout in zip(figure.axes, LAYOUTS.values(), strict=True):
        assert f'{layout.name}, {len(layout.joints)} joints' in texts
        assert [text.get_text() for text in axes.texts] == [str(index) for index in range(len(layout.joints))]
        assert {joint.replace('_', ' ') for joint in layout.joints} <= set(texts)

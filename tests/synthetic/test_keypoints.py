from dataclasses import replace

import numpy as np
import pytest
from helpers.rendering import select_frames

from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic import make_clip, make_true_poses, render_frames, true_keypoints
from mmaction_microaction.synthetic.render.face import Expression
from mmaction_microaction.synthetic.scene import SPLITS

COLORS = {
    'skin': (0, 220, 0),
    'shoes': (220, 0, 0),
    'trousers': (0, 0, 220),
    'shirt': (220, 220, 0),
    'hair': (220, 0, 220),
    'socks': (0, 220, 220),
}
EYE_CORNERS = ('left_eye_inner', 'left_eye_outer')
PLAIN = {'long_sleeves': False, 'shorts': False, 'print_on_shirt': None, 'haircut': 'short', 'beard': 'none'}


@pytest.fixture
def no_kept_poses(monkeypatch):
    """No hand rests in front of a joint."""
    monkeypatch.setattr('mmaction_microaction.synthetic.clip.draw_kept_poses', lambda *_: ())


def make_colored_clip(label, size, jitter=0.0):
    """Return a clip whose parts have pure colours, without noise, beard, sleeves, glasses or a held object."""
    clip = make_clip(label, label, size, seed=3, index=label)
    clip.subject = replace(clip.subject, **COLORS, **PLAIN)
    plain = {'noise': 0, 'gain': 1, 'tint': (1, 1, 1), 'flicker': 0, 'held': None, 'glasses': False}
    plain |= {'gamma': 1, 'saturation': 1, 'sharpness': 0, 'vignette': 0, 'exposure': 0}
    clip.nuisances = replace(clip.nuisances, **plain, jitter=jitter)
    return clip


def find_parts(frame, points):
    """Return the name of the colour that is most similar to the pixel at each point, regardless of its brightness."""
    pixels = np.array([frame[y, x] for x, y in np.round(points).astype(int)], float)
    palette = np.array(list(COLORS.values()), float)
    palette /= np.linalg.norm(palette, axis=-1, keepdims=True)
    return np.array(list(COLORS))[(pixels @ palette.T).argmax(1)]


# The other joints are in front of something else in some of the actions, such as a hand behind the head.
EXPECTED = {
    'ma52_28': {
        'nose': ('skin', 0.95),
        'neck': ('skin', 0.95),
        'shoulder': ('shirt', 0.95),
        'elbow': ('skin', 0.9),
        'wrist': ('skin', 0.95),
        'hip': ('trousers', 0.8),
        'knee': ('trousers', 0.99),
        **dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), ('skin', 0.75)),
    },
    'blazepose33': {
        **dict.fromkeys(('heel', 'foot'), ('shoes', 0.99)),
        **dict.fromkeys(('thumb', 'index', 'pinky'), ('skin', 0.95)),
        # The line between the lips is red, and nearer to the yellow of the shirt than to the green of the skin.
        'mouth': ('skin', 0.7),
    },
}


@pytest.mark.usefixtures('no_kept_poses')
def test_joints_are_on_the_parts_of_the_body():
    """The camera shakes by more than 4 pixels, more than the width of a finger."""
    found = {layout: {joint: [] for joint in joints} for layout, joints in EXPECTED.items()}
    for label in range(0, 52, 2):
        clip = make_colored_clip(label, (128, 154), jitter=0.03)
        clip = select_frames(clip, np.arange(0, clip.num_frames, 20))
        frames = list(render_frames(clip))
        for layout, parts in found.items():
            joints = [joint.removeprefix('left_').removeprefix('right_') for joint in LAYOUTS[layout].joints]
            for frame, points in zip(frames, true_keypoints(clip, layout), strict=True):
                for joint, part in zip(joints, find_parts(frame, points)):
                    if joint in parts:
                        parts[joint].append(part)
    for layout, parts in found.items():
        for joint, (part, minimum) in EXPECTED[layout].items():
            assert np.mean([name == part for name in parts[joint]]) >= minimum, (layout, joint)


@pytest.mark.usefixtures('no_kept_poses')
@pytest.mark.parametrize('label', [3, 21])
def test_eyes_are_exact_to_a_pixel(label):
    """The eyes are compared with the middle of the white pixels around them, in a frame of 720 x 864 pixels."""
    clip = make_colored_clip(label, (720, 864), jitter=0.01)
    keypoint, joints = true_keypoints(clip)[0], LAYOUTS['ma52_28'].joints
    corners = true_keypoints(clip, 'blazepose33')[0, [LAYOUTS['blazepose33'].joints.index(j) for j in EYE_CORNERS]]
    frame = next(render_frames(clip))
    # The window is half as wide again as the eye.
    radius = round(0.75 * float(np.linalg.norm(corners[0] - corners[1])))
    for joint in ('left_eye', 'right_eye'):
        eye = keypoint[joints.index(joint)]
        left, top = np.round(eye).astype(int) - radius
        white = frame[top : top + 2 * radius + 1, left : left + 2 * radius + 1].min(-1) > 150
        rows, columns = np.nonzero(white)
        assert columns.min() > 0
        assert columns.max() < 2 * radius
        middle = np.array([(columns.min() + columns.max()) / 2 + left, rows.mean() + top])
        # Eyelashes are not drawn, and the iris hides part of the white: 1.2 pixels are 2 mm.
        assert np.abs(middle - eye).max() < 1.2


def test_sides_are_the_persons():
    layout = LAYOUTS['ma52_28']
    keypoint = true_keypoints(make_clip(9, 3, (112, 134), seed=1))
    for joint in ('shoulder', 'hip', 'ear', 'eye'):
        left, right = (keypoint[:, layout.joints.index(f'{side}_{joint}'), 0] for side in ('left', 'right'))
        assert (left > right).all()  # The person faces the camera.


def test_layouts_agree():
    clip = make_clip(14, 3, (112, 134), seed=1)
    keypoint = {name: true_keypoints(clip, name) for name in LAYOUTS}
    for joint in LAYOUTS['coco17'].joints:
        points = [keypoint[name][:, LAYOUTS[name].joints.index(joint)] for name in LAYOUTS]
        np.testing.assert_array_equal(points[0], points[1])
        np.testing.assert_array_equal(points[0], points[2])


def test_mouth_follows_the_expression():
    clip = make_clip(14, 3, (720, 864), seed=1)
    mouth = [LAYOUTS['blazepose33'].joints.index(f'{side}_mouth') for side in ('left', 'right')]
    names = ('brows', 'slant', 'eyes', 'corners', 'opening', 'width')
    at_rest = true_keypoints(clip, 'blazepose33')[:, mouth]
    smile = Expression(**{name: np.full(clip.num_frames, float(name in ('corners', 'width'))) for name in names})
    smiling = true_keypoints(replace(clip, expression=smile), 'blazepose33')[:, mouth]
    assert (smiling[..., 1] < at_rest[..., 1] - 2).all()
    assert (smiling[:, 0, 0] > at_rest[:, 0, 0] + 2).all()
    assert (smiling[:, 1, 0] < at_rest[:, 1, 0] - 2).all()


def test_joints_outside_of_the_frame_have_the_score_0():
    corners = np.array([[-0.6, 0], [-0.4, 0], [63.4, 75.4], [63.6, 75], [10, 75.6]])
    keypoint = np.full((1, 28, 2), 30.0)
    keypoint[0, :5] = corners
    poses = make_true_poses('a', keypoint, (64, 76), 30)
    assert poses.img_shape == (76, 64)
    assert poses.keypoint_score[0, 0].tolist() == [0, 1, 1, 0, 0] + 23 * [1]
    assert not poses.keypoint[0, 0, [0, 3, 4]].any()


def test_dataset_has_the_poses_of_every_clip(dataset):
    out, settings, plan = dataset
    for index, split in enumerate(SPLITS):
        poses = {video.frame_dir: video for video in read_poses(out / f'poses_{split}.pkl')}
        entries = [entry for entry in plan if entry.split == index]
        assert {f'{name}.mp4' for name in poses} == {path.name for path in (out / f'videos_{split}').iterdir()}
        for entry in entries:
            video = poses[entry.name.removesuffix('.mp4')]
            clip = make_clip(entry.label, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
            assert (video.label, video.layout, video.fps, video.img_shape) == (entry.label, 'ma52_28', 30, (76, 64))
            assert video.total_frames == clip.num_frames
            inside = video.keypoint_score[0] == 1
            assert inside.mean() > 0.95
            np.testing.assert_array_equal(video.keypoint[0][inside], true_keypoints(clip)[inside])

import dataclasses
import hashlib
import subprocess
import sys

import numpy as np
import pytest
from helpers.rendering import render_some
from helpers.support import ROOT

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import make_clip, render_frames, true_keypoints
from mmaction_microaction.synthetic.clip import REST_LABEL
from mmaction_microaction.synthetic.leaks import PAIRS
from mmaction_microaction.synthetic.person.skeleton import solve

# If a hash changes, the same arguments no longer give the same frames: increment scene.RENDERER.
HASHES = {9: '76df8096ede35857', 17: 'bc0b4654f4a83a34', 43: '9cce67eff5268f18', 50: 'e5250add7285b924'}


@pytest.mark.parametrize(('label', 'expected'), HASHES.items())
def test_frames_are_the_same_on_every_machine(label, expected):
    clip = make_clip(label, 3, (64, 76), seed=1, index=label)
    frames = b''.join(frame.tobytes() for frame in render_frames(clip))
    assert hashlib.sha256(frames).hexdigest()[:16] == expected


def test_frames_do_not_depend_on_the_instructions_of_the_cpu():
    """The frames are the same when NumPy and OpenCV do not use AVX2 and FMA, as on an older machine."""
    script = (
        # The registration of all networks would take seconds.
        'import hashlib, mmaction_microaction_command\n'
        'mmaction_microaction_command.importing = True\n'
        'from mmaction_microaction.synthetic import make_clip, render_frames\n'
        'frames = render_frames(make_clip(43, 3, (64, 76), seed=1, index=43))\n'
        'print(hashlib.sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()[:16])'
    )
    plain = {'PYTHONPATH': str(ROOT), 'NPY_DISABLE_CPU_FEATURES': 'X86_V3 AVX2 FMA3', 'OPENCV_CPU_DISABLE': 'AVX2,AVX'}
    result = subprocess.run([sys.executable, '-c', script], env=plain, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == HASHES[43]


def test_seed_split_and_index_change_the_frames():
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert len({next(render_frames(make_clip(9, 3, (64, 76), *key))).tobytes() for key in keys}) == 4


def make_clips(label, index):
    return make_clip(label, 3, (64, 76), 2, 0, index)


def without_belongings(clip):
    return dataclasses.replace(clip.nuisances, glasses=False, held=None)


@pytest.mark.parametrize('label', range(52))
def test_the_scene_does_not_depend_on_the_label(label):
    for index in range(3):
        clip, other = make_clips(label, index), make_clips(9, index)
        for name in ('num_frames', 'subject', 'camera', 'room'):
            assert getattr(clip, name) == getattr(other, name)
        assert without_belongings(clip) == without_belongings(other)
        # Reversed pairs need a posture from which both of their motions are possible.
        if not any(label in pair for pair in PAIRS):
            assert clip.posture == other.posture


def test_person_at_rest_has_the_scene_of_an_action_and_moves_less():
    def moves(label, index):
        clip = make_clip(label, index, (540, 648), seed=5, index=index)
        joints = true_keypoints(clip, 'coco17')[..., :2]
        shoulders = np.linalg.norm(joints[:, 5] - joints[:, 6], axis=-1).mean()
        return clip, np.ptp(joints, axis=0).max() / shoulders

    for index in range(10):
        (rest, still), (action, moved) = moves(REST_LABEL, index), moves(MA52.names.index('waving'), index)
        assert without_belongings(rest) == without_belongings(action)
        assert (rest.room, rest.posture, rest.num_frames) == (action.room, action.posture, action.num_frames)
        assert rest.motion == {}
        # In shoulder widths: breathing, sway and fidgeting, against a hand that waves.
        assert still < 0.25 < 0.4 < moved


@pytest.mark.parametrize('pair', PAIRS)
def test_first_frames_of_a_reversed_pair_are_equal(pair):
    """So no network can tell the actions apart by their first frames."""
    for index in range(12):
        one, other = (render_some(make_clip(label, index, (64, 76), 2, 0, index), [0]) for label in pair)
        np.testing.assert_array_equal(one, other)


def test_glasses_and_objects_are_as_frequent_in_all_actions():
    """Only pushing glasses and playing with objects need them in every clip."""

    def shares(name, num_clips):
        clips = [make_clip(MA52.names.index(name), i, (64, 76), 0, 0, i) for i in range(num_clips)]
        wears, holds = zip(*((clip.nuisances.glasses, clip.nuisances.held is not None) for clip in clips))
        return {'glasses': np.mean(wears), 'objects': np.mean(holds)}

    common = shares('nodding', 200)
    assert 0.68 < common['glasses'] < 0.82
    assert 0.42 < common['objects'] < 0.58
    needed = {'pushing glasses': {'glasses': 1}, 'playing objects': {'objects': 1}}
    common = shares('nodding', 20)
    for name in MA52.names:
        assert shares(name, 20) == {**common, **needed.get(name, {})}


@pytest.mark.parametrize('name', ['putting hands together', 'scratching legs', 'touching nose'])
def test_object_is_in_the_hand_that_keeps_a_pose(name):
    """The hand tells nothing about the action."""
    label = MA52.names.index(name)
    clips = [make_clip(label, 3, (64, 76), seed=0, index=index) for index in range(80)]
    sides = [
        (clip.nuisances.held[0], parameters['side'])
        for clip in clips
        for parameters in clip.kept.values()
        if clip.nuisances.held and parameters.get('place')
    ]
    assert len(sides) > 5
    assert all(held == side for held, side in sides)


@pytest.mark.parametrize('name', ['stretching arms', 'clenching fist', 'waving'])
def test_object_is_held_in_the_idle_hand(name):
    label = next(action.index for action in MA52.actions if action.name == name)
    clips = [make_clip(label, 3, (64, 76), seed=0, index=index) for index in range(60)]
    moved = [clip.motion.get('sides', (clip.motion.get('side'),)) for clip in clips]
    held = [(clip.nuisances.held[0], *sides) for clip, sides in zip(clips, moved) if clip.nuisances.held]
    one_sided = [(hand, sides[0]) for hand, *sides in held if len(sides) == 1]
    assert len(one_sided) > 5
    assert all(hand == 1 - side for hand, side in one_sided)


@pytest.mark.parametrize('pair', MA52.reversed_pairs)
def test_breathing_and_sway_of_a_reversed_pair_are_not_reversed(pair):
    first, second = (make_clip(label, 3, (64, 76), seed=4, index=8) for label in pair)
    np.testing.assert_array_equal(first.controls.head, second.controls.head)
    assert np.abs(first.controls.head - first.controls.head[::-1]).max() > 1e-3


@pytest.mark.parametrize('size', [(64, 76), (112, 134), (360, 432)])
def test_frames_have_the_requested_size(size):
    frame = next(render_frames(make_clip(0, 0, size, seed=0)))
    assert frame.shape == (size[1], size[0], 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize('label', range(52))
def test_the_whole_person_is_in_view(label):
    for seed in range(4):
        clip = make_clip(label, subject_id=seed, size=(112, 134), seed=6, index=seed)
        skeleton = solve(clip.controls, clip.subject.proportions)
        scale = clip.subject.proportions.scale
        top, toes = np.array([0.0, 0.13, 0.0]) * scale, np.array([0.0, -0.03, 0.10]) * scale
        joints = skeleton.joints
        outline = [joints['head'] + top, *np.moveaxis(joints['balls'] + toes, 1, 0)]
        outline += [joints[name][:, side] for name in ('wrists', 'elbows', 'knees') for side in range(2)]
        pixels, _ = clip.camera.project(np.stack(outline), clip.size)
        assert pixels.min() > 0
        assert pixels[..., 0].max() < 112
        assert pixels[..., 1].max() < 134


def test_subjects_look_different():
    subjects = [make_clip(0, subject, (64, 76), seed=0).subject for subject in range(20)]
    assert len({(subject.shirt, subject.hair, subject.skin) for subject in subjects}) == 20
    assert make_clip(5, 7, (64, 76), seed=0, split=1, index=3).subject == subjects[7]

import json
from collections import Counter

import numpy as np
import pytest
from helpers.processes import run_tool

from mmaction_microaction.faces import read_face_track
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic import ProSettings, make_pro_plan, make_pro_video, render_frames, write_pro_dataset
from mmaction_microaction.synthetic.emotions import EXPRESSION_SHARES, SHARES, action_shares
from mmaction_microaction.synthetic.pro_video import _MOVES, FPS
from mmaction_microaction.synthetic.scene import face_boxes
from mmaction_microaction.video.reader import Video

SMALL = (64, 76)


@pytest.fixture(scope='module')
def videos():
    """Return the parameters of the videos of a dataset without rendering."""
    plan = make_pro_plan(ProSettings(videos=700, seed=3))
    return [make_pro_video(e.emotion, e.subject_id, SMALL, seed=3, split=e.split, index=e.index) for e in plan]


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    """Render a small dataset, and return its folder, settings and plan."""
    out, settings = tmp_path_factory.mktemp('data') / 'pro', ProSettings(videos=7, size=SMALL, seed=5, subjects=7)
    return out, settings, write_pro_dataset(out, settings)


def posterior(expressions=None, actions=None):
    """Return the probabilities of the emotions given the expression, the actions or both of videos, shape (N, 5).

    The actions of a video are treated as independent, although no action occurs twice.
    """
    likelihood = SHARES[None]
    if expressions is not None:
        likelihood = likelihood * EXPRESSION_SHARES.T[np.asarray(expressions)]
    if actions is not None:
        logs = np.log(action_shares())
        likelihood = likelihood * np.exp([logs[:, labels].sum(1) for labels in actions])
    return likelihood / likelihood.sum(1, keepdims=True)


def test_emotion_needs_both_the_expression_and_the_actions(videos):
    emotions = np.array([video.emotion for video in videos])
    faces = [video.shown for video in videos]
    actions = [[interval.label for interval in video.actions] for video in videos]
    face, action, both = (
        (posterior(*seen).argmax(1) == emotions).mean() for seen in ((faces, None), (None, actions), (faces, actions))
    )
    assert 0.53 < face < 0.65
    assert 0.53 < action < 0.65
    assert both > 0.92


def test_tables_are_distributions():
    for table in (SHARES[None], EXPRESSION_SHARES, action_shares()):
        assert (table >= 0).all()
        np.testing.assert_allclose(table.sum(-1), 1)
    assert (action_shares() > 0).all()


def test_posterior_is_bayes_rule():
    joint = SHARES * EXPRESSION_SHARES[:, 2] * action_shares()[:, 28] * action_shares()[:, 5]
    np.testing.assert_allclose(posterior([2], [[28, 5]]), joint[None] / joint.sum())
    np.testing.assert_allclose(posterior([0]), [[0.24 * 0.7 / 0.263, 0.19 * 0.5 / 0.263, 0, 0, 0]])


def test_actions_visible_in_a_face_crop_are_independent_of_the_emotion():
    head = [action.index for action in MA52.actions if action.code[0] in 'BF']
    assert (np.ptp(action_shares()[:, head], axis=0) < 1e-12).all()


def test_durations_and_numbers_of_actions_match_ma52_pro(videos):
    seconds = np.array([video.num_frames / FPS for video in videos])
    assert 5 <= seconds.min() < seconds.max() <= 20
    assert 6 < seconds.mean() < 7
    counts = Counter(len(video.actions) for video in videos)
    assert 1 <= min(counts) <= max(counts) <= 15
    assert len(counts) > 6
    # Rare actions may be missing.
    frequent = {action.index for action in MA52.actions if action.train_clips >= 30}
    assert frequent <= {i.label for video in videos for i in video.actions}
    for video in videos:
        assert all(0 <= i.start < i.end <= video.num_frames / FPS for i in video.actions)


def test_simultaneous_actions_move_different_parts(videos):
    num_overlaps = 0
    for video in videos:
        for k, one in enumerate(video.actions):
            for other in video.actions[k + 1 :]:
                if one.start < other.end and other.start < one.end:
                    num_overlaps += 1
                    assert not _MOVES[MA52.fine_to_coarse[one.label]] & _MOVES[MA52.fine_to_coarse[other.label]]
    assert num_overlaps > 0.2 * len(videos)


def test_hands_rest_between_actions():
    moved, at_rest = [], []
    for index in range(30):
        video = make_pro_video(index % 5, index, SMALL, seed=4, index=index)
        times = np.arange(video.num_frames) / FPS
        weight = np.max([r.weight for side in video.controls.hands for r in side[1:]] or [0 * times], 0)
        hands = [i for i in video.actions if MA52.actions[i.label].code[0] in 'CEFG']
        inside = np.any([(times > i.start) & (times < i.end) for i in hands] or [times < 0], 0)
        outside = ~np.any([(times > i.start - 0.6) & (times < i.end + 0.6) for i in video.actions], 0)
        moved += weight[inside].tolist()
        at_rest += weight[outside].tolist()
    assert np.mean(moved) > 0.5
    assert len(at_rest) > 100
    assert np.mean(at_rest) < 0.05


def test_expression_changes_only_the_face():
    video = make_pro_video(0, 2, (128, 154), seed=1, index=3)
    video.nuisances.sharpness = 0  # Blur reaches beyond the box.
    drawn = list(render_frames(video))
    boxes = face_boxes(video)
    video.expression = None
    differences = np.abs(np.array(drawn, int) - np.array(list(render_frames(video)), int)).max(-1)
    t = video.num_frames // 2
    left, top, right, bottom = boxes[t].round().astype(int)
    assert differences[t, top:bottom, left:right].max() > 25
    differences[t, top - 1 : bottom + 1, left - 1 : right + 1] = 0
    assert differences[t].max() == 0


def test_face_box_contains_the_skin_of_the_face():
    video = make_pro_video(2, 11, (208, 250), seed=2, index=1)
    video.nuisances.noise = 0.0
    box = face_boxes(video)[0]
    first = next(render_frames(video)).astype(float)
    left, top, right, bottom = box.round().astype(int)
    assert 24 <= bottom - top <= 36
    cheek = first[(top + bottom) // 2 + 3, (left + right) // 2]
    light = first / (first.sum(-1, keepdims=True) + 1)
    skin = np.abs(light - cheek / (cheek.sum() + 1)).max(-1) < 0.03
    assert skin[top:bottom, left:right].mean() > 0.5
    assert skin[top:bottom, right + 8 : right + 20].mean() < 0.3


def test_files_match_the_annotations(dataset):
    out, _, plan = dataset
    subjects = {}
    for index, split in enumerate(('train', 'val', 'test')):
        entries = [entry for entry in plan if entry.split == index]
        rows = [json.loads(line) for line in (out / f'{split}.jsonl').read_text().splitlines()]
        assert [(r['video'], EMOTIONS.index(r['emotion'])) for r in rows] == [
            (f'{i + 1:04d}.mp4', entry.emotion) for i, entry in enumerate(entries)
        ]
        subjects[split] = {row['subject'] for row in rows}
        poses = read_poses(out / f'poses_{split}.pkl')
        assert [f'{video.frame_dir}.mp4' for video in poses] == [row['video'] for row in rows]
        for row, pose in zip(rows, poses):
            video = Video(out / f'videos_{split}' / row['video'])
            assert pose.total_frames == video.num_frames
            track = read_face_track(out / f'faces_{split}' / row['faces'])
            assert track.boxes.shape == (video.num_frames, 4)
            assert track[1:] == (SMALL, 'renderer', video.num_frames, None, 0)
            for action in row['actions']:
                assert MA52.actions[action['label']].code == action['code']
                assert 0 <= action['start'] < action['end'] <= round(video.duration, 3)
    assert len(set.union(*subjects.values())) == sum(map(len, subjects.values()))
    manifest = json.loads((out / 'manifest.json').read_text())
    assert len(manifest['videos']) == 7
    assert {row['expression'] for row in manifest['videos']} <= {'smile', 'sorrow', 'gasp', 'scowl', 'fright'}


def test_interrupted_run_is_continued(dataset):
    out, settings, _ = dataset
    before = {path: path.read_bytes() for path in out.rglob('*.*')}
    (out / 'videos_train' / '0002.mp4').unlink()
    (out / 'faces_train' / '0003.json').unlink()
    (out / 'train.jsonl').unlink()
    write_pro_dataset(out, settings)
    assert {path: path.read_bytes() for path in out.rglob('*.*')} == before
    with pytest.raises(ValueError, match='seed is 5'):
        write_pro_dataset(out, ProSettings(videos=7, size=SMALL, seed=6, subjects=7))


def test_plan_keeps_the_shares_of_the_emotions():
    plan = make_pro_plan(ProSettings())
    assert [sum(entry.split == split for entry in plan) for split in range(3)] == [500, 100, 100]
    train = Counter(entry.emotion for entry in plan if entry.split == 0)
    assert [train[emotion] for emotion in range(5)] == [120, 95, 95, 90, 100]


def test_invalid_arguments_are_reported_in_one_line(tmp_path):
    result = run_tool('make_synthetic_ma52_pro.py', '--videos', '3', '--out', tmp_path / 'set')
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith('error: 3 videos')
    assert not (tmp_path / 'set').exists()

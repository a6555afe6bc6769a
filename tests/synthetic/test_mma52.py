import csv
import json
import shutil

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic import (
    Mma52Settings,
    ProSettings,
    SyntheticSettings,
    make_mma52_plan,
    make_mma52_video,
    make_plan,
    make_pro_plan,
    write_mma52_dataset,
)
from mmaction_microaction.synthetic.long_video import make_long_video
from mmaction_microaction.synthetic.mma52_motion import perform_from_rest
from mmaction_microaction.synthetic.mma52_statistics import INSTANCES
from mmaction_microaction.synthetic.mma52_video import COUNTS
from mmaction_microaction.synthetic.person.posture import sit
from mmaction_microaction.synthetic.person.skeleton import Proportions, solve
from mmaction_microaction.synthetic.scene import FIRST_SUBJECTS, SPLITS, make_subject
from mmaction_microaction.video.reader import Video

FIRST_SUBJECT = FIRST_SUBJECTS['MMA-52']
SMALL = (64, 76)
PERSON = Proportions()
LABELS = {name: label for label, name in enumerate(MA52.names)}


def make_videos(num_videos, counts='long-tailed'):
    return [make_mma52_video(FIRST_SUBJECT + i % 40, SMALL, seed=1, index=i, counts=counts) for i in range(num_videos)]


@pytest.fixture(scope='module')
def videos():
    """Return the parameters of videos with the frequencies of MMA-52 without rendering."""
    return make_videos(400)


@pytest.fixture(scope='module')
def even_videos():
    """Return the parameters of videos in which all actions are equally frequent."""
    return make_videos(500, 'uniform')


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    """Render a small dataset, and return its folder, settings and plan."""
    out = tmp_path_factory.mktemp('data') / 'mma52'
    settings = Mma52Settings(train=3, val=1, test=1, size=SMALL, seed=5, subjects=5)
    return out, settings, write_mma52_dataset(out, settings)


def overlap(one, other):
    return one.start_frame < other.end_frame and other.start_frame < one.end_frame


def pairs_of(video):
    return [(one, other) for k, one in enumerate(video.actions) for other in video.actions[k + 1 :]]


def perform_alone(label, num_frames, seed):
    """Return a performance, the skeleton without it, and the skeleton with it from frame 10 of a longer video."""
    posture = make_mma52_video(FIRST_SUBJECT, SMALL, seed=seed).posture
    performance = perform_from_rest(label, num_frames, posture, PERSON, np.random.default_rng(seed), 30)
    controls = [sit(posture, PERSON, num_frames + 20) for _ in range(2)]
    performance.add_to(controls[1], 10)
    return performance, solve(controls[0], PERSON), solve(controls[1], PERSON), controls


def test_videos_last_5_to_15_seconds_as_in_mma52(videos):
    seconds = np.array([video.num_frames / video.fps for video in videos])
    assert 4.98 <= seconds.min() < seconds.max() <= 15.02
    assert 10.0 < np.median(seconds) < 11.2  # 10.6 in MMA-52
    assert 0.12 < np.mean([video.fps == 29 for video in videos]) < 0.24  # 0.176
    assert {video.fps for video in videos} == {29, 30}


def test_intervals_are_those_of_mma52_tables(videos):
    for video in videos:
        for action in video.actions:
            assert 0 <= action.start_frame < action.end_frame <= video.num_frames - 1
    actions = [(video, action) for video in videos for action in video.actions]
    assert 2.7 < len(actions) / len(videos) < 3.3  # 3.02 in MMA-52
    seconds = np.array([(action.end_frame - action.start_frame) / video.fps for video, action in actions])
    assert seconds.min() >= 0.26
    low, median, high = np.quantile(seconds, (0.25, 0.5, 0.75))
    assert 1.1 < low < 1.6  # 1.37
    assert 2.2 < median < 3.0  # 2.59
    assert 4.8 < high < 6.3  # 5.80
    assert 0.24 < np.mean([action.start_frame == 0 for _, action in actions]) < 0.36  # 0.298
    assert 0.09 < np.mean([action.end_frame == video.num_frames - 1 for video, action in actions]) < 0.18  # 0.132


def test_most_actions_overlap_another_one(videos):
    overlapping = [
        any(overlap(action, other) for other in video.actions if other is not action)
        for video in videos
        for action in video.actions
    ]
    assert 0.80 < np.mean(overlapping) < 0.93  # 0.864 in MMA-52
    groups = [
        {MA52.actions[action.label].group for action in pair}
        for video in videos
        for pair in pairs_of(video)
        if overlap(*pair)
    ]
    # Head with upper limb is the most frequent overlap of MMA-52, head with lower limb the second.
    kinds = [tuple(sorted(group)) for group in groups if len(group) == 2]
    frequent = sorted(set(kinds), key=kinds.count)[:-3:-1]
    assert frequent == [('head', 'upper limb'), ('head', 'lower limb')]


def test_counts_of_actions_are_long_tailed_or_uniform(videos, even_videos):
    def shares(some):
        labels = [action.label for video in some for action in video.actions]
        return np.bincount(labels, minlength=len(MA52)) / len(labels)

    real = INSTANCES / INSTANCES.sum()
    assert len(INSTANCES) == len(MA52)
    assert np.corrcoef(shares(videos), real)[0, 1] > 0.95
    assert shares(even_videos).min() > 0.005
    assert shares(even_videos).max() < 0.04


def test_actions_that_move_the_same_legs_or_head_do_not_overlap(videos, even_videos):
    for video in videos + even_videos:
        for one, other in pairs_of(video):
            groups = {MA52.actions[action.label].group for action in (one, other)}
            if groups == {'lower limb'} or (groups == {'head'} and LABELS['tilting head'] not in (one[2], other[2])):
                assert not overlap(one, other)


@pytest.mark.parametrize('label', range(len(MA52)))
@pytest.mark.parametrize('num_frames', [30, 60, 240])
def test_interval_is_the_time_in_which_the_body_is_away_from_rest(label, num_frames):
    """The time is measured at the joints and the fingers. The performance measures it at the controls."""
    performance, rest, moved, controls = perform_alone(label, num_frames, seed=label)
    tracks = [abs(moved.joints[name] - rest.joints[name]).reshape(num_frames + 20, -1) for name in rest.joints]
    # A turn of the head and a bend of the fingers are converted to metres.
    tracks += [0.2 * abs(controls[1].head - controls[0].head)]
    tracks += [0.1 * abs(controls[1].fingers - controls[0].fingers).reshape(num_frames + 20, -1)]
    away = np.concatenate(tracks, 1).max(1)
    assert away.max() > 0.02
    away /= away.max()
    inside = np.zeros(num_frames + 20, bool)
    inside[10 + performance.begin : 10 + performance.end] = True
    assert away[~inside].max() < 0.2
    assert (away[inside] > 0.05).mean() > 0.8
    # Nothing happens before and after.
    assert max(away[:10].max(), away[-10:].max()) < 1e-9


@pytest.mark.parametrize(
    ('outward', 'inward', 'measure'),
    [
        ('stretching feet', 'retracting feet', lambda s: s.joints['balls'][..., 2].sum(-1)),
        ('spread legs', 'closing legs', lambda s: s.joints['knees'][:, 1, 0] - s.joints['knees'][:, 0, 0]),
        ('head up', 'bowing head', lambda s: -s.part_frames['head'][1][:, 2, 1]),
        ('stretching arms', 'retracting arms', lambda s: np.linalg.norm(s.joints['wrists'][..., ::2], axis=-1).sum(-1)),
    ],
)
def test_reversed_pairs_leave_one_posture_in_opposite_directions(outward, inward, measure):
    for seed in range(6):
        for name, sign in ((outward, 1), (inward, -1)):
            _, rest, moved, _ = perform_alone(LABELS[name], 60, seed)
            change = sign * (measure(moved) - measure(rest))
            assert change.max() > 0.03
            assert change.max() > 3 * -change.min()


def test_some_actions_are_under_way_at_the_first_frame(videos):
    cut = [video for video in videos if any(action[:1] == (0,) for action in video.actions)]
    displaced = []
    for video in cut[:60]:
        skeleton = solve(video.controls, video.subject.proportions)
        still = solve(sit(video.posture, video.subject.proportions, 1), video.subject.proportions)
        displaced.append(max(np.abs(skeleton.joints[name][0] - still.joints[name][0]).max() for name in still.joints))
    assert np.mean(np.array(displaced) > 0.08) > 0.5


def test_body_is_at_rest_between_actions(monkeypatch):
    monkeypatch.setattr('mmaction_microaction.synthetic.mma52_video.add_idle_motion', lambda *_: None)
    at_rest = 0
    for video in make_videos(40):
        skeleton = solve(video.controls, video.subject.proportions)
        still = solve(sit(video.posture, video.subject.proportions, 1), video.subject.proportions)
        free = np.ones(video.num_frames, bool)
        for action in video.actions:
            free[action.start_frame : action.end_frame] = False
        free[-1] = False  # The last frame may belong to an action that ends with it.
        for name, track in skeleton.joints.items():
            assert np.abs(track[free] - still.joints[name]).max(initial=0) < 0.06
        at_rest += free.sum()
    assert at_rest > 500


def test_scene_does_not_depend_on_the_actions():
    for index in range(10):
        one, other = (make_mma52_video(FIRST_SUBJECT, SMALL, 2, 0, index, counts) for counts in COUNTS)
        assert one.actions != other.actions
        assert one._describe() == other._describe()


def test_objects_and_glasses_do_not_tell_the_actions(even_videos):
    assert all(video.nuisances.glasses for video in even_videos)
    assert {video.nuisances.held[1] for video in even_videos} == {'phone', 'pen'}
    attributes = {
        'side': lambda video: video.nuisances.held[0],
        'object': lambda video: video.nuisances.held[1] == 'pen',
        'hands': lambda video: video.posture.hands == 'both thighs',
        'sleeves': lambda video: video.subject.long_sleeves,
    }
    for attribute in attributes.values():
        table = np.zeros((2, len(MA52)))
        for video in even_videos:
            for action in video.actions:
                table[int(attribute(video)), action.label] += 1
        assert chi2_contingency(table).pvalue > 0.001


def test_posture_at_rest_does_not_tell_reversed_pairs_apart(even_videos):
    pairs = [*MA52.reversed_pairs, (LABELS['bowing head'], LABELS['head up'])]
    accuracies = []
    for pair in pairs:
        rows = [(video.posture, action.label) for video in even_videos for action in video.actions]
        rows = [(posture, label) for posture, label in rows if label in pair]
        features = np.array([[*p.head, *p.gaps, *p.forward, *p.torso, p.slouch, p.knees] for p, _ in rows])
        labels = np.array([label for _, label in rows])
        scores = cross_val_score(LogisticRegression(), StandardScaler().fit_transform(features), labels, cv=5)
        accuracies.append(scores.mean())
        assert len(rows) > 40
    assert 0.38 < np.mean(accuracies) < 0.60


def test_feet_stay_above_the_floor(even_videos):
    for video in even_videos[:100]:
        assert solve(video.controls, video.subject.proportions).joints['balls'][..., 1].min() > 0.02


def test_subjects_of_splits_are_disjoint():
    plan = make_mma52_plan(Mma52Settings(train=300, val=100, test=100, subjects=40))
    train, val, test = ({entry.subject_id for entry in plan if entry.split == split} for split in range(3))
    assert (len(train), len(val), len(test)) == (24, 8, 8)
    assert len(train | val | test) == 40


@pytest.mark.parametrize('seeds', [(0, 0, 0, 0), (0, 1, 2, 3), (7, 7, 0, 0)])
def test_no_person_is_in_two_datasets(seeds):
    plans = [
        make_plan(SyntheticSettings(clips=4160, seed=seeds[0])),
        make_pro_plan(ProSettings(videos=1120, seed=seeds[1])),
        make_mma52_plan(Mma52Settings(seed=seeds[2])),
    ]
    people = [{(seed, entry.subject_id) for entry in plan} for seed, plan in zip(seeds, plans)]
    people.append({(seeds[3], make_long_video(1, SMALL, seeds[3]).subject_id)})
    ids = [{subject_id for _, subject_id in group} for group in people]
    assert len(set.union(*ids)) == sum(map(len, ids)) > 550
    # Another index or another seed is another person.
    looks = [make_subject(*person) for group in people for person in sorted(group)]
    assert len({repr(subject) for subject in looks}) == len(looks)


@pytest.mark.parametrize('settings', [SyntheticSettings, ProSettings, Mma52Settings])
def test_indices_of_subjects_do_not_reach_those_of_the_next_dataset(settings):
    first = sorted(FIRST_SUBJECTS.values())
    assert (np.diff(first) >= 10_000).all()
    settings(subjects=9_999)
    with pytest.raises(ValueError, match='10000 subjects'):
        settings(subjects=10_000)


def test_tables_have_the_columns_of_mma52(dataset):
    out, _, plan = dataset
    for split, videos in (('train', 3), ('val', 1), ('test', 1)):
        text = (out / f'{split}.csv').read_bytes().decode()
        assert text.startswith('id,video_id,start_frame,end_frame,class,total_frames,fps\n0,')
        assert '\r' not in text
        rows = list(csv.DictReader(text.splitlines()))
        assert [int(row['id']) for row in rows] == list(range(len(rows)))
        names = list(dict.fromkeys(row['video_id'] for row in rows))
        assert names == [f'{split}{index:04d}' for index in range(videos)]
        for row in rows:
            video = Video(out / f'videos_{split}' / f'{row["video_id"]}.mp4')
            assert row['fps'] in ('29.0', '30.0')
            assert (video.num_frames, video.fps) == (int(row['total_frames']), float(row['fps']))
            assert 0 <= int(row['start_frame']) < int(row['end_frame']) <= video.num_frames - 1
    manifest = json.loads((out / 'manifest.json').read_text())
    assert [row['video_id'] for row in manifest['videos']] == [entry.video_id for entry in plan]
    assert [row['subject_id'] for row in manifest['videos']] == [entry.subject_id for entry in plan]


def test_poses_have_the_frames_of_the_videos(dataset):
    out, *_ = dataset
    for split in SPLITS:
        poses = read_poses(out / f'poses_{split}.pkl')
        assert [video.frame_dir for video in poses] == sorted(p.stem for p in (out / f'videos_{split}').iterdir())
        for video in poses:
            reader = Video(out / f'videos_{split}' / f'{video.frame_dir}.mp4')
            assert (video.total_frames, video.img_shape) == (reader.num_frames, SMALL[::-1])
            assert video.fps == reader.fps


def test_interrupted_run_is_continued(dataset):
    out, settings, _ = dataset
    before = {path: path.read_bytes() for path in out.rglob('*.*')}
    (out / 'videos_train' / 'train0001.mp4').unlink()
    (out / 'train.csv').unlink()
    write_mma52_dataset(out, settings)
    assert {path: path.read_bytes() for path in out.rglob('*.*')} == before
    with pytest.raises(ValueError, match='seed is 5'):
        write_mma52_dataset(out, Mma52Settings(train=3, val=1, test=1, size=SMALL, seed=6, subjects=5))


@pytest.mark.slow
def test_files_do_not_depend_on_the_number_of_workers(dataset, tmp_path):
    out, settings, _ = dataset
    shutil.copytree(out, tmp_path, dirs_exist_ok=True)
    for name in ('videos_train/train0000.mp4', 'videos_train/train0001.mp4', 'train.csv', 'poses_train.pkl'):
        (tmp_path / name).unlink()
    write_mma52_dataset(tmp_path, settings, workers=2)
    for path in out.rglob('*.*'):
        assert (tmp_path / path.relative_to(out)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'train': 0}, '0 train videos'),
        ({'test': 10_000}, '10000 test videos'),
        ({'counts': 'even'}, 'long-tailed, uniform'),
        ({'subjects': 4}, '4 subjects'),
        ({'seed': -1}, 'seed -1'),
    ],
)
def test_invalid_settings_are_rejected(change, message):
    with pytest.raises(ValueError, match=message):
        Mma52Settings(**change)

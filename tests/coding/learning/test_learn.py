"""The command learn, from coded recordings to a network that recognises their categories."""

import csv
import json
import re

import numpy as np
import pytest
import torch
from helpers.odd_videos import grey
from helpers.people import SEATED, no_search  # noqa: F401 (a fixture)
from helpers.support import ROOT
from helpers.whole_runs import TINY
from mmengine.config import Config

from mmaction_microaction import cli
from mmaction_microaction.coding.learning import Categories, Piece, TrainSettings
from mmaction_microaction.coding.learning.configs import check_network, write_config
from mmaction_microaction.coding.learning.cutting import name_clips
from mmaction_microaction.coding.learning.division import Division
from mmaction_microaction.coding.learning.plan import Plan
from mmaction_microaction.coding.learning.training import train
from mmaction_microaction.coding.learning.workflow import list_clips
from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.shipped_weights import read_shipped_weights
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.report.predicted_run import PredictedRun
from mmaction_microaction.structures.coding import CodedEvent, Coding, write_coding
from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33
from mmaction_microaction.structures.poses import Poses, write_poses
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

JOINTS = ROOT / 'configs/pose/jointtcn_48_ma52.py'
LEVELS = {'rest': 120, 'nod': 20, 'wave': 230}
MOVES = {20: ('nose', 1), 230: ('left_wrist', 0)}
"""Joint that moves, with those near it, and along which axis, by the level of the frames."""
NEAR = {'pinky': 'wrist', 'index': 'wrist', 'thumb': 'wrist', 'heel': 'ankle'}


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    """Four recordings of one person each, who is dark while nodding, bright while waving, and grey at rest."""
    root = tmp_path_factory.mktemp('study')
    (root / 'human').mkdir()
    for person in range(4):
        actions = ['nod', 'rest', 'wave', 'rest', 'nod', 'rest', 'wave', 'rest', 'nod', 'cough', 'wave']
        levels, events = [], []
        for index, action in enumerate(actions):
            levels += [LEVELS.get(action, 20) + person] * 24  # two seconds
            if action != 'rest':
                events.append(CodedEvent(2 * index, 2 * index + 2, action, f'P{person}'))
        write_video(root / f'talk{person}.mp4', grey(levels, (96, 80)), (96, 80), fps=12)
        write_coding(Coding(f'talk{person}', events), root / 'human' / f'talk{person}.json')
    (root / 'my.csv').write_text('name\nwave\nnod\n')
    return root


def find_seated(name):
    """Return the joint of SEATED that is at the place of a joint, or near it."""
    side, _, part = name.partition('_')
    return name if name in SEATED else f'{side}_{NEAR[part]}' if part in NEAR else 'nose'


def read_grey(video, *_, **__):
    """Return the poses of someone whose head or hand moves in dark or bright frames, instead of an estimate."""
    video = video if isinstance(video, Video) else Video(video)
    sources = [find_seated(name) for name in BLAZEPOSE33.joints]
    keypoint = np.tile([[40 + 15 * SEATED[name][0], 25 + 15 * SEATED[name][1]] for name in sources],
                       (1, video.num_frames, 1, 1))  # fmt: skip
    for frame in video.frames():
        for level, (joint, axis) in MOVES.items():
            if abs(frame.to_rgb().mean() - level) < 20:
                keypoint[0, frame.index, np.equal(sources, joint), axis] += 8 * np.sin(1.5 * frame.index)
    return Poses('grey', (80, 96), keypoint, np.ones(keypoint.shape[:-1]), fps=video.fps)


@pytest.fixture
def joints_of_levels(monkeypatch):
    """Let the level of frames say which joints move."""
    monkeypatch.setattr('mmaction_microaction.poses.extraction.estimate_poses', read_grey)
    monkeypatch.setattr('mmaction_microaction.inference.pose_source.estimate_poses', read_grey)
    for module in ('poses.extraction', 'coding.learning.workflow'):
        monkeypatch.setattr(f'mmaction_microaction.{module}.make_estimator', lambda *_: None)


def learn(study, *options, out='my.onnx'):
    arguments = [study / 'human', '--videos', study, '--categories', study / 'my.csv', '--out', study / out]
    cli.main('learn', list(map(str, [*arguments, *options])))


@pytest.mark.slow
@pytest.mark.usefixtures('undrawn')
def test_network_learns_the_categories_and_rest_of_other_people(study, joints_of_levels, capsys):
    options = ['--epochs', '2', '--batch-size', '8']
    learn(study, *options)
    output = capsys.readouterr()
    assert 'cough (4)' in output.err
    # Three clips of each action of each person, and rest of 1.5 s in each gap of 2 s.
    assert '| rest     |        | 12    | 4      | 9     | 3    |' in output.out
    assert 'epoch 2 of 2, F1' in output.out

    work_dir = study / 'my_learn'
    with open(work_dir / 'clips.csv', encoding='utf-8-sig') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    people = {part: {row['subject'] for row in rows if row['part'] == part} for part in ('train', 'val')}
    assert (len(people['train']), len(people['val'])) == (3, 1)
    assert not people['train'] & people['val']
    for row in rows:
        frames = [frame.to_rgb().mean() for frame in Video(work_dir / 'clips' / row['clip']).frames()]
        assert frames == pytest.approx([LEVELS[row['category']]] * len(frames), abs=6)

    tested = PredictedRun(work_dir / 'train' / 'predictions.pkl')
    assert tested.label_set.names == ('wave', 'nod', 'rest')
    assert len(tested) == 9
    assert (tested.predictions == tested.labels).mean() > 0.6
    assert (work_dir / 'report' / 'report.html').is_file()
    network = MicroActionInferencer(study / 'my.onnx')
    assert (network.label_set.names, network.crop) == (('wave', 'nod', 'rest'), 'auto')
    assert network(study / 'talk0.mp4').scores.shape[1] == 3
    config = Config.fromfile(work_dir / 'jointtcn_48_own_train.py')
    assert config.train_dataloader.dataset.dataset.ann_file == str(work_dir / 'train_list_videos.txt')

    # A second call replaces nothing, and goes on where the first one ended.
    with pytest.raises(SystemExit, match=r'my\.onnx.*--force'):
        learn(study, *options)
    (study / 'my.onnx').unlink()
    with pytest.raises(SystemExit, match=r'my_learn.*epochs.*--force'):
        learn(study, *options, '--epochs', '7')
    checkpoint = work_dir / 'train' / 'epoch_2.pth'
    written = checkpoint.stat().st_mtime_ns
    assert train(config, print) == next((work_dir / 'train').glob('best_*.pth'))
    assert checkpoint.stat().st_mtime_ns == written  # the last epoch is only tested again


def test_plan_is_printed_without_work(study, capsys):
    learn(study, '--dry-run', '--folds', 'people', out='none.onnx')
    output = capsys.readouterr()
    assert 'tested in 4 folds' in output.out
    assert '| wave     | 12     | 12    | 4      |' in output.out
    assert not (study / 'none.onnx').exists()
    assert not (study / 'none_learn').exists()


def test_clips_are_not_left_whole_because_a_package_is_missing(study, monkeypatch):
    def fail(*_):
        raise ImportError('needs the extra "pose"')

    monkeypatch.setattr('mmaction_microaction.inference.people.make_estimator', fail)
    with pytest.raises(SystemExit, match='extra "pose"'):
        learn(study, '--crop', 'auto', out='auto.onnx')
    assert not (study / 'auto_learn').exists()


def test_one_person_is_not_enough(study):
    with pytest.raises(SystemExit, match=r'P1.*--val-split time'):
        learn(study, '--people', 'P1', '--dry-run')


def test_few_clips_and_people_are_warned_about(study, capsys):
    learn(study, '--people', 'P[12]', '--rest', 'none', '--dry-run')
    output = capsys.readouterr()
    assert 'fewer than 10 clips of wave, nod' in output.err
    assert '| nod ' in output.out
    assert 'rest' not in output.out  # no such class


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--work-dir', 'human/work'], 'human/work is in .*--work-dir'),
        (['--categories', 'human/my.csv'], 'my.csv is in .*--categories'),
    ],
)
def test_files_among_the_codings_would_be_read_as_codings(options, message, study, capsys):
    with pytest.raises(SystemExit):
        learn(study, options[0], study / options[1], '--dry-run')
    assert re.search(message, capsys.readouterr().err)


def test_recordings_without_rest_say_what_to_do(study):
    with pytest.raises(SystemExit, match=r'3 seconds.*--rest whole'):
        learn(study, '--window', '3', '--dry-run')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--model', 'a', 'b', 'c'], '--model'),
        (['--window', '5'], '--window'),
        (['--folds', '1'], '--folds.*1'),
        (['--subjects', 'left'], '--subjects.*left=P1'),
        (['--val', '1'], '--val'),
        (['--epochs', '0'], '--epochs'),
    ],
)
def test_contradictory_options_are_refused(options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main('learn', ['x', '--model', 'm', '--out', 'o.onnx', *options])
    assert stop.value.code == 2
    assert message.partition('.*')[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        ('configs/pose/rgbposeconv3d_r50_8x32_ma52.py', 'frames and poses'),
        ('configs/pose/poseconv3d_r50_32_ma52.py', 'cannot be exported.*GeneratePoseTarget'),
        ('my.onnx', 'exported'),
        ('configs/synthetic/manet_r18_e2e_synthetic_mma52.py', 'detector'),
    ],
)
def test_other_networks_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        check_network(TrainSettings(str(ROOT / model)))


def make_config(folder, names=('nod', 'wave'), clips=(3, 2), model=str(TINY), **settings):
    label_set = LabelSet.from_dict({'actions': list(names)})
    lines = [f'{label}_{index}.mp4 {label}\n' for label, count in enumerate(clips) for index in range(count)]
    (folder / 'train.txt').write_text(''.join(lines))
    (folder / 'labels.yaml').write_text(json.dumps(label_set.to_dict()))
    return write_config(
        TrainSettings(model, **settings), folder / 'labels.yaml', label_set, folder, (1, 0, 50, 60),
        folder / 'poses.pkl', folder / 'train.txt', folder / 'train.txt', True, folder / 'train', folder / 'config.py',
    )  # fmt: skip


def test_config_can_be_repeated_and_names_what_is_new(tmp_path):
    config = make_config(tmp_path, batch_size=3, lr=0.5, freeze=True, seed=7)
    assert (config.model.cls_head.num_classes, config.model.cls_head.loss_emb) == (2, None)
    assert (config.model.backbone.frozen_stages, config.model.backbone.freeze_excitation) == (4, True)
    assert (config.train_cfg.max_epochs, config.train_cfg.val_interval) == (40, 4)  # 2 steps an epoch
    assert config.optim_wrapper.optimizer.lr == 0.5
    assert config.randomness.seed == 7
    assert config.train_dataloader.dataset.dataset.metainfo == {'crop': '1,0,50,60'}
    assert config.default_hooks.checkpoint.save_best == 'fine/F1_macro'
    assert {'epoch_seed', 'check_train_list', 'check_invalid_loss', 'unreadable_clips'} <= set(config.default_hooks)


def test_the_network_of_the_package_learns_from_its_own_weights(tmp_path):
    config = make_config(tmp_path, model=None, freeze=True)
    backbone, dataset = config.model.backbone, config.test_dataloader.dataset
    assert (backbone.type, backbone.frozen, backbone.norm_eval) == ('JointTCN', True, True)
    assert (dataset.layout, dataset.pose_file) == ('blazepose33', str(tmp_path / 'poses.pkl'))
    weights, expected = torch.load(config.load_from)['state_dict'], read_shipped_weights()
    assert weights.keys() == expected.keys()
    assert all(weights[name].equal(expected[name]) for name in expected)


def test_another_network_of_joints_keeps_its_layout_and_checkpoint(tmp_path):
    (tmp_path / 'mine.pth').touch()
    config = make_config(tmp_path, model=str(JOINTS), checkpoint=str(tmp_path / 'mine.pth'))
    assert config.load_from == str(tmp_path / 'mine.pth')
    dataset = config.train_dataloader.dataset.dataset
    assert (dataset.type, dataset.get('layout', 'ma52_28')) == ('PoseClipDataset', 'ma52_28')
    assert not config.model.backbone.get('frozen')


def make_plan_of_clips(labels):
    label_set = LabelSet.from_dict({'actions': ['nod', 'wave']})
    pieces = [Piece(f'talk{index}', 'P1', label, 0, 1) for index, label in enumerate(labels)]
    everything = np.arange(len(labels))
    categories = Categories(label_set, {}, {})
    division = Division(['P1'] * len(labels), everything[:-1], everything[-1:], [])
    return Plan(categories, [], pieces, division, 'none'), name_clips(pieces, label_set)


def write_joints(path, names, presence):
    """Write poses of clips in which a person is seen for a share of ten frames."""
    poses = []
    for name, share in zip(names, presence):
        scores = np.zeros((1, 10, 33))
        scores[:, : round(10 * share)] = 1
        poses.append(Poses(name.removesuffix('.mp4'), (80, 96), np.ones((1, 10, 33, 2)), scores))
    write_poses(poses, path)


def test_clips_without_a_person_are_left_out(tmp_path):
    plan, names = make_plan_of_clips([0, 1, 0, 1, 0])
    write_joints(tmp_path / 'poses.pkl', names, [1, 0.5, 0.4, 1, 0.5])
    with pytest.warns(UserWarning, match=rf'1 of 5 clips do not show both shoulders.*{names[2]}'):
        lists = list_clips(plan, tmp_path / 'poses.pkl')
    assert {split: indices.tolist() for split, indices in lists.splits.items()} == dict(train=[0, 1, 3], val=[4])


@pytest.mark.filterwarnings('ignore:.*clips do not show both')
@pytest.mark.parametrize(('presence', 'message'), [([1, 0, 1, 0, 1], 'wave'), ([1, 1, 1, 1, 0], 'one of the lists')])
def test_category_or_test_without_a_person_is_an_error(presence, message, tmp_path):
    plan, names = make_plan_of_clips([0, 1, 0, 1, 0])
    write_joints(tmp_path / 'poses.pkl', names, presence)
    with pytest.raises(ValueError, match=rf'no clip of {message} .*--model'):
        list_clips(plan, tmp_path / 'poses.pkl')


@pytest.mark.parametrize(
    ('clips', 'repeats'), [((40, 21), (1, 1)), ((40, 19), (1, 2)), ((40, 5), (1, 2)), ((40, 4), (1, 3))]
)
def test_rare_classes_are_repeated(clips, repeats, tmp_path):
    from mmengine.dataset import ClassBalancedDataset

    from mmaction_microaction.datasets import ClipDataset

    config = make_config(tmp_path, clips=clips).train_dataloader.dataset
    plain = ClipDataset(str(tmp_path / 'train.txt'), [], label_set=str(tmp_path / 'labels.yaml'), check_videos=False)
    balanced = ClassBalancedDataset(plain, config.oversample_thr)
    counts = np.bincount([plain.get_cat_ids(index)[0] for index in balanced.repeat_indices])
    assert counts.tolist() == [count * repeat for count, repeat in zip(clips, repeats)]


@pytest.mark.parametrize(('names', 'flip', 'mirrors'), [(('nod', 'wave'), True, 1), (('left hand', 'wave'), True, 0),
                                                          (('wave (right)', 'nod'), True, 0),
                                                          (('left-hand_wave', 'nod'), True, 0),
                                                          (('nod', 'wave'), False, 0)])  # fmt: skip
def test_clips_are_not_mirrored_if_a_category_has_a_side(names, flip, mirrors, tmp_path, monkeypatch):
    config = Config.fromfile(TINY)
    config.train_dataloader.dataset.pipeline.insert(3, dict(type='Flip', flip_ratio=0.5))
    monkeypatch.setattr('mmaction_microaction.coding.learning.configs.read_config', lambda _: config)
    pipeline = make_config(tmp_path, names, flip=flip).train_dataloader.dataset.dataset.pipeline
    assert [step['type'] for step in pipeline].count('Flip') == mirrors


def test_force_goes_on_with_the_same_settings_and_replaces_others(study, monkeypatch):
    def stop(*_):
        raise ValueError('the power failed')

    monkeypatch.setattr('mmaction_microaction.coding.learning.prepare_poses', stop)
    clips = study / 'forced_learn' / 'clips'
    fixed = ['--people', 'P0', '--val-split', 'time', '--rest', 'none', '--crop', 'none', '--force']

    def run(*options):
        with pytest.raises(SystemExit, match='the power failed'):
            learn(study, *fixed, *options, out='forced.onnx')
        return {path: path.stat().st_mtime_ns for path in clips.rglob('*.mp4')}

    first = run()
    assert len(first) == 6
    assert run() == first
    replaced = run('--epochs', '7')
    assert all(replaced[path] > first[path] for path in replaced)

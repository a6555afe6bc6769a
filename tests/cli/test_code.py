"""The commands code and thresholds, with a small network."""

import json
import re
import sys

import pytest
from helpers.networks import write_network
from helpers.support import write_clip

from mmaction_microaction.coding.formats import read_codings
from mmaction_microaction.coding.scores_file import read_recording_scores
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding, read_coding, write_coding

THREE = LabelSet.from_dict({'name': 'three', 'actions': ['nodding', 'waving', 'sitting']})


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    """Write two clips and a small network, and return the folder, config and checkpoint."""
    root = tmp_path_factory.mktemp('study')
    (root / 'in/deep').mkdir(parents=True)
    for seed, name in enumerate(('a.mp4', 'deep/a.mp4')):
        write_clip(root / 'in' / name, 90, seed=seed)
    return root / 'in', *write_network(root, 3, THREE)


def test_a_folder_is_coded_fitted_and_coded_again_without_the_network(run, study, tmp_path, monkeypatch):
    videos, *model = study
    (videos / 'broken.mp4').write_bytes(b'no video')
    out = tmp_path / 'out'
    options = [videos, '--model', *model, '--formats', 'json']
    status, output, errors = run('code_videos', *options, '--out', out)
    assert status == 1
    assert errors.splitlines()[-1] == (
        f'error: 1 of 3 recordings were not coded, see {out / "code.log"}; the same command tries again'
    )
    stamp = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'
    assert re.search(rf'^{stamp} \[1 of 3\] a\.mp4$', output, re.M)
    assert re.search(rf'^{stamp} \[3 of 3\] deep/a\.mp4 … \d\d:\d\d:\d\d left$', output, re.M)
    assert re.search(rf'^{stamp} not coded: broken\.mp4: .*cannot be read as a video', output, re.M)
    lines = (out / 'code.log').read_text().splitlines()
    assert lines == [line for line in output.splitlines() if re.match(stamp, line)]
    (videos / 'broken.mp4').unlink()
    assert run('code_videos', *options, '--out', out)[0] == 0
    scores = read_recording_scores(out / 'deep/a.npz')
    # Windows of 1.5 s in a video of 3 s, every 0.5 s.
    assert scores.starts.tolist() == [0, 0.5, 1, 1.5]
    assert read_coding(out / 'deep/a.json').settings['threshold'] is None
    # Someone saw waving in the whole of the first recording.
    human = tmp_path / 'human'
    human.mkdir()
    events = [CodedEvent(t / 2, t / 2 + 0.5, 'waving', 'Anna') for t in range(6)]
    write_coding(Coding('a', events, people=('Anna',)), human / 'a.json')
    fitting = [out / 'a.npz', out / 'deep', '--coded', human, '--out', tmp_path / 't.json', '--precision', '1']
    status, output, errors = run('fit_thresholds', *fitting)
    assert (status, errors) == (0, '')
    assert re.search(r'^waving +6  precision not reached: is never coded$', output, re.M)
    assert json.loads((tmp_path / 't.json').read_text())['thresholds'] == {'waving': None}
    monkeypatch.setattr('mmaction_microaction.inference.MicroActionInferencer.__init__', None)
    again = ['--out', tmp_path / 'final', '--scores', out, '--thresholds', tmp_path / 't.json', '--threshold', '0']
    status, output, errors = run('code_videos', *options, *again)
    assert (status, errors) == (0, '')
    coding = read_coding(tmp_path / 'final/a.json')
    # Each action is a group of its own, so all others are found everywhere.
    assert [(event.start, event.end, event.action) for event in coding.events] == [
        (0.0, 3.0, 'nodding'),
        (0.0, 3.0, 'sitting'),
    ]
    assert coding.settings['thresholds'] == {'waving': None}
    status, output, errors = run('code_videos', *options, '--out', out, '--threshold', '0.9')
    assert status == 1
    assert 'threshold was the default and is 0.9' in errors
    assert 'threshold was' not in output  # The error is shown once.
    assert f' {errors.strip()}' in (out / 'code.log').read_text()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--people', 'two'], '--people two: expected a number, all, left, right or largest'),
        (['--people', '0'], 'at least one person'),
        (['--people', '2', '--crop', 'none'], '--people 2 needs a search for people'),
        (['--subjects', 'Anna'], '--subjects Anna: expected names such as left=P1'),
        (['--subjects', 'left=A,left=B'], 'left is named twice'),
        (['--subjects', 'left=A,right=A'], 'two people have the same name'),
        (['--formats', 'docx'], '--formats docx: the formats are json'),
        (['--threshold', '2'], 'threshold is 2.0, but must be from 0 to 1'),
        (['--min-duration', '-1'], 'min_duration is -1.0'),
        (['--join', 'all'], '--join all: expected gopro, numbered'),
        (['--thresholds', 'nowhere.json'], 'nowhere.json: no such file'),
        (['--scores', 'nowhere'], '--scores nowhere: no such folder'),
    ],
)
def test_wrong_arguments_are_one_line(arguments, message, run, study, tmp_path):
    videos, *model = study
    status, _, errors = run('code_videos', videos, '--out', tmp_path / 'out', *arguments, '--model', *model)
    assert status in (1, 2)
    assert message in errors.splitlines()[-1]
    assert not (tmp_path / 'out').exists()


# The config is found in the package.
@pytest.mark.parametrize('model', [['nowhere.onnx'], ['configs/manet_r50_8x1_ma52.py', 'nowhere.pth']])
def test_a_missing_network_is_an_error_before_anything_is_written(run, study, tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    status, _, errors = run('code_videos', study[0], '--out', tmp_path / 'out', '--model', *model)
    assert (status, errors) == (1, f'error: {model[-1]}: no such file of a network\n')
    assert not (tmp_path / 'out').exists()


def test_a_missing_package_of_a_format_is_an_error_before_the_network_runs(run, study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openpyxl', None)
    videos, *model = study
    options = ['--out', tmp_path / 'out', '--formats', 'eaf,xlsx', '--model', *model]
    status, _, errors = run('code_videos', videos, *options)
    assert status == 1
    assert 'pip install openpyxl' in errors
    assert not (tmp_path / 'out').exists()


def test_a_file_of_all_recordings_that_cannot_be_written_is_named(run, study, tmp_path):
    videos, *model = study
    out = tmp_path / 'out'
    (out / 'all_recordings.csv').mkdir(parents=True)
    options = ['--formats', 'csv', '--model', *model]
    status, output, errors = run('code_videos', videos / 'deep', '--out', out, *options)
    assert status == 1
    assert 'error: all_recordings.csv could not be written, see' in errors.splitlines()[-1]
    assert 'not written: ' in output
    assert (out / 'a.csv').exists()


def test_files_for_elan_boris_tables_and_players_are_written_by_default(run, study, tmp_path):
    videos, *model = study
    out = tmp_path / 'out'
    options = ['--threshold', '0.999', '--model', *model]  # no event
    assert run('code_videos', videos / 'deep', '--out', out, *options)[0] == 0
    files = {path.name for path in out.iterdir() if path.stem in ('a', 'all_recordings')}
    assert files == {
        *(f'a.{ending}' for ending in ('json', 'npz', 'eaf', 'csv', 'srt')),
        *(f'all_recordings.{ending}' for ending in ('boris', 'csv')),
    }
    assert {coding.recording for coding in read_codings([out])} == {'a'}


def test_missing_scores_are_an_error(run, tmp_path):
    fitting = ['--coded', tmp_path, '--out', tmp_path / 't.json']
    assert 'contains no .npz file' in run('fit_thresholds', tmp_path, *fitting)[2]
    assert 'nowhere: no such file or folder' in run('fit_thresholds', 'nowhere', *fitting)[2]
    assert '--precision 0: must be above 0' in run('fit_thresholds', tmp_path, *fitting, '--precision', '0')[2]

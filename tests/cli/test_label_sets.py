"""Commands that read the label set of a network, or of a file."""

import csv
import json
import re

import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.networks import write_network
from helpers.support import write_clip

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.intervals import Interval, write_intervals
from mmaction_microaction.video.reader import Video


@pytest.fixture(params=[FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def network(request, tmp_path_factory, one_block_per_stage):
    """Write a network, and return its label set, config and checkpoint."""
    label_set = request.param
    return label_set, *write_network(tmp_path_factory.mktemp('network'), len(label_set), label_set)


def code_of(action, label_set):
    return action.code.ljust(max(len(action.code) for action in label_set.actions))


def test_demo_of_a_clip_and_a_longer_video(network, run, clip, tmp_path):
    label_set, config, checkpoint = network
    write_clip(tmp_path / 'long.mp4', num_frames=270)
    files = {suffix: tmp_path / f'found.{suffix}' for suffix in ('json', 'csv')}
    status, output, errors = run(
        'demo', clip, tmp_path / 'long.mp4', '--model', config, checkpoint, '--json', files['json'],
        '--csv', files['csv'], '--video-dir', tmp_path / 'labelled',
    )  # fmt: skip
    assert status == 0, errors
    best = MicroActionInferencer(config, checkpoint, 'cpu')(clip).intervals[0]
    name = f'{code_of(best.action, label_set)}  {best.action.name}'
    lines = output.splitlines()
    assert f'  {best.score:6.1%}  {name}' in lines
    assert any(re.search(rf' 0\.0 to [0-9.]+ s .*%  {re.escape(name)}$', line) for line in lines)
    found, timeline = json.loads(files['json'].read_text())
    assert found['actions'][0] == best.to_dict()
    assert timeline['intervals'][0]['action'] in label_set.names
    rows = list(csv.DictReader(files['csv'].open(encoding='utf-8-sig')))
    assert len(rows) == min(len(label_set), 5) + len(timeline['intervals'])
    assert rows[0]['action'] == best.action.name
    if label_set.has_groups:
        assert any(line.endswith(f'%  family: {best.action.group}') for line in lines)
        assert (found['group'], rows[0]['group']) == (best.action.group,) * 2
        assert len(found['groups']) == 12
    else:
        assert 'body part' not in output
        assert (found['group'], rows[0]['group']) == (None, '')
        assert 'groups' not in found
    assert [Video(tmp_path / 'labelled' / name).num_frames for name in ('clip.mp4', 'long.mp4')] == [40, 270]


def test_demo_of_a_camera(network, run, clip, monkeypatch):
    label_set, config, checkpoint = network
    monkeypatch.setattr('mmaction_microaction.inference.CameraStream.frames', lambda self, _: Video(clip).frames())
    options = ['--window', 0.4, '--step', 0.2, '--model', config, checkpoint]
    status, output, errors = run('demo', '--camera', clip, *options)
    assert status == 0, errors
    windows = re.findall(r'(?m)^ +[0-9.]+ s +[0-9.]+%  (.+)$', output)
    assert len(windows) == 5
    assert set(windows) <= {f'{code_of(action, label_set)}  {action.name}' for action in label_set.actions}


def test_names_of_a_label_set_are_printed_verbatim(run, clip, tmp_path):
    # Rich would interpret these names as styles.
    actions = [{'name': name, 'group': f'[{name}]'} for name in ('[red]a', '[/x]')]
    label_set = LabelSet.from_dict({'actions': actions, 'group_term': '[bold]'})
    status, output, errors = run('demo', clip, '--model', *write_network(tmp_path, 2, label_set))
    assert status == 0, errors
    assert '0  [red]a\n' in output
    assert '1  [/x]\n' in output
    assert '%  [bold]: [[' in output


def test_gradcam_explains_an_action_by_label_code_or_name(network, run, clip, tmp_path, monkeypatch):
    label_set, config, checkpoint = network
    asked = []
    action = label_set.actions[3]

    def gradcam(model, inputs, target):
        asked.append(target)
        return original(model, inputs, target)

    from mmaction_microaction.inference import gradcam as module

    original = module.gradcam
    monkeypatch.setattr(module, 'gradcam', gradcam)
    ways = [('--label', '3'), ('--label', action.code.lower()), ('--action', action.name.upper())]
    # The codes of FOUR are its labels. Maps of one action prove that its code is found among many.
    ways = ways[1:2] if label_set is TWO_HUNDRED else ways[::2]
    for option, label in ways:
        arguments = [config, checkpoint, clip, '--out', tmp_path / 'x.png', option, label]
        status, output, errors = run('plot_gradcam', *arguments)
        assert status == 0, errors
        assert 'x.png' in output
    assert asked == [3] * len(ways)
    for label in (str(len(label_set)), '-1', 'B1'):
        status, _, errors = run(
            'plot_gradcam', config, checkpoint, clip, '--out', tmp_path / 'y.png', f'--label={label}'
        )
        assert status == 1
        last = label_set.actions[-1]
        errors = errors.splitlines()[-1]
        assert errors.startswith(f'error: --label {label}: ')
        assert f'{label_set.title}, 0 to {last.index}, or a code or name, such as {last.code} or ' in errors
    assert not (tmp_path / 'y.png').exists()


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_intervals_of_another_label_set_are_scored(label_set, run, tmp_path):
    (tmp_path / 'actions.yaml').write_text(json.dumps(label_set.to_dict()))  # JSON is YAML
    for name, labels in (('truth', [0, 1]), ('found', [0, 2])):
        intervals = [Interval(2.0 * i, 2.0 * i + 2, label, 0.5, label_set) for i, label in enumerate(labels)]
        write_intervals({'a.mp4': intervals}, tmp_path / f'{name}.json')
    command = ['score_timeline', tmp_path / 'found.json', '--truth', tmp_path / 'truth.json']
    status, output, errors = run(*command, '--label-set', tmp_path / 'actions.yaml')
    assert status == 0, errors
    assert '| fine | 50.0% | 50.0% | 2 | 2 |' in output
    assert ('| coarse | 50.0% | 50.0% | 2 | 2 |' in output) == label_set.has_groups
    # By default, the labels are those of MA-52.
    status, _, errors = run(*command)
    assert status == 1
    assert 'truth.json' in errors
    assert '--label-set' in errors


def test_missing_label_set_of_a_score_is_named(run, tmp_path):
    status, _, errors = run('score_timeline', 'found.json', '--truth', 'truth.json', '--label-set', 'smg2')
    assert status == 1
    assert errors.startswith('error: smg2: no such label set')

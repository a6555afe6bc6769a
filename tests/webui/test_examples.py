import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import SyntheticSettings, make_clip, make_plan
from mmaction_microaction.video.reader import Video
from mmaction_microaction.webui import examples
from mmaction_microaction.webui.examples import CODES, find_codes, render_examples


def test_rendered_examples_are_clips_of_all_body_parts_and_a_long_video(tmp_path):
    *clips, long = render_examples(tmp_path, size=64)
    actions = [next(action for action in MA52.actions if action.name == path.stem) for path in clips]
    assert {action.group for action in actions} == set(MA52.groups)
    assert all(1 <= Video(path).duration <= 7 for path in clips)
    # Long enough for a timeline.
    assert Video(long).duration > 8
    assert next(Video(long).frames()).to_rgb().shape == (76, 64, 3)


@pytest.mark.parametrize('num_clips', [2080, 4160])
def test_people_of_the_examples_are_not_in_training_sets(tmp_path, monkeypatch, num_clips):
    shown = []

    def make(label, subject, *args, **kwargs):
        shown.append(subject)
        return make_clip(label, subject, *args, **kwargs)

    monkeypatch.setattr(examples, 'make_clip', make)
    monkeypatch.setattr(examples, 'write_video', lambda path, pictures, *_, **__: next(iter(pictures)))
    render_examples(tmp_path, size=64)
    trained_on = {entry.subject_id for entry in make_plan(SyntheticSettings(clips=num_clips)) if entry.split < 2}
    assert len(set(shown)) == len(CODES)
    assert not trained_on & set(shown)


def test_examples_show_actions_of_all_networks():
    assert find_codes([MA52]) == list(CODES)
    assert {MA52.names[action.index] for action in MA52.actions if action.code in find_codes([FOUR, MA52])} == {
        'nodding',
        'waving',
        'shrugging',
        'arms akimbo',
    }
    assert find_codes([MA52, TWO_HUNDRED]) == []


def test_a_few_actions_are_repeated_in_the_long_video(tmp_path):
    *clips, long = render_examples(tmp_path, size=64, codes=['B1', 'C5'])
    assert [path.stem for path in clips] == ['nodding', 'waving']
    assert Video(long).duration > 8

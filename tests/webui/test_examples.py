from mmaction_microaction.taxonomy import ACTIONS
from mmaction_microaction.videos import Video
from mmaction_microaction.webui.examples import render_examples


def test_rendered_examples_are_clips_of_all_body_parts_and_a_long_video(tmp_path):
    *clips, long = render_examples(tmp_path, size=64)
    actions = [next(action for action in ACTIONS if action.name == path.stem) for path in clips]
    assert {action.body_part for action in actions} == set(range(7))
    assert all(1 <= Video(path).duration <= 7 for path in clips)
    # Long enough to be given a timeline.
    assert Video(long).duration > 8
    assert next(Video(long).frames()).image().shape == (76, 64, 3)

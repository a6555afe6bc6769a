import json

import pytest

from mmaction_microaction.structures.intervals import Interval, read_intervals, write_intervals


def test_intervals_are_unchanged_after_writing_and_reading(tmp_path):
    videos = {'ä/a.mp4': [Interval(0.0, 1.25, 9, 0.5), Interval(2.0, 3.0, 51)], 'b.mp4': []}
    write_intervals(videos, tmp_path / 'x.json')
    assert read_intervals(tmp_path / 'x.json') == videos
    first = json.loads((tmp_path / 'x.json').read_text())[0]['intervals'][0]
    assert (first['code'], first['action'], first['group']) == ('B1', 'nodding', 'head')


def test_a_byte_order_mark_is_ignored(tmp_path):
    (tmp_path / 'x.json').write_text('[{"video": "a", "intervals": []}]', encoding='utf-8-sig')
    assert read_intervals(tmp_path / 'x.json') == {'a': []}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{"a": 1}', 'does not list intervals of videos .*expected a list of videos, got a dict'),
        ('[{"video": "a"}]', 'does not list intervals'),
        ('[', 'does not list intervals'),
        ('[{"video": "a", "actions": []}]', r'x\.json, a: .*microaction demo.* --longest-clip 0'),
        ('[{"video": "a", "intervals": []}, {"video": "a", "intervals": []}]', r'x\.json, a: .*listed twice'),
        ('[{"video": "a", "intervals": [{"start": 1, "end": 1, "label": 3}]}]', 'a: interval 1 should start .* 1 to 1'),
        ('[{"video": "a", "intervals": [{"start": NaN, "end": 1, "label": 5}]}]', 'a: interval 1 should start'),
        ('[{"video": "a", "intervals": [{"start": 0, "end": 1e300, "label": 5}]}]', 'a: interval 1 should start'),
        (
            f'[{{"video": "a", "intervals": [{{"start": 0, "end": 1{"0" * 400}, "label": 5}}]}}]',
            'a: interval 1 should start',
        ),
        ('[' * 100_000, 'does not list intervals .*nested'),
        ('[{"video": "a", "intervals": [{"start": 0, "end": 1}]}]', 'x.json, a: interval 1 should be an object with'),
        ('[{"video": "a", "intervals": [{"start": 0, "end": 1, "label": 52}]}]', 'label 52 is not one of'),
        ('[{"video": "a", "intervals": [{"start": 0, "end": 1, "label": 3.9}]}]', 'label 3.9 is not one of'),
        ('[{"video": "a", "intervals": [{"start": 0, "end": 1, "label": 9, "score": NaN}]}]', 'score nan'),
    ],
)
def test_invalid_files_are_rejected(tmp_path, content, message):
    (tmp_path / 'x.json').write_text(content)
    with pytest.raises(ValueError, match=message):
        read_intervals(tmp_path / 'x.json')

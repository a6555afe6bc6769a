import csv
import json

import numpy as np
import pytest

from mmaction_microaction.inference import ClipResult, TimelineResult
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.webui.answers import (
    action_bars,
    gradcam_choices,
    group_bars,
    headline,
    table_rows,
    write_files,
)

# The best action is one of the upper limb, but the sum of two head actions is larger.
SCORES = np.zeros(52)
SCORES[[9, 10, 19]] = 0.3, 0.25, 0.45
CLIP = ClipResult('/secret/folder/wave.mp4', 1.5, SCORES)
INTERVALS = [Interval(0, 2.5, 19, 0.4), Interval(2.5, 9.04, 3, 0.98765)]
LONG = TimelineResult('/secret/folder/talk.webm', 9.04, INTERVALS, np.zeros(1), np.ones(1), SCORES[None])


def test_bars_of_a_clip():
    bars = action_bars(CLIP)
    assert len(bars) == 52
    assert bars['waving  C5'] == 0.45
    assert bars['nodding  B1'] == 0.3
    parts = group_bars(CLIP)
    assert len(parts) == 7
    assert parts['head'] == pytest.approx(0.55)
    assert parts['upper limb'] == pytest.approx(0.45)


def test_headlines():
    # The body part is that of the best action, as in the challenges.
    assert headline(CLIP, 'net') == '### waving (C5), 45.0%; body part: upper limb\nnet; wave.mp4, 1.5 s'
    assert headline(LONG, 'net') == '### 2 micro-actions in 9.0 s\nnet; talk.webm, 9.0 s'
    one = TimelineResult('<b>.mp4', 9, INTERVALS[:1], np.zeros(1), np.ones(1), SCORES[None])
    assert headline(one, 'net') == '### 1 micro-action in 9.0 s\nnet; &lt;b&gt;.mp4, 9.0 s'
    links = ClipResult('[x](javascript:alert(1)) *a* $b$.mp4', 1.5, SCORES)
    assert not set(headline(links, '`net`').splitlines()[1]) & set('[]()*$`')


def test_rows_and_gradcam_choices_are_in_the_same_order():
    assert table_rows(LONG) == [
        ['0.0', '2.5', 'C5', 'waving', 'upper limb', '0.400'],
        ['2.5', '9.0', 'A2', 'turning around', 'body', '0.988'],
    ]
    assert gradcam_choices(LONG) == [
        ('0.0 to 2.5 s: waving  C5, 40.0%', INTERVALS[0]),
        ('2.5 to 9.0 s: turning around  A2, 98.8%', INTERVALS[1]),
    ]
    assert [text for text, _ in gradcam_choices(CLIP)][:3] == [
        'waving  C5, 45.0%',
        'nodding  B1, 30.0%',
        'shaking head  B2, 25.0%',
    ]


def test_files_name_the_video_without_its_folder(tmp_path):
    as_json, as_csv = write_files(LONG, tmp_path)
    assert (as_json.name, as_csv.name) == ('talk.json', 'talk.csv')
    found = json.loads(as_json.read_text())
    assert found[0]['video'] == 'talk.webm'
    assert [interval['code'] for interval in found[0]['intervals']] == ['C5', 'A2']
    rows = list(csv.DictReader(as_csv.open(encoding='utf-8-sig')))
    assert [(row['video'], row['code'], float(row['end'])) for row in rows] == [
        ('talk.webm', 'C5', 2.5),
        ('talk.webm', 'A2', 9.04),
    ]
    # Another visitor may have a video of the same name.
    assert write_files(LONG, tmp_path)[0] != as_json

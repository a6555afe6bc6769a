from collections import Counter

import numpy as np
import pytest
from helpers.mma52 import HEADER, ROWS, write_table

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.detection_annotations import (
    AnnotatedVideo,
    Instance,
    has_placeholders,
    is_detection_table,
    read_detection_annotations,
)


def test_rows_of_a_video_are_joined_in_their_order(tmp_path):
    videos = read_detection_annotations(write_table(tmp_path / 'val.csv', ROWS))
    assert videos == [
        AnnotatedVideo('a', 60, 30.0, (Instance(0, 30, 9), Instance(0, 45, 9), Instance(15, 60, 24))),
        AnnotatedVideo('b', 58, 29.0, (Instance(29, 58, 0),)),
    ]
    apart = [ROWS[0], ROWS[3], *ROWS[1:3]]
    assert read_detection_annotations(write_table(tmp_path / 'val.csv', apart)) == videos


def test_seconds_are_rounded_to_four_digits():
    video = AnnotatedVideo('a', 100, 29.0, (Instance(1, 2, 0), Instance(7, 100, 0)))
    # 1 / 29 = 0.034482…, 2 / 29 = 0.068965…, 7 / 29 = 0.241379…, 100 / 29 = 3.448275…
    assert video.segments.tolist() == [[0.0345, 0.069], [0.2414, 3.4483]]
    assert video.duration == 3.4483
    assert (video.labels.tolist(), video.labels.dtype) == ([0, 0], np.int64)
    nothing = AnnotatedVideo('a', 100, 29.0, ())
    assert (nothing.segments.shape, nothing.labels.shape) == ((0, 2), (0,))


@pytest.mark.parametrize(('name', 'filename'), [('val0000', 'val0000.mp4'), ('a/b.c', 'a/b.c.mp4'), ('x.AVI', 'x.AVI')])
def test_file_names_end_with_a_suffix(name, filename):
    assert AnnotatedVideo(name, 1, 30, ()).filename == filename


def test_columns_may_be_in_any_order_and_labels_be_names(tmp_path):
    path = tmp_path / 'own.csv'
    path.write_text(
        '\ufefffps,CLASS,video_id,note,end_frame,start_frame,total_frames\r\n25,Head up,"a, b",x,20.0,0,20\r\n'
    )
    gestures = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding', 'head up']})
    assert read_detection_annotations(path, gestures) == [AnnotatedVideo('a, b', 20, 25.0, (Instance(0, 20, 1),))]


def test_a_row_without_an_action_lists_a_video(tmp_path):
    path = write_table(tmp_path / 'val.csv', [*ROWS, ('c', '', '', '', 90, 30)])
    assert read_detection_annotations(path)[2] == AnnotatedVideo('c', 90, 30.0, ())


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        (('', 0, 9, 9, 60, 30), 'video_id is empty'),
        (('c', 9, 9, 9, 60, 30), 'c ends at frame 9, not after its start at frame 9'),
        (('c', 9, 3, 9, 60, 30), 'c ends at frame 3, not after'),
        (('c', 9, 61, 9, 60, 30), 'c ends at frame 61, after the 60 frames'),
        (('c', -1, 9, 9, 60, 30), "start_frame of c is '-1', not an integer"),
        (('c', 0.5, 9, 9, 60, 30), "start_frame of c is '0.5', not an integer"),
        (('c', 0, '', 9, 60, 30), "end_frame of c is '', not an integer"),
        (('c', 0, 9, 52, 60, 30), "class '52' is not one of the 52 actions 0 to 51 of MA-52"),
        (('c', 0, 9, -1, 60, 30), "class '-1' is not"),
        (('c', 0, 9, '', 60, 30), "class '' is not"),
        (('c', 0, 9, 'dancing', 60, 30), "class 'dancing' is not"),
        (('c', 0, 9, 9, 0, 30), 'c has total_frames 0 and fps'),
        (('c', 0, 9, 9, 60, 0), "fps '0'; both must be above 0"),
        (('c', 0, 9, 9, 60, 'nan'), "fps 'nan'"),
        (('c', 0, 9, 9, 60, 'inf'), "fps 'inf'"),
        (('c', 0, 9, 9, 60, 'x'), "fps 'x'"),
        (('a', 0, 9, 9, 61, 30), 'total_frames of a is 61, but 60 in line 2'),
        (('a', 0, 9, 9, 60, 29), 'fps of a is 29, but 30 in line 2'),
        (('a', 15, 60, 24, 60, 30), 'the action of a is already in line 4'),
        (('c', 0, 9), 'expected at least 7 fields'),
    ],
)
def test_invalid_rows_are_reported_with_file_and_line(tmp_path, row, message):
    path = write_table(tmp_path / 'val.csv', [*ROWS, row])
    with pytest.raises(ValueError, match=message) as error:
        read_detection_annotations(path)
    assert str(error.value).startswith(f'{path}, line 6: ')


def test_all_invalid_rows_are_in_one_message(tmp_path):
    wrong = [('c', 9, 3, 9, 60, 30)] * 14
    with pytest.raises(ValueError, match=r'line 2: .*; line 11: .*; and 4 more, in lines 12-15\. Correct'):
        read_detection_annotations(write_table(tmp_path / 'val.csv', wrong))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'is empty'),
        (HEADER, 'is empty; .* row per action'),
        (f'{HEADER}\n\n', 'is empty; .* row per action'),
        ('id,video_id,start_frame,end_frame,class,total_frames\n0,0001_01_0001_1,0,9,9,60\n', 'line 1: .*lacks fps; '),
        ('a.mp4 9\n', 'line 1: the header lacks video_id, start_frame'),
    ],
)
def test_refuses_files_that_are_no_tables(tmp_path, text, message):
    (tmp_path / 'val.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_detection_annotations(tmp_path / 'val.csv')


def test_a_missing_table_names_the_guide(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'val\.csv: .*data/mma52/README\.md'):
        read_detection_annotations(tmp_path / 'val.csv')


def test_placeholders_are_recognised():
    placeholders = [AnnotatedVideo(f'test000{i}', 200, 30, (Instance(0, 20, i + 1),)) for i in range(3)]
    assert has_placeholders(placeholders)
    real = placeholders[0]._replace(instances=(Instance(0, 21, 1),))
    assert not has_placeholders([*placeholders, real])
    assert not has_placeholders([video._replace(video_id=f'val000{i}') for i, video in enumerate(placeholders)])
    nothing = [video._replace(instances=()) for video in placeholders]
    assert has_placeholders(nothing)
    assert not has_placeholders([*nothing, real])


def test_tables_differ_from_lists_of_clips(tmp_path):
    assert is_detection_table(write_table(tmp_path / 'val.csv', ROWS))
    (tmp_path / 'clips.csv').write_text('video,label\na.mp4,9\n')
    assert not is_detection_table(tmp_path / 'clips.csv')
    assert not is_detection_table(tmp_path / 'missing.csv')


@pytest.mark.real_data
@pytest.mark.parametrize(
    ('split', 'videos', 'instances', 'hours', 'shortest'),
    [('train', 4534, 13698, 12.99, 0.27), ('val', 1475, 4735, 4.38, 0.3)],
)
def test_released_tables(shared, split, videos, instances, hours, shortest):
    table = read_detection_annotations(shared / 'mma52' / f'{split}.csv')
    assert len(table) == videos
    assert sum(len(video.instances) for video in table) == instances
    assert sum(video.duration for video in table) / 3600 == pytest.approx(hours, abs=0.005)
    assert min(np.diff(video.segments).min() for video in table) == pytest.approx(shortest, abs=0.005)
    assert not has_placeholders(table)


@pytest.mark.real_data
def test_released_test_table_has_placeholders(shared):
    table = read_detection_annotations(shared / 'mma52' / 'test.csv')
    assert len(table) == 519
    assert has_placeholders(table)


@pytest.mark.real_data
def test_repeated_starts_of_the_real_tables_are_kept(shared):
    """The numbers are those of the README beside the tables, counted by other code."""
    starts = Counter(
        (video.video_id, instance.label)
        for video in read_detection_annotations(shared / 'mma52' / 'val.csv')
        for instance in video.instances
        if instance.start_frame == 0
    )
    repeated = {key: count for key, count in starts.items() if count > 1}
    assert sum(repeated.values()) == 77
    assert len({video for video, _ in repeated}) == 33

import pickle

import numpy as np
import pytest
import torch

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detections import collect_detections, read_detections

HEADER = ',video_id,t_start,t_end,class,score'


@pytest.mark.parametrize('header', [HEADER, 'ID,video-id,t-start,t-end,label,score'])
def test_reads_the_columns_of_all_years(tmp_path, header):
    (tmp_path / 'found.csv').write_text(f'{header}\n0,val0001,1.5,2.25,9,0.8\n1,val0000,0,3,51.0,1e-3\n')
    found = read_detections(tmp_path / 'found.csv')
    assert found.video_ids.tolist() == ['val0001', 'val0000']
    assert found.segments.tolist() == [[1.5, 2.25], [0, 3]]
    assert (found.labels.tolist(), found.scores.tolist()) == ([9, 51], [0.8, 0.001])


def test_columns_may_be_in_any_order(tmp_path):
    (tmp_path / 'found.csv').write_text('score,class,note,video_id,t_end,t_start\n0.8,9,x,a,2.25,1.5\n')
    assert read_detections(tmp_path / 'found.csv').segments.tolist() == [[1.5, 2.25]]


def test_a_table_may_have_no_rows(tmp_path):
    (tmp_path / 'found.csv').write_text(f'{HEADER}\n')
    found = read_detections(tmp_path / 'found.csv')
    assert (found.segments.shape, found.labels.shape) == ((0, 2), (0,))


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ('0,,0,1,9,0.5', 'name of the video is empty'),
        ('0,a,x,1,9,0.5', "start is 'x', which is not a finite"),
        ('0,a,0,inf,9,0.5', "end is 'inf'"),
        ('0,a,0,1_0,9,0.5', "end is '1_0'"),
        ('0,a,0,1e999,9,0.5', "end is '1e999'"),
        ('0,a,0,1,٣,0.5', "label is '٣'"),
        ('0,a,0,1,9,nan', "score is 'nan'"),
        ('0,a,0,1,9,', "score is ''"),
        ('0,a,0,1,52,0.5', "label is '52', which is not one of the 52 actions 0 to 51"),
        ('0,a,0,1,-1,0.5', "label is '-1'"),
        ('0,a,0,1,9.5,0.5', "label is '9.5'"),
        ('0,a,0,1', 'expected at least 6 fields'),
    ],
)
def test_invalid_rows_are_reported_with_file_and_line(tmp_path, row, message):
    path = tmp_path / 'found.csv'
    path.write_text(f'{HEADER}\n0,a,0,1,9,0.5\n{row}\n\n{row}\n', encoding='utf-8')
    with pytest.raises(ValueError, match=message) as error:
        read_detections(path)
    assert str(error.value).startswith(f'{path}, line 3: ')
    assert '; line 5: ' in str(error.value)


def test_refuses_files_that_are_no_tables(tmp_path):
    path = tmp_path / 'found.csv'
    path.write_text('vid,action_pred_1\n')
    with pytest.raises(ValueError, match=r'found\.csv, line 1: .*video_id,t_start,t_end,class,score or video-id,'):
        read_detections(path)
    path.write_bytes(b'PK\x03\x04\xff')
    with pytest.raises(ValueError, match='unpack it if it is a zip file'):
        read_detections(path)
    with pytest.raises(FileNotFoundError, match='no such file of detections'):
        read_detections(tmp_path / 'missing.csv')


def dump(path, label_set=MA52, **changes):
    found = dict(
        segments=torch.tensor([[0.5, 2.0]]), labels=torch.tensor([9]), scores=torch.tensor([0.8], dtype=torch.float16)
    )
    sample = {'video_id': 'a', 'pred_detections': {**found, **changes}, 'label_set': label_set.to_dict()}
    empty = {key: value[:0] for key, value in found.items()}
    path.write_bytes(pickle.dumps([sample, {**sample, 'video_id': 'b', 'pred_detections': empty}]))
    return path


def test_reads_a_dump(tmp_path):
    found = read_detections(dump(tmp_path / 'p.pkl'))
    assert (found.video_ids.tolist(), found.labels.tolist(), found.segments.tolist()) == (['a'], [9], [[0.5, 2]])
    assert found.scores == pytest.approx([0.8], abs=1e-3)


def test_detections_in_unreadable_videos_are_left_out_with_a_warning(tmp_path):
    path = dump(tmp_path / 'p.pkl')
    first, second = pickle.loads(path.read_bytes())
    black = {**first, 'video_id': 'black', 'unreadable': True}
    path.write_bytes(pickle.dumps([black, first, second]))
    with pytest.warns(UserWarning, match=r'p\.pkl: 1 video could not be read .*: black\. .*replace'):
        found = read_detections(path)
    assert (found.video_ids.tolist(), found.scores.tolist()) == (['a'], first['pred_detections']['scores'].tolist())


def test_refuses_dumps_of_other_networks(tmp_path):
    gestures = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding', 'waving']})
    with pytest.raises(ValueError, match='label set gestures, not of ma52'):
        read_detections(dump(tmp_path / 'p.pkl', gestures))
    with pytest.raises(ValueError, match=r'p\.pkl: labels 52 are not among the 52'):
        read_detections(dump(tmp_path / 'p.pkl', labels=torch.tensor([52])))
    with pytest.raises(ValueError, match=r'p\.pkl, a: a time or score is NaN'):
        read_detections(dump(tmp_path / 'p.pkl', scores=torch.tensor([torch.nan])))
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(list(np.eye(52))))
    with pytest.raises(ValueError, match='does not contain detections'):
        read_detections(tmp_path / 'p.pkl')


@pytest.mark.parametrize(
    ('found', 'message'),
    [
        (dict(segments=[[0, 1]], labels=[9]), "a: .*'scores'"),
        (dict(segments=[0, 1], labels=[9], scores=[0.5]), r'a: .* got \[\(2,\)'),
        (dict(segments=[[0, 1]], labels=[9], scores=[[0.5]]), r'a: .*\(1, 1\)'),
    ],
)
def test_detections_of_wrong_shapes_are_rejected(found, message):
    with pytest.raises(ValueError, match=message):
        collect_detections([('a', found)])

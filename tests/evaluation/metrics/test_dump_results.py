import pickle

import torch
from helpers.label_sets import FOUR
from mmaction.registry import METRICS

from mmaction_microaction.structures.predictions import read_predictions


def dump(samples, path, dataset_meta):
    metric = METRICS.build(dict(type='DumpResults', out_file_path=str(path)))
    metric.dataset_meta = dataset_meta
    metric.process(None, samples)
    metric.evaluate(len(samples))
    with open(path, 'rb') as file:
        return pickle.load(file)


def sample(label):
    return dict(video_id=f'{label}.mp4', pred_score=torch.eye(4)[label], gt_label=torch.tensor([label]))


def test_predictions_are_dumped_with_their_label_set(tmp_path):
    path = tmp_path / 'p.pkl'
    dumped = dump([sample(2), sample(1)], path, dict(label_set=FOUR.to_dict()))
    assert dumped[0].keys() == {'video_id', 'pred_score', 'gt_label', 'label_set'}
    predictions = read_predictions(path)
    assert predictions.label_set == FOUR
    assert predictions.labels.tolist() == [2, 1]
    size = path.stat().st_size
    dump([sample(2), *[sample(1)] * 9], path, dict(label_set=FOUR.to_dict()))
    # The file contains the label set once.
    assert path.stat().st_size - size < 8 * 1000


def test_datasets_without_a_label_set_and_features_are_dumped_as_by_mmengine(tmp_path):
    assert 'label_set' not in dump([sample(2)], tmp_path / 'p.pkl', {})[0]
    features = torch.arange(3.0)
    (dumped,) = dump([features], tmp_path / 'f.pkl', dict(label_set=FOUR.to_dict()))
    assert torch.equal(dumped, features)

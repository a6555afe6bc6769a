import pytest
from engine_runs import Clips, make_runner
from mmaction.registry import DATASETS

HOOKS = ['TrainingListHook']


class OtherClips(Clips):
    metainfo = dict(clips=dict(list='other.txt', number=5, sha256='1' * 64))


def test_refuses_to_resume_with_another_list(tmp_path):
    make_runner(tmp_path, hooks=HOOKS).train()
    runner = make_runner(tmp_path, epochs=2, hooks=HOOKS, dataset=OtherClips(), resume=True, name='resumed')
    with pytest.raises(
        ValueError, match=r'4 clips of train\.txt .*00000000….* other\.txt now has 5 \(11111111….*load_from'
    ):
        runner.train()


def test_resumes_with_the_same_list_and_starts_from_weights_with_any(tmp_path):
    make_runner(tmp_path / 'a', hooks=HOOKS).train()
    resumed = make_runner(tmp_path / 'a', epochs=2, hooks=HOOKS, resume=True, name='resumed')
    resumed.train()
    assert resumed.epoch == 2
    weights = str(tmp_path / 'a' / 'epoch_2.pth')
    other = make_runner(tmp_path / 'b', hooks=HOOKS, dataset=OtherClips(), load_from=weights)
    other.train()
    assert other.epoch == 1


def test_lists_are_told_apart_by_names_and_labels_alone(tmp_path):
    def identify(name, content):
        (tmp_path / name).write_bytes(content)
        dataset = dict(type='MA52Dataset', ann_file=str(tmp_path / name), pipeline=[], check_videos=False)
        return DATASETS.build(dataset).metainfo['clips']

    clips = identify('a.txt', b'a.mp4 1\nb.mp4 2\n')
    assert (clips['list'], clips['number']) == (str(tmp_path / 'a.txt'), 2)
    assert identify('b.txt', b'a.mp4 1\r\nb.mp4 2')['sha256'] == clips['sha256']
    for changed in (b'a.mp4 1\nb.mp4 3\n', b'a.mp4 1\nc.mp4 2\n', b'b.mp4 2\na.mp4 1\n', b'a.mp4 1\n'):
        assert identify('c.txt', changed)['sha256'] != clips['sha256']

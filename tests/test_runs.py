"""Tests of whole runs, started like a user starts them."""

import pickle
import re
import signal

import numpy as np
import pytest
import torch
from helpers.real_clips import write_small_clips
from helpers.support import ROOT, wait_until_gone
from helpers.whole_runs import (
    TINY,
    TINY_32PX,
    TINY_EMOTION,
    mim,
    on_clips,
    on_emotions,
    run_test,
    run_training,
    scores,
    start_script,
    weights,
    write_untrained,
)
from mmengine.config import Config

from mmaction_microaction.structures.predictions import read_scores
from mmaction_microaction.submission import validate_submission, write_submission

pytestmark = pytest.mark.slow

MAIN = ROOT / 'configs' / 'manet_r50_8x1_ma52.py'
SUBMISSION = ROOT / 'configs' / 'manet_r50_8x1_ma52_submission.py'
REAL_LIST = '0030_01_0002.mp4 0\r\n0020_01_0008.mp4 1\r\n0019_02_0078.mp4 9\r\n0010_02_0101.mp4 8'


@pytest.fixture
def real_clips(shared, tmp_path):
    """Write a data folder with the four real clips in both splits."""
    return link_clips(tmp_path / 'real', shared / 'ma52' / 'samples')


@pytest.fixture
def small_real_clips(shared, tmp_path):
    """Return a folder like that of ``real_clips``, with clips of 90 x 108 pixels."""
    write_small_clips(shared, tmp_path / 'samples', (90, 108))
    return link_clips(tmp_path / 'real', tmp_path / 'samples')


def link_clips(root, samples):
    root.mkdir()
    for split in ('train', 'val'):
        (root / f'videos_{split}').symlink_to(samples)
        (root / f'{split}_list_videos.txt').write_bytes(REAL_LIST.encode())
    return root


# The names of the four samples count body parts from 1, so they do not match the labels.
NO_NAMES = [f'{loader}_dataloader.dataset.check_names=False' for loader in ('train', 'val', 'test')]


@pytest.mark.real_data
def test_overfits_the_four_real_clips(small_real_clips, tmp_path):
    options = on_clips(small_real_clips, *NO_NAMES)
    training = ['train_cfg.max_epochs=10', 'train_cfg.val_interval=10', 'default_hooks.checkpoint.interval=10']
    run_training(TINY, '--seed', 0, '--work-dir', 'w', *options, *training, cwd=tmp_path)
    output = run_test(TINY, 'w/epoch_10.pth', '--work-dir', 't', '--dump', 'p.pkl', *options, cwd=tmp_path)
    assert scores(tmp_path / 't')['fine/top1'] == 100
    assert re.search(r'fine +100\.00 +100\.00 +100\.00 +100\.00\n', output)
    with open(tmp_path / 'p.pkl', 'rb') as file:
        predictions = pickle.load(file)
    names = [line.split()[0] for line in REAL_LIST.splitlines()]
    assert [prediction['video_id'] for prediction in predictions] == names
    assert [int(prediction['gt_label']) for prediction in predictions] == [0, 1, 9, 8]
    assert all(prediction['pred_score'].shape == (52,) for prediction in predictions)


@pytest.fixture(scope='module')
def plain_resnet50(tmp_path_factory):
    """Write weights of a plain ResNet-50 with torchvision's names, like those that the main config downloads."""
    generator = torch.Generator().manual_seed(0)
    state = {}

    def conv(name, outputs, inputs, size):
        std = (2 / (outputs * size * size)) ** 0.5
        state[f'{name}.weight'] = std * torch.randn(outputs, inputs, size, size, generator=generator)

    def norm(name, channels):
        state.update({f'{name}.weight': torch.ones(channels), f'{name}.bias': torch.zeros(channels)})
        state.update({f'{name}.running_mean': torch.zeros(channels), f'{name}.running_var': torch.ones(channels)})

    conv('conv1', 64, 3, 7)
    norm('bn1', 64)
    inputs = 64
    for stage, (blocks, planes) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], start=1):
        for block in range(blocks):
            prefix = f'layer{stage}.{block}'
            sizes = [(planes, inputs, 1), (planes, planes, 3), (4 * planes, planes, 1)]
            for layer, size in enumerate(sizes, start=1):
                conv(f'{prefix}.conv{layer}', *size)
                norm(f'{prefix}.bn{layer}', size[0])
            if block == 0:
                conv(f'{prefix}.downsample.0', 4 * planes, inputs, 1)
                norm(f'{prefix}.downsample.1', 4 * planes)
            inputs = 4 * planes
    state.update({'fc.weight': torch.zeros(1000, 2048), 'fc.bias': torch.zeros(1000)})
    path = tmp_path_factory.mktemp('weights') / 'resnet50.pth'
    torch.save(state, path)
    return path


@pytest.mark.real_data
def test_main_config_trains_after_changing_only_paths(real_clips, plain_resnet50, shared, tmp_path):
    options = [
        f'model.backbone.pretrained={plain_resnet50}',
        f'model.cls_head.label_embeddings={shared}/ma52/1214_new_mean_Vectors.npy',
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.indices=1',
        'val_dataloader.dataset.indices=1',
    ]
    output = run_training(MAIN, '--work-dir', 'w', *on_clips(real_clips, *NO_NAMES, *options), cwd=tmp_path)
    assert '265 of 267 tensors loaded. Not used: fc.weight, fc.bias.' in output
    assert 'Keeping their initialisation: 32 of squeeze-and-excitation.' in output
    losses = re.search(r'Epoch\(train\) *\[1\]\[1/1\].*loss_cls: ([\d.]+) +loss_emb: ([\d.]+)', output)
    # The initial weights of the classifier are close to zero, so the cross-entropy is about ln 52 = 3.95.
    assert float(losses[1]) == pytest.approx(3.95, abs=0.3)
    assert float(losses[2]) > 0
    assert (tmp_path / 'w' / 'epoch_1.pth').is_file()
    assert list((tmp_path / 'w').rglob('events.out.tfevents*'))


def test_killed_run_resumes_to_the_same_weights(tiny_ma52, tmp_path):
    # Every iteration uses random crops, flips and dropout. The crops and flips are drawn in two workers.
    options = ['train_cfg.max_epochs=2', 'train_cfg.val_interval=2', 'train_dataloader.dataset.indices=4']
    options += ['train_dataloader.batch_size=1', 'train_dataloader.num_workers=2']
    config = tmp_path / 'augmented.py'
    config.write_text(
        f"_base_ = '{TINY_32PX}'\n"
        'pipeline = [*_base_.pipeline]\n'
        "pipeline[1] = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)\n"
        "pipeline[4] = dict(type='RandomCrop', size=32)\n"
        "pipeline.insert(5, dict(type='Flip', flip_ratio=0.5))\n"
        'train_dataloader = dict(dataset=dict(pipeline=pipeline))\n'
    )
    args = on_clips(tiny_ma52, *options)
    run_training(config, '--seed', 1, '--work-dir', 'whole', *args, cwd=tmp_path)

    killed, log = tmp_path / 'killed.py', tmp_path / 'log'
    killed.write_text(
        "_base_ = 'augmented.py'\n"
        "custom_imports = dict(imports=['mmaction_microaction', 'helpers.kill_hook'], allow_failed_imports=False)\n"
        "custom_hooks = [dict(type='KillHook')]\n"
    )
    [process] = start_script('train.py', killed, '--seed', 1, '--work-dir', 'killed', *args, cwd=tmp_path, logs=[log])
    process.join(600)
    assert process.exitcode == -signal.SIGKILL, log.read_text()[-3000:]
    wait_until_gone(process.pid)
    assert (tmp_path / 'killed' / 'epoch_1.pth').is_file()
    assert not (tmp_path / 'killed' / 'epoch_2.pth').exists()

    output = run_training(config, '--seed', 1, '--work-dir', 'killed', '--resume', *args, cwd=tmp_path)
    assert 'resumed epoch: 1' in output
    whole, resumed = (weights(tmp_path / name / 'epoch_2.pth') for name in ('whole', 'killed'))
    start = weights(tmp_path / 'whole' / 'epoch_1.pth')
    assert not torch.equal(whole['cls_head.fc_cls.weight'], start['cls_head.fc_cls.weight'])
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0, atol=0, msg=name)


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
def test_two_processes_compute_the_same_metrics_as_one(tiny_ma52, tmp_path):
    two, options = ['--launcher', 'pytorch', '--gpus', 2], on_clips(tiny_ma52, 'train_cfg.max_epochs=1')
    output = mim('train', TINY_32PX, '--seed', 0, '--work-dir', 'w', *two, *options, cwd=tmp_path)
    assert 'Distributed launcher: pytorch' in output
    assert (tmp_path / 'w' / 'epoch_1.pth').is_file()

    results, dumps = [], []
    # Five clips cannot be divided equally among two processes.
    for name in ('one', 'two'):
        args = ['--work-dir', name, '--dump', f'{name}.pkl']
        if name == 'one':
            output = run_test(TINY_32PX, 'w/epoch_1.pth', *args, *options, cwd=tmp_path)
        else:
            output = mim('test', TINY_32PX, '--checkpoint', 'w/epoch_1.pth', *args, *two, *options, cwd=tmp_path)
        assert '5 clips' in output
        results.append(scores(tmp_path / name))
        with open(tmp_path / f'{name}.pkl', 'rb') as file:
            dumps.append(pickle.load(file))
    assert results[0] == pytest.approx(results[1])
    names = [[prediction['video_id'] for prediction in dump] for dump in dumps]
    assert names[0] == names[1]
    assert len(set(names[0])) == 5
    for one, other in zip(*dumps):
        np.testing.assert_allclose(one['pred_score'], other['pred_score'], rtol=1e-4, atol=1e-6)


@pytest.fixture
def anonymised(tiny_ma52, tmp_path):
    """Write an anonymised test split of five clips and untrained weights, and return the options to test them."""
    clips = sorted((tiny_ma52 / 'videos_val').iterdir())
    (tmp_path / 'videos').mkdir()
    names = [f'test{index:04d}.mp4' for index in range(5)]
    for name, clip in zip(names, clips, strict=True):
        (tmp_path / 'videos' / name).symlink_to(clip)
    (tmp_path / 'test_list_videos.txt').write_text('\r\n'.join(f'{name} 0' for name in names))
    write_untrained(TINY_32PX, tmp_path / 'untrained.pth')
    paths = [
        'test_dataloader.dataset.ann_file=test_list_videos.txt',
        'test_dataloader.dataset.data_prefix.video=videos',
    ]
    return on_clips(tiny_ma52, *paths)


def test_anonymised_split_is_predicted_but_not_scored(anonymised, tmp_path):
    output = run_test(TINY_32PX, 'untrained.pth', *anonymised, cwd=tmp_path, status=1)
    assert 'ValueError: ' in output
    assert 'anonymised' in output
    assert 'Acc-Top1' not in output
    # Use the options that the message recommends.
    remedy = re.search(r'--cfg-options (test_evaluator\.type=\S+ test_evaluator\.out_file_path=\S+)', output)[1]
    run_test(TINY_32PX, 'untrained.pth', *anonymised, *remedy.split(), cwd=tmp_path)
    with open(tmp_path / 'predictions.pkl', 'rb') as file:
        predictions = pickle.load(file)
    assert [prediction['video_id'] for prediction in predictions] == [f'test{index:04d}.mp4' for index in range(5)]
    assert {int(prediction['gt_label']) for prediction in predictions} == {-1}


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
def test_submission_of_two_processes_equals_that_from_their_dump(anonymised, tmp_path):
    # The evaluator of the submission config, with a small network. Five clips cannot be divided equally among two.
    (tmp_path / 'submission.py').write_text(
        f"_base_ = '{TINY_32PX}'\n"
        f'test_evaluator = dict(_delete_=True, **{Config.fromfile(SUBMISSION).test_evaluator.to_dict()})\n'
    )
    # --dump turns the evaluator into the first item of a list.
    options = [*anonymised, 'test_evaluator.0.ann_file=test_list_videos.txt', 'test_evaluator.0.out_dir=out']
    output = run_test('submission.py', 'untrained.pth', '--dump', 'p.pkl', *options, cwd=tmp_path, processes=2)
    assert re.search(r'out/submission\.zip.* 5 clips', output)
    archive = (tmp_path / 'out' / 'submission.zip').read_bytes()
    report = validate_submission(tmp_path / 'out' / 'submission.zip', tmp_path / 'test_list_videos.txt')
    assert (report.format, report.rows, report.problems) == ('codabench', 5, [])

    names, probabilities = read_scores(tmp_path / 'p.pkl', tmp_path / 'test_list_videos.txt')
    write_submission(tmp_path / 'again', names, probabilities)
    assert (tmp_path / 'again' / 'submission.zip').read_bytes() == archive


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
def test_two_processes_compute_the_same_emotion_metrics_as_one(tiny_pro, tmp_path):
    options = on_emotions(tiny_pro)
    # The second step would fail if a parameter received no gradient.
    output = run_training(TINY_EMOTION, '--seed', 0, '--work-dir', 'w', *options, cwd=tmp_path, processes=2)
    log = output[: output.index('Saving checkpoint at 1 epochs')]
    assert len(re.findall(r'Epoch\(train\) *\[1\]\[[12]/2\].*loss_act: [\d.]+ +loss_emo: [\d.]+', log)) == 2
    results = []
    # Five videos cannot be divided equally among two processes.
    for processes in (1, 2):
        name = f'{processes} processes'
        args = ['--work-dir', name, *options]
        assert '5 videos' in run_test(TINY_EMOTION, 'w/epoch_1.pth', *args, cwd=tmp_path, processes=processes)
        results.append(scores(tmp_path / name))
    assert {'Acc', 'Acc_joy', 'F1_weighted', 'UF1', 'UAR', 'mAP', 'mAP_class'} <= set(results[0])
    assert results[0] == pytest.approx(results[1], nan_ok=True)

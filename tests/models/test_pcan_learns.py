"""PCAN learns the four real clips by heart, from the poses that BlazePose finds in them."""

import numpy as np
import pytest
from helpers.real_clips import write_small_clips
from helpers.support import ROOT
from mmengine.config import Config
from mmengine.runner import Runner

from mmaction_microaction.structures.poses import Poses, write_poses
from mmaction_microaction.video.reader import Video

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

# Labels of the clips, from the reference's README. Their names count body parts from 1, those of the lists from 0.
CLIPS = {'0030_01_0002': 0, '0020_01_0008': 1, '0019_02_0078': 9, '0010_02_0101': 8}
SHAPE = (1296, 1080)
"""Height and width in pixels of the frames in which the poses were found."""
SIZE = 48


@pytest.fixture(scope='module')
def data(shared, tmp_path_factory):
    """Write the four clips in small, their list and their poses."""
    folder = tmp_path_factory.mktemp('four_clips')
    write_small_clips(shared, folder / 'videos')
    found = np.load(shared / 'pose' / 'blazepose_samples.npz')
    lines, poses = [], []
    for name, label in CLIPS.items():
        subject, part, number = name.split('_')
        clip = f'{subject}_{int(part) - 1:02d}_{number}'
        video = (folder / 'videos' / f'{name}.mp4').rename(folder / 'videos' / f'{clip}.mp4')
        joints = found[name][None]
        assert joints.shape[1] == Video(video).num_frames
        poses.append(Poses(clip, SHAPE, joints[..., :2], joints[..., 2], label=label, layout='blazepose33'))
        lines.append(f'{clip}.mp4 {label}')
    (folder / 'list.txt').write_text('\n'.join(lines))
    write_poses(poses, folder / 'poses.pkl')
    return folder


def four_clips(dataset, data):
    dataset.update(
        ann_file=str(data / 'list.txt'), data_prefix=dict(video=str(data / 'videos')), pose_file=str(data / 'poses.pkl')
    )


def test_learns_four_clips_by_heart(one_block_per_stage, data, tmp_path):
    config = Config.fromfile(ROOT / 'configs' / 'pose' / 'pcan_r50_8x32_ma52.py')
    config.model.backbone.rgb_pathway.base_channels = 32
    config.model.backbone.pose_pathway.update(base_channels=16, stage_blocks=(1, 1, 1))
    config.model.cls_head.in_channels = (1024, 256)
    for loader in (config.train_dataloader, config.test_dataloader):
        four_clips(loader.dataset, data)
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        for step in loader.dataset.pipeline:
            if step.type == 'Resize':
                step.scale = (SIZE, SIZE)
            if step.type == 'MMUniformSampleFrames':
                step.num_clips = 1
    config.update(val_dataloader=None, val_evaluator=None, val_cfg=None, load_from=None, randomness=dict(seed=0))
    config.train_cfg = dict(by_epoch=True, max_epochs=40)
    config.param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[30], gamma=0.1)]
    config.default_hooks.checkpoint = dict(type='CheckpointHook', interval=-1, save_last=False)
    config.update(work_dir=str(tmp_path), log_level='WARNING')
    runner = Runner.from_cfg(config)
    runner.train()
    metrics = runner.test()
    print(metrics)
    assert metrics['fine/top1'] == 100
    # Both levels of prototypes have seen the four actions.
    for name, module in runner.model.cls_head.prototypes.items():
        labels = {0, 1} if 'coarse' in name else set(CLIPS.values())
        assert set(module.num_updates.nonzero().flatten().tolist()) == labels

import pytest
import torch
from helpers.people import no_search  # noqa: F401 (a fixture)
from helpers.support import ROOT
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from mmaction_microaction.inference.windows import Window, WindowPipeline, gather
from mmaction_microaction.synthetic import make_clip, render_frames
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'
SIZE, FPS = (64, 76), 30


def draw(label):
    return list(render_frames(make_clip(label, label, SIZE, seed=0)))


@pytest.fixture(scope='session')
def clips(tmp_path_factory):
    """Render clips by label: nodding (9) and curling legs (25)."""
    folder = tmp_path_factory.mktemp('clips')
    paths = {9: folder / 'nod.mp4', 25: folder / 'curl.mp4'}
    for label, path in paths.items():
        write_video(path, draw(label), SIZE, fps=FPS, crf=18)
    return paths


@pytest.fixture(scope='session')
def long_video(tmp_path_factory):
    """Render a video of five seconds of nodding and five seconds of curling legs."""
    path = tmp_path_factory.mktemp('long') / 'interview.mp4'
    nods, curls = ((one * (150 // len(one) + 1))[:150] for one in (draw(9), draw(25)))
    write_video(path, [*nods, *curls], SIZE, fps=FPS, crf=18)
    return path


@pytest.fixture(scope='session')
def trained(clips, long_video, tmp_path_factory):
    """Overfit the quickstart's network to the clips and the long video, and return its config and weights."""
    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(CONFIG), device='cpu')
    pipeline = WindowPipeline(model.cfg.test_dataloader.dataset.pipeline)
    inputs, samples = [], []

    def learn(path, windows, label):
        for window, images in gather(Video(path).frames(), windows, pipeline.frame_indices):
            inputs.append(pipeline.pack(window.num_frames, images))
            samples.append(ActionDataSample().set_gt_label(label))

    for label, path in clips.items():
        learn(path, [Window(0, Video(path).num_frames - 1, 0, Video(path).duration)], label)
    learn(long_video, [Window(first, first + 59, first / FPS, 60 / FPS) for first in (0, 30, 60, 90)], 9)
    learn(long_video, [Window(first, first + 59, first / FPS, 60 / FPS) for first in (150, 180, 210, 240)], 25)
    batch = model.data_preprocessor(dict(inputs=inputs, data_samples=samples), training=True)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # The running statistics have to converge within few steps.
            module.momentum = 0.5
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.train()
    for _ in range(15):
        losses = model(**batch, mode='loss')
        optimizer.zero_grad()
        sum(value for name, value in losses.items() if name.startswith('loss')).backward()
        optimizer.step()
    path = tmp_path_factory.mktemp('network') / 'epoch_15.pth'
    save_checkpoint(dict(state_dict=model.state_dict()), str(path))
    return CONFIG, path

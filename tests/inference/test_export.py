import copy
import json
import runpy
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from helpers.label_sets import TWO_HUNDRED
from helpers.networks import resnet18_width, write_network
from helpers.support import ROOT, write_clip
from mmaction.apis import init_recognizer
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.runner import save_checkpoint
from torch.nn.modules.batchnorm import _BatchNorm

from mmaction_microaction.inference import MicroActionInferencer, export
from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.windows import WindowPipeline
from mmaction_microaction.label_sets import MA52

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')
# PyTorch needs about ten seconds to export a small network. Most tests share one exported network.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures('tiny_resnets_in_module')]

MANET = 'synthetic/manet_r18_8x1_synthetic'
CONFIG = ROOT / 'configs' / f'{MANET}.py'
RESNET18 = dict(backbone=dict(depth=18, out_indices=(1,)), cls_head=dict(in_channels=64))
"""With the fixture tiny_resnets_in_module, a narrow ResNet of two stages with one block each.

The networks with temporal shifts need all four stages, but the last two do not get into the graph.
"""

NETWORKS = {
    'baselines/tsn_r50_8x1_ma52': RESNET18,
    'baselines/tin_r50_8x1_ma52': RESNET18,
    'baselines/slowfast_r50_32x2_ma52': dict(
        backbone=dict(slow_pathway=dict(depth=18, base_channels=8), fast_pathway=dict(depth=18, base_channels=1)),
        cls_head=dict(in_channels=72),
    ),
    'baselines/swin_tiny_32x2_ma52': dict(
        backbone=dict(arch=dict(_delete_=True, embed_dims=24, depths=[2, 1], num_heads=[1, 2]), out_indices=(1,)),
        cls_head=dict(in_channels=48),
    ),
    'baselines/timesformer_divst_8x8_ma52': dict(
        backbone=dict(img_size=64, embed_dims=48, num_transformer_layers=1), cls_head=dict(in_channels=48)
    ),
    'baselines/uniformer_small_16x4_ma52': dict(
        backbone=dict(depth=[1, 1, 1, 1], embed_dim=[16, 16, 32, 32], head_dim=16), cls_head=dict(in_channels=32)
    ),
    'baselines/videomae_vit-b_16x4_ma52': dict(
        backbone=dict(img_size=64, embed_dims=48, depth=1, num_heads=4), cls_head=dict(in_channels=48)
    ),
}
"""Changes that reduce the depth and width of the networks of the configs and keep their operations."""


def read_config(name, model=None):
    """Read a config, and reduce the size of its frames to 64 pixels."""
    config = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    config.model.backbone.pretrained = None
    if config.model.backbone.get('depth') == 18:
        config.model.cls_head.in_channels = resnet18_width()
    config.merge_from_dict(dict(model=copy.deepcopy(model or {})))
    for step in config.test_dataloader.dataset.pipeline:
        if step.get('scale') == (-1, 256):
            step.scale = (-1, 72)
        if step.get('crop_size') == 224:
            step.crop_size = 64
    return config


def pack(pipeline, videos):
    pipeline = Compose(pipeline)
    clips = [dict(filename=str(video), start_index=0, modality='RGB', label=0) for video in videos]
    return torch.stack([pipeline(clip)['inputs'] for clip in clips])


@torch.no_grad()
def score(model, inputs):
    """Score clips one by one, as MMAction2 does."""
    scored = [model.test_step({'inputs': [clip], 'data_samples': [ActionDataSample()]})[0] for clip in inputs]
    return torch.stack([sample.pred_score for sample in scored])


def save_weights(config, path, videos, seed=0):
    """Save random weights that resemble trained ones in their batch-norm statistics and the spread of the scores."""
    torch.manual_seed(seed)
    model = init_recognizer(config, device='cpu')
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            for tensor, low, high in (
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.5, 0.5),
            ):
                torch.nn.init.uniform_(tensor, low, high)
    # The logits are scaled to a mean of 0 over the three clips and a standard deviation of 1.
    logits = score(model, pack(config.test_dataloader.dataset.pipeline, videos)).log()
    difference = (logits - logits.mean(0)).std()
    state = model.state_dict()
    state['cls_head.fc_cls.weight'] /= difference
    state['cls_head.fc_cls.bias'].sub_(logits.mean(0)).div_(difference)
    save_checkpoint({'state_dict': state}, str(path))
    return path


def check_equal(scores, expected):
    assert scores.dtype == np.float32
    # If the scores were equal, a graph that ignores its input would pass.
    assert np.ptp(expected, axis=0).max() > 0.01
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-6)


def check_batches(recognizer, inputs, expected):
    """Compare the scores of a batch of all clips, and of batches of one clip."""
    check_equal(recognizer(inputs), expected)
    check_equal(np.concatenate([recognizer(clip[None]) for clip in inputs]), expected)


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Return three videos."""
    folder = tmp_path_factory.mktemp('videos')
    for seed in range(3):
        write_clip(folder / f'{seed}.mp4', seed=seed)
    return sorted(folder.iterdir())


class Manet:
    """Exported MANet with its config, checkpoint, inputs and scores."""

    def __init__(self, folder, videos):
        self.config = read_config(MANET)
        self.checkpoint = save_weights(self.config, folder / 'manet.pth', videos)
        self.result = export.export_onnx(self.config, self.checkpoint, folder / 'new_folder' / 'manet.onnx')
        self.path = self.result.path
        self.inputs = pack(self.config.test_dataloader.dataset.pipeline, videos)
        self.scores = score(init_recognizer(self.config, str(self.checkpoint), 'cpu'), self.inputs).numpy()


@pytest.fixture(scope='module')
def manet(tmp_path_factory, videos):
    return Manet(tmp_path_factory.mktemp('manet'), videos)


def test_scores_equal_those_of_test_step(manet):
    # Inputs have both signs after SubtractMeanFrame.
    assert manet.inputs.min() < -1 < 1 < manet.inputs.max()
    check_batches(OnnxRecognizer(manet.path), manet.inputs, manet.scores)


def test_onnx_file_is_self_contained(manet, videos, tmp_path):
    path = tmp_path / 'elsewhere.onnx'
    path.write_bytes(manet.path.read_bytes())
    recognizer = OnnxRecognizer(path)
    assert recognizer.label_set == MA52
    assert recognizer.config == 'manet_r18_8x1_synthetic'
    assert recognizer.shape == (8, 3, 76, 48)
    check_equal(recognizer(pack(recognizer.pipeline, videos)), manet.scores)
    # The inferencer decodes the frames itself.
    frames = [np.zeros((80, 96, 3), np.uint8)] * 8
    assert WindowPipeline(recognizer.pipeline).pack(8, frames).shape == recognizer.shape


def test_inferencer_accepts_onnx_file_instead_of_config_and_checkpoint(manet, videos):
    alone = MicroActionInferencer(manet.path).clip(videos[0])
    expected = MicroActionInferencer(manet.config, manet.checkpoint, 'cpu').clip(videos[0])
    np.testing.assert_allclose(alone.scores, expected.scores, rtol=1e-3, atol=1e-6)


def test_exported_file_has_the_label_set_and_the_scores_of_the_network(videos, tmp_path):
    label_set = TWO_HUNDRED
    config, checkpoint = write_network(tmp_path, len(label_set), label_set)
    meta = torch.load(checkpoint)['meta']
    meta['dataset_meta']['crop'] = '2,0,90,80'
    save_weights(Config.fromfile(config), checkpoint, videos)
    torch.save({**torch.load(checkpoint), 'meta': meta}, checkpoint)
    result = export.export_onnx(config, checkpoint, tmp_path / 'network.onnx')
    assert f'(N, {len(label_set)}) float32, probabilities of the label set {label_set.name}' in str(result)
    exported, trained = MicroActionInferencer(result.path), MicroActionInferencer(config, checkpoint, 'cpu')
    assert exported.label_set.to_dict() == label_set.to_dict()
    assert exported.crop == trained.crop == (2, 0, 90, 80)
    results = [(exported.clip(video), trained.clip(video)) for video in videos]
    check_equal(np.stack([found.scores for found, _ in results]), np.stack([true.scores for _, true in results]))
    assert [found.intervals[0].action for found, _ in results] == [true.intervals[0].action for _, true in results]
    # Programs of before read the names only.
    metadata = {entry.key: entry.value for entry in onnx.load(result.path).metadata_props}
    assert json.loads(metadata['classes']) == list(label_set.names)


def test_graph_contains_only_standard_operators(manet):
    model = onnx.load(manet.path)
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain for opset in model.opset_import} == {''}
    kinds = Counter(node.op_type for node in model.graph.node)
    # Batch norms are folded into the convolutions: the first one, two in each of 4 blocks, one in each of the 3 stages
    # that halve the size of the frames.
    assert (kinds['BatchNormalization'], kinds['Conv']) == (0, 1 + 4 * 2 + 3)
    inputs, scores = ([d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
                      for value in (model.graph.input[0], model.graph.output[0]))  # fmt: skip
    assert inputs == ['batch', 8, 3, 76, 48]
    assert scores == ['batch', 52]


def test_onnx_file_contains_no_local_paths(manet):
    # The exporter notes the source file and line of each node.
    content = manet.path.read_bytes()
    assert b'recognizer2d.py' not in content
    assert str(ROOT).encode() not in content


def test_openvino_computes_the_same_scores(manet):
    openvino = pytest.importorskip('openvino', reason="OpenVINO is not installed: pip install '.[openvino]'")
    compiled = openvino.compile_model(manet.path, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    check_equal(compiled(manet.inputs.float().numpy())[0], manet.scores)


def test_result_describes_the_written_file(manet):
    assert manet.result.difference < 1e-5
    lines = str(manet.result).splitlines()
    assert '(N, 8, 3, 76, 48)' in lines[0]
    assert '(N, 52) float32, probabilities of the label set ma52' in lines[1]
    assert str(manet.path) in lines[3]


def export_and_compare(config, videos, folder):
    checkpoint = save_weights(config, folder / 'weights.pth', videos)
    path = export.export_onnx(config, checkpoint, folder / 'network.onnx').path
    recognizer = OnnxRecognizer(path)
    inputs = pack(recognizer.pipeline, videos)
    check_batches(recognizer, inputs, score(init_recognizer(config, str(checkpoint), 'cpu'), inputs).numpy())


def test_views_of_tsm_are_averaged_and_colours_swapped(videos, tmp_path):
    config = read_config('baselines/tsm_r50_8x1_ma52', RESNET18)
    config.model.data_preprocessor.to_rgb = True
    for step in config.test_dataloader.dataset.pipeline:
        if step.type == 'CenterCrop':
            step.update(type='ThreeCrop', crop_size=72)
    export_and_compare(config, videos, tmp_path)
    assert OnnxRecognizer(tmp_path / 'network.onnx').shape == (24, 3, 72, 72)


def test_views_of_i3d_are_averaged_although_they_are_tested_one_by_one(videos, tmp_path):
    small = dict(backbone=dict(depth=18, base_channels=8), cls_head=dict(in_channels=64))
    config = read_config('baselines/i3d_r50_32x2_ma52', small)
    config.model.backbone.inflate = ((1,), (1,), (0,), (1,))
    config.model.test_cfg = dict(max_testing_views=1)
    for step in config.test_dataloader.dataset.pipeline:
        if step.type == 'SampleFrames':
            step.update(clip_len=8, frame_interval=1, num_clips=2)
    export_and_compare(config, videos, tmp_path)
    assert OnnxRecognizer(tmp_path / 'network.onnx').shape == (2, 3, 8, 64, 64)


@pytest.mark.parametrize('name', NETWORKS, ids=lambda name: name.partition('/')[2].partition('_')[0])
def test_every_kind_of_network_exports(name, videos, tmp_path):
    export_and_compare(read_config(name, NETWORKS[name]), videos, tmp_path)


def test_nothing_is_written_if_the_scores_differ(manet, videos, tmp_path, monkeypatch):
    # A graph with other weights.
    monkeypatch.setattr(export, '_to_onnx', lambda *args: manet.path.read_bytes())
    checkpoint = save_weights(manet.config, tmp_path / 'other.pth', videos, seed=1)
    out = tmp_path / 'out' / 'manet.onnx'
    with pytest.raises(ValueError, match=r'manet_r18_8x1_synthetic: .*ONNX Runtime.* differ'):
        export.export_onnx(manet.config, checkpoint, out)
    assert not out.parent.exists()
    out.parent.mkdir()
    out.write_text('what was there')
    with pytest.raises(ValueError, match=r'ONNX Runtime.* differ'):
        export.export_onnx(manet.config, checkpoint, out)
    assert [path.read_text() for path in out.parent.iterdir()] == ['what was there']


def test_small_probabilities_are_compared_by_their_ratios(manet, tmp_path, monkeypatch):
    # In both networks, action 7 has a probability of 1 - e^-40. In one of them, action 3 has most of the rest.
    state = torch.load(manet.checkpoint, weights_only=True)['state_dict']
    state['cls_head.fc_cls.weight'].zero_()
    state['cls_head.fc_cls.bias'].zero_()[7] = 40
    model = onnx.load(manet.path)
    for tensor in model.graph.initializer:
        if tensor.name.endswith('cls_head.fc_cls.bias'):
            tensor.CopyFrom(onnx.numpy_helper.from_array(state['cls_head.fc_cls.bias'].numpy(), tensor.name))
        elif sorted(tensor.dims) == [52, 64]:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(tensor.dims, np.float32), tensor.name))
    monkeypatch.setattr(export, '_to_onnx', lambda *args: model.SerializeToString())
    save_checkpoint({'state_dict': state}, str(tmp_path / 'same.pth'))
    export.export_onnx(manet.config, tmp_path / 'same.pth', tmp_path / 'same.onnx')
    state['cls_head.fc_cls.bias'][3] = 1
    save_checkpoint({'state_dict': state}, str(tmp_path / 'other.pth'))
    with pytest.raises(ValueError, match=r'ONNX Runtime.* differ'):
        export.export_onnx(manet.config, tmp_path / 'other.pth', tmp_path / 'other.onnx')


def test_refuses_a_pipeline_whose_frames_have_no_fixed_size(manet, tmp_path):
    config = read_config(MANET)
    pipeline = config.test_dataloader.dataset.pipeline
    config.test_dataloader.dataset.pipeline = [step for step in pipeline if step.type not in ('Resize', 'CenterCrop')]
    with pytest.raises(ValueError, match=r'\(8, 3, 1296, 1080\).*\(8, 3, 720, 1280\)'):
        export.export_onnx(config, manet.checkpoint, tmp_path / 'out.onnx')


def test_rejects_networks_without_probabilities(manet, tmp_path):
    config = read_config(MANET, dict(cls_head=dict(average_clips='score')))
    with pytest.raises(ValueError, match=r"average_clips='score'.* 'prob'"):
        export.export_onnx(config, manet.checkpoint, tmp_path / 'out.onnx')


@MODELS.register_module()
class DataDependentBackbone(torch.nn.Conv2d):
    """Backbone with data-dependent control flow, which cannot be exported."""

    def __init__(self):
        super().__init__(3, 8, 3)

    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else super().forward(-x)


def test_error_names_the_network_that_cannot_be_exported(videos, tmp_path, capsys):
    config = read_config(MANET)
    config.model.backbone = dict(type='DataDependentBackbone')
    config.model.cls_head.in_channels = 8
    checkpoint = save_weights(config, tmp_path / 'weights.pth', videos)
    with pytest.raises(ValueError, match='cannot export Recognizer2D with DataDependentBackbone') as raised:
        export.export_onnx(config, checkpoint, tmp_path / 'out' / 'out.onnx')
    assert '\n' not in str(raised.value)
    assert 'forward' not in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.fixture
def run_tool(monkeypatch):
    """Run the tool in this process."""

    def run(*args):
        monkeypatch.setattr(sys, 'argv', ['export.py', *map(str, args)])
        runpy.run_path(str(ROOT / 'tools' / 'export.py'), run_name='__main__')

    return run


def test_tool_reports_errors_in_one_sentence(run_tool, tmp_path):
    with pytest.raises(SystemExit, match=r'error: .*none\.pth'):
        run_tool(CONFIG, tmp_path / 'none.pth', '--out', tmp_path / 'manet.onnx')
    with pytest.raises(SystemExit, match=r'error: manet\.pt must end in \.onnx'):
        run_tool(CONFIG, tmp_path / 'none.pth', '--out', 'manet.pt')


def test_tool_prints_the_written_file(manet, run_tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, '_to_onnx', lambda *args: manet.path.read_bytes())
    out = tmp_path / 'manet.onnx'
    manet.config.dump(tmp_path / 'manet.py')
    run_tool(tmp_path / 'manet.py', manet.checkpoint, '--out', out)
    printed = capsys.readouterr().out
    assert 'inputs      (N, 8, 3, 76, 48) float32' in printed
    assert f'written     {out}, ' in printed
    check_equal(OnnxRecognizer(out)(manet.inputs), manet.scores)

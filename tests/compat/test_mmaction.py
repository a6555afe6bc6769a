"""Each defect is reproduced in a process without the package, and is absent in a process with the package."""

import json

import pytest
from helpers.compat import WITH, WITHOUT_DRN, last_line
from helpers.processes import run_python


def test_models_can_be_imported_without_drn():
    assert "No module named 'mmaction.models.localizers.drn'" in last_line(run_python('import mmaction.models'))
    assert run_python(WITH + 'import mmaction.models').returncode == 0


def test_building_drn_reports_the_missing_package():
    process = run_python(WITH + 'from mmaction.registry import MODELS; from mmaction.models import DRN; DRN()')
    assert last_line(process).startswith('ImportError: DRN cannot be built')


def test_color_jitter_shifts_hue_both_ways():
    code = (
        'import json, numpy as np; from mmaction.datasets.transforms import ColorJitter; '
        'img = np.full((1, 1, 3), (255, 0, 0), np.float32); '
        'print(json.dumps([ColorJitter.adjust_hue(img, f).ravel().tolist() for f in (-40 / 255, 60 / 255, 0.0)]))'
    )
    without = run_python(WITHOUT_DRN + code)
    assert 'OverflowError: Python integer' in last_line(without)
    # Red (hue 0) shifted by -80 degrees has hue 280, or RGB (170, 0, 255). Shifted by 120 degrees, it becomes green.
    assert json.loads(run_python(WITH + code).stdout.splitlines()[-1]) == [[170, 0, 255], [0, 255, 0], [255, 0, 0]]


@pytest.mark.parametrize('name', ['PoseCompact', 'MMCompact'])
def test_joints_are_cropped_with_numpy_2(name):
    code = (
        f'import json, numpy as np; from mmaction.datasets.transforms import {name}; '
        'keypoint = np.array([[[[20, 30], [40, 70], [0, 0]]]], np.float32); '
        'results = dict(keypoint=keypoint, img_shape=(100, 100), imgs=[np.zeros((100, 100, 3))]); '
        f'results = {name}(hw_ratio=1)(results); '
        'print(json.dumps([results["keypoint"].ravel().tolist(), results["img_shape"], hasattr(np, "Inf")]))'
    )
    assert '`np.Inf` was removed' in last_line(run_python(WITHOUT_DRN + code))
    # The joints are 20 wide and 40 high around (30, 50), so the square of side 50 begins at (5, 25).
    expected = [[15, 5, 35, 45, 0, 0], [50, 50], False]
    assert json.loads(run_python(WITH + code).stdout.splitlines()[-1]) == expected


def test_sampling_for_tests_keeps_the_random_state():
    code = (
        'import json, numpy as np; from mmaction.datasets.transforms import UniformSampleFrames; '
        'sample = UniformSampleFrames(clip_len=4, num_clips=2, test_mode=True); results = []\n'
        'for seed in (0, 1):\n'
        '    np.random.seed(seed); indices = sample(dict(total_frames=50))["frame_inds"].tolist()\n'
        '    results.append([indices, np.random.randint(1000)])\n'
        'print(json.dumps(results))'
    )
    without, fixed = (json.loads(run_python(prefix + code).stdout.splitlines()[-1]) for prefix in (WITHOUT_DRN, WITH))
    assert without[0] == without[1]
    assert fixed == [[without[0][0], 684], [without[0][0], 37]]  # the first numbers of NumPy's seeds 0 and 1


def test_pretrained_none_starts_from_scratch():
    uniformer = 'width=64, layers=1, heads=1, n_layers=1, return_list=[0], n_dim=64, n_head=1, t_size=4'
    backbones = {
        'type="ResNetTSM", depth=18': "expected string or bytes-like object, got 'NoneType'",
        'type="ResNetTIN", depth=50': "expected string or bytes-like object, got 'NoneType'",
        'type="MobileNetV2TSM"': "expected string or bytes-like object, got 'NoneType'",
        'type="SwinTransformer3D", arch="tiny"': "expected string or bytes-like object, got 'NoneType'",
        f'type="UniFormerV2", input_resolution=32, {uniformer}': 'please specify clip pretraied checkpoint',
        'type="ResNet", depth=18': '',
        'type="TANet", depth=50, num_segments=8': '',
        'type="C2D", depth=50': '',
        'type="MobileNetV2"': '',
    }
    code = (
        'import logging, sys; from mmengine.registry import init_default_scope; init_default_scope("mmaction"); '
        'import mmaction.models; from mmaction.registry import MODELS\n'
        'from mmengine.logging import MMLogger; MMLogger.get_instance("mmengine", log_level="ERROR")\n'
        f'for backbone in [{", ".join(f"dict({backbone})" for backbone in backbones)}]:\n'
        '    try: MODELS.build(dict(backbone, pretrained=None)).init_weights(); print("error:")\n'
        '    except Exception as error: print("error:", error)'
    )

    def errors(prefix):
        lines = run_python(prefix + code).stdout.splitlines()
        return [line.removeprefix('error:').strip() for line in lines if line.startswith('error:')]

    assert errors(WITHOUT_DRN) == list(backbones.values())
    assert errors(WITH) == [''] * len(backbones)


def test_tin_runs_without_compiled_mmcv():
    code = (
        'import torch; from mmaction.models.backbones import resnet_tin; '
        'x = torch.arange(1.0, 4.0).view(1, 3, 1, 1, 1); '
        'print(resnet_tin.linear_sampler(x, torch.tensor([[0.5]])).flatten().tolist())'
    )
    assert 'Failed to import `tin_shift` from `mmcv.ops`' in last_line(run_python(WITHOUT_DRN + code))
    # Frames 1, 2, 3, shifted by half a frame.
    assert run_python(WITH + code).stdout.splitlines()[-1] == '[0.5, 1.5, 2.5]'


def test_activations_are_checkpointed_without_a_warning():
    code = (
        'import torch; from mmaction.models.backbones.resnet import Bottleneck; '
        'block = Bottleneck(8, 2, with_cp=True, conv_cfg=dict(type="Conv2d"), norm_cfg=dict(type="BN"), '
        'act_cfg=dict(type="ReLU")); '
        'block(torch.ones(1, 8, 2, 2, requires_grad=True)).sum().backward(); print("done")'
    )
    without = run_python(WITHOUT_DRN.replace('warnings.simplefilter("ignore")', 'pass') + code)
    assert 'the use_reentrant parameter should be passed explicitly' in without.stderr
    process = run_python(WITH + code)
    assert process.stdout.splitlines()[-1] == 'done'
    assert 'use_reentrant' not in process.stderr


def test_heads_score_logits_in_bfloat16_and_keep_the_precision_of_float64():
    code = (
        'import torch; from mmengine.registry import init_default_scope; init_default_scope("mmaction"); '
        'import mmaction.models; from mmaction.registry import MODELS; '
        'from mmaction.structures import ActionDataSample; '
        'head = MODELS.build(dict(type="TSNHead", num_classes=2, in_channels=2)); '
        'types = torch.bfloat16, torch.float64; '
        'losses = [head.loss_by_feat(torch.zeros(1, 2, dtype=type), [ActionDataSample().set_gt_label(1)])["loss_cls"]'
        ' for type in types]; '
        'print(*[loss.dtype for loss in losses], round(losses[0].item(), 4), losses[1].item())'
    )
    assert 'Got unsupported ScalarType BFloat16' in last_line(run_python(WITHOUT_DRN + code))
    # The loss is ln 2, which bfloat16 would round to 0.6914, and float32 to 0.6931471824645996.
    *types, single, double = run_python(WITH + code).stdout.splitlines()[-1].split()
    assert types == ['torch.float32', 'torch.float64']
    assert single == '0.6931'
    assert float(double) == pytest.approx(0.6931471805599453, rel=1e-15)


def test_tsm_optimizer_uses_its_default_weight_decay():
    code = (
        'import torch, mmaction.engine; from mmengine.optim import build_optim_wrapper; '
        'model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.Flatten(), torch.nn.Linear(1, 1)); '
        'config = dict(constructor="mmaction.TSMOptimWrapperConstructor", paramwise_cfg=dict(fc_lr5=True)); '
        'wrapper = build_optim_wrapper(model, dict(**config, optimizer=dict(type="AdamW", lr=0.1))); '
        'wrapper.update_params(model(torch.ones(1, 1, 1, 1)).sum()); '
        'print([group["weight_decay"] for group in wrapper.optimizer.param_groups])'
    )
    assert last_line(run_python(code)).startswith('TypeError')
    assert run_python(WITH + code).stdout.splitlines()[-1] == '[0.01, 0, 0.01, 0, 0, 0.01, 0]'

import json
import os

import numpy as np
import pytest

from mmaction_microaction.inference.onnx_model import OnnxRecognizer
from mmaction_microaction.inference.onnx_safety.pipeline import ALLOWED, load_pipeline
from mmaction_microaction.inference.windows import WindowPipeline

VALID = [
    {'type': 'DecordInit', 'io_backend': 'disk', '_scope_': 'mmaction'},
    {'type': 'SampleFrames', 'clip_len': 1, 'num_clips': 8, 'test_mode': True},
    {'type': 'DecordDecode'},
    {'type': 'Resize', 'scale': [-1, 64]},
    {'type': 'CenterCrop', 'crop_size': 56},
    {'type': 'FormatShape', 'input_format': 'NCHW'},
    {'type': 'PackActionInputs', 'algorithm_keys': []},
]
EVIL = {'type': 'subprocess.Popen', 'args': ['true']}


def with_step(**step):
    return json.dumps([*VALID, step])


def test_an_allowed_pipeline_packs_frames():
    pipeline = WindowPipeline(load_pipeline(json.dumps(VALID)))
    assert pipeline.pack(30, [np.zeros((80, 96, 3), np.uint8)] * 8).shape == (8, 3, 56, 56)


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        (with_step(**EVIL), 'subprocess.Popen'),
        (with_step(type='mmengine::Compose', transforms=[]), 'mmengine::Compose'),
        (with_step(type='mmaction.Resize', scale=[8, 8]), 'mmaction.Resize'),
        (with_step(type='os.systemDecode', command='true'), 'os.systemDecode'),
        (with_step(type='RandomApply', transforms=[EVIL]), r'RandomApply, subprocess\.Popen'),
        (with_step(type='Resize', scale=EVIL), r'subprocess\.Popen'),
        (with_step(type='PackActionInputs', collect_keys=[['imgs', {'deep': EVIL}]]), r'subprocess\.Popen'),
        (with_step(type='Resize', scale=[8, 8], lazy={'type': 'CenterCrop', 'crop_size': 4}), 'contains CenterCrop'),
        (with_step(type='FrameStoreInit', path='/etc/passwd'), 'FrameStoreInit'),
        (with_step(type=['Resize']), r'\["Resize"\]'),
        (with_step(type=None), 'pipeline contains'),
        (with_step(scale=[8, 8]), 'pipeline contains'),
        (json.dumps([*VALID, ['Resize']]), r'\["Resize"\]'),
        (json.dumps([*VALID, [EVIL]]), r'subprocess\.Popen'),
        (with_step(type='Fuse', _scope_='os'), '_scope_'),
        (with_step(type='Fuse', _base_='x.py'), '_base_'),
        (with_step(type='Fuse', __class__='x'), '__class__'),
        (with_step(type='DecordInit', io_backend='http'), 'io_backend'),
        (with_step(type='DecordInit', backend_args={'path': '/etc'}), 'backend_args'),
        (with_step(type='PyAVInit', file_client_args={'backend': 'petrel'}), 'file_client_args'),
        (with_step(type='PackActionInputs', collect_keys=['__class__', 'a.b']), 'collect_keys'),
        (with_step(type='Resize', scale=[10**9, 10**9]), 'scale'),
        (with_step(type='Resize', scale=1e9), 'scale'),
        (with_step(type='Resize', scale=[-1, -1]), 'scale'),
        (with_step(type='Resize', scale=[True, 8]), 'scale'),
        (with_step(type='CenterCrop', crop_size=10**30), 'crop_size'),
        (with_step(type='SampleFrames', clip_len=1, num_clips=10**9), 'num_clips'),
        (with_step(type='SampleFrames', clip_len=1024, num_clips=1024), r'8,388,608 frames'),
        (with_step(type='DenseSampleFrames', clip_len=64, num_clips=2), r'10,240 frames'),
        (with_step(type='SampleFrames', clip_len=1, frame_interval=float('nan')), 'frame_interval'),
        (json.dumps([*VALID, dict(type='Resize', scale=[1024, 1024]), *[dict(type='TenCrop', crop_size=1024)] * 2]),
         '100 crops'),
        ('[' * 100_000, 'nested too deep'),
        ('{"type": "Resize"}', 'list of 1 to 64'),
        (json.dumps(VALID * 10), 'list of 1 to 64'),
        ('[]', 'list of 1 to 64'),
        ('null', 'list of 1 to 64'),
    ],
)  # fmt: skip
def test_other_transforms_and_arguments_are_rejected(text, named):
    with pytest.raises(ValueError, match=named):
        load_pipeline(text)


def test_every_allowed_transform_can_be_built():
    from mmaction.registry import TRANSFORMS

    import mmaction_microaction  # noqa: F401

    assert [name for name in ALLOWED if name not in TRANSFORMS.module_dict] == []


def test_file_with_code_is_rejected_and_not_run(tmp_path):
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('Identity', ['inputs'], ['scores'])],
        'identity',
        [value('inputs', onnx.TensorProto.FLOAT, ['N', 8, 3, 8, 8])],
        [value('scores', onnx.TensorProto.FLOAT, ['N', 8, 3, 8, 8])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)], ir_version=8)
    ran = tmp_path / 'ran'
    metadata = {'classes': '[]', 'config': 'manet', 'mmaction_microaction': '1'}
    pipeline = [{'type': 'os.mkdir', 'path': os.fspath(ran)}, {'type': 'DecordDecode'}]
    onnx.helper.set_model_props(model, {'pipeline': json.dumps(pipeline), **metadata})
    onnx.save(model, tmp_path / 'evil.onnx')
    with pytest.raises(ValueError, match=r'evil\.onnx is refused: .*os\.mkdir'):
        OnnxRecognizer(tmp_path / 'evil.onnx')
    assert not ran.exists()
    # The file is dangerous: MMEngine itself runs the code.
    with pytest.raises(TypeError):
        WindowPipeline(pipeline)
    assert ran.is_dir()

    # The classes, the graph and the length of the metadata are checked, too.
    for changed, message in (
        ({'pipeline': json.dumps(VALID)}, r'scores .* shape \[.*8'),
        ({'pipeline': ' ' * 2**20 + json.dumps(VALID)}, 'characters of metadata in pipeline'),
    ):
        onnx.helper.set_model_props(model, {**metadata, **changed})
        onnx.save(model, tmp_path / 'evil.onnx')
        with pytest.raises(ValueError, match=message):
            OnnxRecognizer(tmp_path / 'evil.onnx')

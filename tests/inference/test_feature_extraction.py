import copy
import sqlite3

import numpy as np
import pytest
import torch
from helpers.detection import write_tiny_mma52
from helpers.support import ROOT
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmaction_microaction.cli import main
from mmaction_microaction.datasets.feature_store import FeatureSettings, FeatureStore, FeatureStoreWriter
from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.inference.detector import TorchDetector
from mmaction_microaction.inference.detector_export import export_detector
from mmaction_microaction.inference.feature_extraction import FeatureNetwork, make_feature_store
from mmaction_microaction.models.detectors.joined_checkpoint import join_checkpoints

TINY = ROOT / 'tests' / 'data' / 'manet_r18_tiny.py'
PYRAMID = ROOT / 'configs' / 'mma52' / 'manet_r50_pyramid_mma52.py'
pytestmark = pytest.mark.usefixtures('tiny_resnets_in_module')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_tiny_mma52(tmp_path_factory.mktemp('mma52'))


def save(config, path, seed=0):
    """Save a network with random weights."""
    torch.manual_seed(seed)
    torch.save({'state_dict': MODELS.build(config.model).state_dict()}, path)
    return path


@pytest.fixture(scope='module')
def manet(tmp_path_factory):
    return save(Config.fromfile(TINY), tmp_path_factory.mktemp('manet') / 'manet.pth')


def dataset_of(data, split='val'):
    videos = dict(video=str(data / f'videos_{split}'))
    return dict(type='MMA52Dataset', ann_file=str(data / f'{split}.csv'), data_prefix=videos)


def read_all(path):
    store = FeatureStore(path)
    return {name: store.read(name) for name in store.names()}


def test_command_stores_a_step_per_frame_of_every_video(data, manet, tmp_path, capsys):
    arguments = [str(TINY), str(manet), str(data), '--out', str(tmp_path), '--name', 'manet', '--workers', '0']
    main('extract-features', [*arguments, '--device', 'cpu'])
    assert {path.name for path in tmp_path.iterdir()} == {'manet_train', 'manet_val'}
    main('extract-features', [*arguments, '--device', 'cpu', '--splits', 'train', 'val', 'test'])
    assert FeatureStore(tmp_path / 'manet_test').names() == {'test0000', 'test0001', 'test0002'}
    assert 'manet_val: ' in capsys.readouterr().out.replace('\n', '')
    found = read_all(tmp_path / 'manet_val')
    steps = {'val0000': 10, 'val0001': 7, 'val0002': 5}  # 38, 25 and 20 frames at 30 fps, in steps of 1 / 7.5 seconds
    assert {name: features.shape for name, features in found.items()} == {n: (s, 64) for n, s in steps.items()}
    settings = FeatureStore(tmp_path / 'manet_val').settings
    assert settings.config == 'manet_r18_tiny'
    assert settings.steps_per_second == settings.frames_per_second == 7.5
    assert settings == FeatureStore(tmp_path / 'manet_train').settings


def test_an_interrupted_run_keeps_its_videos(data, manet, tmp_path, monkeypatch):
    network = FeatureNetwork(TINY, manet, device='cpu')
    path = tmp_path / 'features'
    seen = []

    def stop_at_second_video(done, total):
        seen.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_feature_store(network, dataset_of(data), path, progress=stop_at_second_video)
    assert not path.exists()
    assert make_feature_store(network, dataset_of(data), path) == 1
    assert seen == [(1, 3), (2, 3)]
    assert make_feature_store(network, dataset_of(data), path) == 0
    whole = tmp_path / 'whole'
    assert make_feature_store(network, dataset_of(data), whole) == 3
    for name, features in read_all(whole).items():
        np.testing.assert_array_equal(read_all(path)[name], features)


def test_a_store_of_another_network_rate_or_table_is_not_reused(data, manet, tmp_path):
    network = FeatureNetwork(TINY, manet, device='cpu')
    path = tmp_path / 'features'
    make_feature_store(network, dataset_of(data), path)
    faster = FeatureNetwork(TINY, manet, rate=15, device='cpu')
    other = FeatureNetwork(TINY, save(Config.fromfile(TINY), tmp_path / 'other.pth', seed=1), device='cpu')
    assert len({network.fingerprint, faster.fingerprint, other.fingerprint}) == 3
    assert network.fingerprint == FeatureNetwork(TINY, manet, device='cpu').fingerprint
    for changed in (faster, other):
        with pytest.raises(ValueError, match='was made with FeatureSettings'):
            make_feature_store(changed, dataset_of(data), path)
    with pytest.raises(ValueError, match=r'lacks 3 videos of .*train\.csv, for example train0000: .*--name'):
        make_feature_store(network, dataset_of(data, 'train'), path)


def write_frame_store(data, path, settings, split):
    """Write a frame store whose settings say that its frames are cropped, without a search for people."""
    make_frame_store(data / f'{split}.csv', data / f'videos_{split}', path, settings._replace(crop='none'))
    connection = sqlite3.connect(path)
    connection.execute('UPDATE settings SET crop = ?', (settings.crop,))
    connection.commit()
    connection.close()


def test_features_say_which_frames_the_network_saw(data, manet, tmp_path):
    """Features of cropped, of smaller and of other frames are told apart, and a dataset says how they were cropped."""
    frames = {'auto': FrameSettings(32, 90, 'auto'), 'small': FrameSettings(24, 90), 'whole': FrameSettings(32, 90)}
    network = FeatureNetwork(TINY, manet, device='cpu')
    found = {}
    for name, settings in frames.items():
        write_frame_store(data, tmp_path / f'{name}_val', settings, 'val')
        from_frames = dict(dataset_of(data), data_prefix=dict(video=str(tmp_path / f'{name}_val')))
        make_feature_store(network, from_frames, tmp_path / name)
        found[name] = FeatureStore(tmp_path / name).settings
        assert (found[name].crop, found[name].short_side) == (settings.crop, settings.short_side)
    make_feature_store(network, dataset_of(data), tmp_path / 'videos')
    found['videos'] = FeatureStore(tmp_path / 'videos').settings
    assert (found['videos'].crop, found['videos'].short_side) == ('none', 0)
    assert len({settings.fingerprint for settings in found.values()}) == 4
    with pytest.raises(ValueError, match=r"was made with .*crop='auto', short_side=32"):
        make_feature_store(network, dataset_of(data), tmp_path / 'auto')
    for name in found:
        pipeline = [dict(type='LoadFeatures', path=str(tmp_path / name)), dict(type='PackDetectionInputs')]
        dataset = DATASETS.build(dict(dataset_of(data), check_videos=False, pipeline=pipeline))
        assert dataset.metainfo.get('crop') == ('auto' if name == 'auto' else None)


def test_features_are_those_of_the_recognizer(data, manet):
    """The features of a clip of eight frames are those that the recognizer averages and classifies."""
    config = Config.fromfile(TINY)
    network = FeatureNetwork(TINY, manet, device='cpu')
    model = MODELS.build(config.model).eval()
    model.load_state_dict(torch.load(manet)['state_dict'], strict=False)
    frames = torch.randint(256, (8, 3, 64, 64), dtype=torch.uint8)
    batch = model.data_preprocessor(dict(inputs=[frames], data_samples=None))
    with torch.no_grad():
        maps = model.backbone(batch['inputs'].flatten(0, 1))
    torch.testing.assert_close(network(frames), maps.mean(dim=(2, 3)))


def detector_config(**model):
    config = Config.fromfile(PYRAMID)
    config.model.neck.update(in_channels=64, channels=16)
    config.model.head.update(in_channels=16, channels=16)
    config.model.update(model)
    return config


def test_a_joined_detector_finds_the_same_in_frames_as_in_features(data, manet, tmp_path):
    store = tmp_path / 'features_val'
    network = FeatureNetwork(TINY, manet, device='cpu')
    make_feature_store(network, dataset_of(data), store)
    on_features = detector_config()
    checkpoint = save(on_features, tmp_path / 'detector.pth')
    main('join', [str(checkpoint), str(manet), '--out', str(tmp_path / 'whole.pth')])

    mean, std = ([float(v) for v in getattr(network.preprocessor, name).flatten()] for name in ('mean', 'std'))
    on_frames = detector_config(
        backbone=dict(Config.fromfile(TINY).model.backbone),
        data_preprocessor=dict(type='DetectionDataPreprocessor', mean=mean, std=std),
    )
    loading = [dict(type='LoadFeatures', path=str(store)), dict(type='PackDetectionInputs')]
    found = []
    for config, weights, pipeline in (
        (on_features, checkpoint, loading),
        (on_frames, tmp_path / 'whole.pth', network.pipeline),
    ):
        model = MODELS.build(config.model).eval()
        model.load_state_dict(torch.load(weights)['state_dict'])
        dataset = DATASETS.build(dict(dataset_of(data), pipeline=pipeline, test_mode=True))
        with torch.no_grad():
            batch = model.data_preprocessor(pseudo_collate([dataset[i] for i in range(3)]))
            found.append([copy.copy(s.pred_detections) for s in model(**batch, mode='predict')])
    for features, frames in zip(*found):
        # Soft-NMS may exchange the order of almost equal scores, so the sorted scores are compared.
        torch.testing.assert_close(frames['scores'], features['scores'], rtol=1e-4, atol=1e-7)
        same = (frames['labels'] == features['labels']).float().mean()
        assert same > 0.95


def train_on_store(store, data, path):
    """Save a detector after a step of training on the features of a store, and return its path."""
    pipeline = [dict(type='LoadFeatures', path=str(store)), dict(type='PackDetectionInputs')]
    dataset = DATASETS.build(dict(dataset_of(data), check_videos=False, pipeline=pipeline))
    detector = MODELS.build(detector_config().model).train()
    batch = pseudo_collate([dataset[0]])
    detector.loss(batch['inputs'], batch['data_samples'])
    torch.save({'state_dict': detector.state_dict(), 'meta': dict(dataset_meta=dataset.metainfo)}, path)
    return path


def test_only_the_backbone_of_the_features_is_joined(data, manet, tmp_path, recwarn):
    """The checkpoint may have another head, no counters of batch norms, and the prefix of several processes."""
    write_frame_store(data, tmp_path / 'frames_val', FrameSettings(64, 90, 'auto'), 'val')
    from_frames = dict(dataset_of(data), data_prefix=dict(video=str(tmp_path / 'frames_val')))
    make_feature_store(FeatureNetwork(TINY, manet, device='cpu'), from_frames, tmp_path / 'features')
    detector = train_on_store(tmp_path / 'features', data, tmp_path / 'detector.pth')

    weights = torch.load(manet)['state_dict']
    weights['cls_head.fc_cls.bias'] += 1
    same = {f'module.{n}': tensor for n, tensor in weights.items() if not n.endswith('num_batches_tracked')}
    torch.save({'state_dict': same}, tmp_path / 'same.pth')
    assert join_checkpoints(detector, tmp_path / 'same.pth', tmp_path / 'whole.pth') > 0
    assert not [warning for warning in recwarn if warning.category is UserWarning]
    assert torch.load(tmp_path / 'whole.pth')['meta']['dataset_meta']['crop'] == 'auto'

    other = save(Config.fromfile(TINY), tmp_path / 'other.pth', seed=1)
    with pytest.raises(ValueError, match=r'other\.pth has another backbone .*detector\.pth .*extract-features'):
        join_checkpoints(detector, other, tmp_path / 'wrong.pth')
    assert not (tmp_path / 'wrong.pth').exists()
    content = torch.load(detector)
    for name in ('_backbone_fingerprint', '_rates'):
        del content['state_dict'][name]
    torch.save(content, tmp_path / 'earlier.pth')
    with pytest.warns(UserWarning, match=r'earlier\.pth does not say which backbone'):
        join_checkpoints(tmp_path / 'earlier.pth', other, tmp_path / 'whole.pth')


def test_a_joined_detector_refuses_frames_at_another_rate(data, manet, tmp_path):
    network = FeatureNetwork(TINY, manet, rate=15, feature_stride=2, device='cpu')
    make_feature_store(network, dataset_of(data), tmp_path / 'features')
    detector = train_on_store(tmp_path / 'features', data, tmp_path / 'detector.pth')
    join_checkpoints(detector, manet, tmp_path / 'whole.pth')
    config = Config.fromfile(ROOT / 'configs' / 'mma52' / 'manet_r50_frames_mma52.py')
    config.model.backbone = Config.fromfile(TINY).model.backbone
    config.model.neck.update(in_channels=64, channels=16)
    config.model.head.update(in_channels=16, channels=16)
    message = r'whole\.pth: .*15 frames and 7\.5 steps .*rate=15 .*model\.feature_stride=2'
    with pytest.raises(ValueError, match=message):
        TorchDetector(config, tmp_path / 'whole.pth', 'cpu')
    with pytest.raises(ValueError, match=message):
        export_detector(config, tmp_path / 'whole.pth', tmp_path / 'whole.onnx', 9)
    # The options of the guide.
    config.merge_from_dict({'test_dataloader.dataset.pipeline.1.rate': 15, 'model.feature_stride': 2})
    assert TorchDetector(config, tmp_path / 'whole.pth', 'cpu').feature_stride == 2


def test_joining_in_the_wrong_order_is_named(manet, tmp_path):
    checkpoint = save(detector_config(), tmp_path / 'detector.pth')
    with pytest.raises(ValueError, match='pass the detector first'):
        join_checkpoints(manet, checkpoint, tmp_path / 'whole.pth')
    with pytest.raises(ValueError, match='has no backbone'):
        join_checkpoints(checkpoint, checkpoint, tmp_path / 'whole.pth')
    assert not (tmp_path / 'whole.pth').exists()


def test_videomae_keeps_a_step_for_two_frames(data, tmp_path):
    config = Config.fromfile(ROOT / 'configs/baselines/videomae_vit-b_16x4_ma52.py')
    config.model.backbone.update(img_size=32, embed_dims=24, depth=1, num_heads=4)
    config.model.cls_head.update(in_channels=24)
    for step in config.val_dataloader.dataset.pipeline:
        if 'crop_size' in step:
            step.crop_size = 32
    network = FeatureNetwork(config, save(config, tmp_path / 'vit.pth'), feature_stride=2, device='cpu')
    assert (network.clip_len, network.feature_stride) == (16, 2)
    make_feature_store(network, dataset_of(data), tmp_path / 'features')
    settings = FeatureStore(tmp_path / 'features').settings
    assert (settings.frames_per_second, settings.steps_per_second) == (7.5, 3.75)
    assert {name: f.shape for name, f in read_all(tmp_path / 'features').items()} == {
        'val0000': (5, 24), 'val0001': (4, 24), 'val0002': (3, 24)
    }  # fmt: skip


def test_a_dataset_compares_its_table_with_the_features_before_the_first_video(data, tmp_path):
    with FeatureStoreWriter(tmp_path / 'features_train', FeatureSettings('manet', 1, 7.5, 'float32')) as store:
        for name in ('train0000', 'train0001', 'train0002'):
            store.add(name, np.ones((8, 4)))
        store.publish()
    pipeline = [dict(type='LoadFeatures', path=str(tmp_path / 'features_train')), dict(type='PackDetectionInputs')]
    assert len(DATASETS.build(dict(dataset_of(data, 'train'), check_videos=False, pipeline=pipeline))) == 3
    with pytest.raises(ValueError, match=r'features_train: 3 of the 3 videos of .*val\.csv are missing') as error:
        DATASETS.build(dict(dataset_of(data), check_videos=False, pipeline=pipeline))
    assert 'starting with val0000' in str(error.value)
    assert 'path of LoadFeatures' in str(error.value)
    assert 'microaction extract-features --splits val"' in str(error.value)
    assert 'elete' not in str(error.value)


@pytest.mark.parametrize(
    'step', [dict(type='TenCrop', crop_size=64), dict(type='ThreeCrop', crop_size=64), dict(type='AddFlippedViews')]
)
def test_several_views_of_a_frame_are_refused(manet, step):
    config = Config.fromfile(TINY)
    pipeline = config.val_dataloader.dataset.pipeline
    pipeline.insert(len(pipeline) - 2, step)
    assert pipeline[-2].type == 'FormatShape'
    with pytest.raises(ValueError, match=rf'several times \({step["type"]}\)'):
        FeatureNetwork(config, manet, device='cpu')


def test_a_detector_of_features_has_no_backbone(tmp_path):
    config = detector_config()
    with pytest.raises(ValueError, match='MicroActionDetector without a backbone'):
        FeatureNetwork(config, save(config, tmp_path / 'detector.pth'), device='cpu')

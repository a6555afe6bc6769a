import json
import re
import time

import pytest
import torch

from mmaction_microaction.benchmarks import TINY, GpuBenchmark, GpuSettings, gpu
from mmaction_microaction.cli import main

if torch.cuda.is_available():
    pytest.skip('these tests are about machines without a GPU', allow_module_level=True)


@pytest.fixture
def leave_sections(monkeypatch):
    """Return a function that leaves only some sections of the benchmark."""

    def leave(*sections):
        monkeypatch.setattr(
            GpuBenchmark, '_list_steps', lambda self: (step for step in list_steps(self) if step[0] in sections)
        )

    list_steps = GpuBenchmark._list_steps
    return leave


@pytest.mark.usefixtures('one_block_per_stage')
def test_command_prints_and_writes_every_section(tmp_path, capsys, monkeypatch, tiny_ma52):
    def compile_without_compiler(function):
        raise RuntimeError('no C++ compiler\nSet TORCHDYNAMO_VERBOSE=1 for the stack trace')

    monkeypatch.setattr(torch, 'compile', compile_without_compiler)
    file, videos = tmp_path / 'gpu.json', tiny_ma52 / 'videos_train'
    main('benchmark', ['gpu', '--tiny', '--minutes', '20', '--videos', str(videos), '--json', str(file)])
    written, printed = json.loads(file.read_text()), capsys.readouterr().out

    assert written['machine']['card'] is None
    assert f'PyTorch {torch.__version__}' in written['machine']['description']
    assert written['settings'] == json.loads(json.dumps(TINY._asdict()))
    assert {name: [row['title'] for row in written[name]] for name in gpu.SECTIONS} == {
        'precision': list(gpu.PRECISIONS),
        'training': list(gpu.TRAINING),
        'inference': ['batch 1', 'batch 2'],
        'loading': ['videos', 'frame store'],
        'recipe': list(gpu.TRAINING),
    }
    # On the CPU, every float32 is the same float32, and half precision is bfloat16 in training.
    cpu, *others, bfloat16 = written['precision']
    assert {key: cpu[key] for key in others[0] if key != 'title'} == {
        key: others[0][key] for key in others[0] if key != 'title'
    }
    assert 0 < cpu['scores'] < 1e-4 < bfloat16['scores'] < 0.1
    *trained, compiled = written['training']
    for row in trained:
        assert len(row['tsm_seconds']) == len(row['manet_seconds']) == TINY.rounds
        assert row['manet_ms'] == pytest.approx(1000 * sum(row['manet_seconds']) / TINY.rounds)  # of two rounds
        assert row['manet_mib'] is None
    assert compiled == {'title': 'compile=True', 'not_measured': 'RuntimeError: no C++ compiler'}
    for batch, row in zip(TINY.batches, written['inference']):
        assert row['float32'] * sum(row['float32_seconds']) / TINY.rounds == pytest.approx(batch)
    eager, *_, missing = written['recipe']
    assert eager['clips_per_second'] == pytest.approx(1000 * TINY.clips / trained[0]['manet_ms'])
    assert eager['hours_here_videos'] >= eager['hours'] > 80 * 11_250 / eager['clips_per_second'] / 3600
    assert 'compile=True' in missing['not_measured']
    for heading in ('float64', 'TSM', 'Inference', 'Loading', '11,250'):
        assert heading in printed
    assert re.search(rf'^eager +{trained[0]["tsm_ms"]:.1f} +{trained[0]["manet_ms"]:.1f} ', printed, re.M)


def test_measurements_stop_in_time(monkeypatch, leave_sections):
    leave_sections('inference', 'recipe')
    finished = []

    def measure(self, batch):
        time.sleep(60)
        finished.append(batch)

    monkeypatch.setattr(GpuBenchmark, '_measure_inference', measure)
    first, second, *recipe = GpuBenchmark(TINY).run(minutes=0.5 / 60)
    assert not finished
    assert [first.title, second.title] == ['batch 1', 'batch 2']
    assert 'stopped' in first.reason
    assert 'over' in second.reason
    assert '--minutes' in first.reason
    assert {'eager', 'compile=True'} <= {row.title for row in recipe}
    assert all(row.reason for row in recipe)


def test_batches_that_exceed_the_memory_are_reported(monkeypatch, leave_sections):
    def run_inference(model, batch):
        if len(batch['inputs']) > 1:
            raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation')
        return original(model, batch)

    original = gpu.run_inference
    monkeypatch.setattr(gpu, 'run_inference', run_inference)
    leave_sections('inference')
    first, second = GpuBenchmark(TINY).run()
    assert first.values['float32'] > 0
    assert second.as_dict() == {
        'title': 'batch 2',
        'not_measured': 'OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
    }
    assert str(second).endswith('Tried to allocate 2.00 GiB.')


def test_clips_are_rendered_without_a_folder(leave_sections):
    leave_sections('loading')
    rows = list(GpuBenchmark(TINY).run())
    assert [(row.title, row.values['source']) for row in rows] == [
        ('videos', 'rendered clips'),
        ('frame store', 'rendered clips'),
    ]
    assert min(row.values['clips_per_second'] for row in rows) > 0


def test_recipe_is_that_of_the_config():
    config = gpu.read_backbone_config(gpu.find_shipped(gpu.MANET))
    settings = GpuSettings()
    assert config.train_dataloader.batch_size == config.val_dataloader.batch_size == settings.clips
    assert config.model.backbone.num_segments == settings.num_segments
    assert config.model.backbone.depth == settings.depth
    assert config.train_cfg.max_epochs == 80
    assert settings.clips in settings.batches


def test_help_shows_only_defaults_that_mean_something(capsys):
    with pytest.raises(SystemExit, match='0'):
        main('benchmark', ['gpu', '--help'])
    printed = capsys.readouterr().out
    assert re.findall(r'\(default: .*?\)', ' '.join(printed.split())) == ['(default: 5)']


@pytest.mark.parametrize(('cuda', 'remedy'), [(None, r'docs/installation\.md'), ('13.0', 'nvidia-smi')])
def test_machine_without_gpu_is_reported(cuda, remedy, monkeypatch):
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    with pytest.raises(SystemExit, match=rf'^error: .*no CUDA GPU; .*{remedy}.*--tiny'):
        main('benchmark', ['gpu'])

import csv
import json
import re
import runpy
import statistics
import sys

import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.processes import run_tool
from helpers.support import ROOT
from mmengine.config import Config
from mmengine.runner import Runner

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.report.leaderboard import rank, to_csv, to_markdown
from mmaction_microaction.report.published import read_published
from mmaction_microaction.report.scored_runs import read_run, read_runs
from mmaction_microaction.structures.aligned_predictions import write_predictions

TOOL = ROOT / 'tools' / 'leaderboard.py'
KEYS = ('F1_mean', 'coarse/F1_macro', 'fine/F1_macro', 'coarse/F1_micro', 'fine/F1_micro', 'fine/top5')
PUBLISHED = {'manet': dict(zip(KEYS, (65.59, 72.87, 49.22, 78.95, 61.33, 88.83)))}
SEEDS = [(66, 73, 49, 79, 63, 88), (65, 72, 48, 78, 62, 87), (64.6, 71.4, 48, 77, 62, 85)]


def write_run(work_dir, config, numbers, time='20240102_030405', **others):
    """Write the files of a test run."""
    (work_dir / time / 'vis_data').mkdir(parents=True)
    (work_dir / f'{config}.py').touch()
    result = {**dict(zip(KEYS, numbers)), **others, 'data_time': 0.1, 'time': 0.5}
    (work_dir / time / f'{time}.json').write_text(json.dumps(result))
    # Training writes one object per line to this file, and its validations write their metrics to it, too.
    (work_dir / time / 'vis_data' / f'{time}.json').write_text('{"lr": 1, "step": 1}\n{"F1_mean": 99, "step": 2}\n')
    return work_dir


@pytest.fixture
def seeds(tmp_path):
    return [write_run(tmp_path / f'seed{seed}', 'manet', numbers) for seed, numbers in enumerate(SEEDS)]


def test_newest_result_is_read(tmp_path):
    for time, value in (('20240102_030405', 1), ('20240203_000000', 2), ('20231231_235959', 3)):
        write_run(tmp_path, 'manet', [value], time)
    # The newest test only dumped predictions.
    write_run(tmp_path, 'manet', [], '20250101_000000')
    run = read_run(tmp_path)
    assert (run.config, run.metrics['F1_mean']) == ('manet', 2)
    assert run.path == tmp_path / '20240203_000000' / '20240203_000000.json'


def test_table_of_one_run(tmp_path):
    runs, problems = read_runs([write_run(tmp_path / 'w', 'manet', SEEDS[0])])
    assert problems == []
    lines = to_markdown(rank(runs, PUBLISHED)).splitlines()
    assert [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[:5]] == [
        ['config', '', 'F1_mean', 'coarse F1_macro', 'fine F1_macro', 'coarse F1_micro', 'fine F1_micro', 'fine top-5'],
        ['------', '-' * 10, '------:', *('-' * width + ':' for width in (14, 12, 14, 12, 9))],
        ['manet', '1 run', '66.00', '73.00', '49.00', '79.00', '63.00', '88.00'],
        ['manet', 'published', '65.59', '72.87', '49.22', '78.95', '61.33', '88.83'],
        ['manet', 'difference', '+0.41', '+0.13', '-0.22', '+0.05', '+1.67', '-0.83'],
    ]
    # The columns are aligned as plain text.
    assert len({len(line) for line in lines[:5]}) == 1
    assert lines[5:] == [
        '',
        'In percent; published: Guo et al., Tables II to V.',
        f'- manet: {tmp_path}/w/20240102_030405/20240102_030405.json',
    ]


def test_runs_with_another_evaluator_are_not_averaged(tmp_path):
    evaluator = "dict(type='MicroActionMetric', macro={!r})"
    evaluators = [
        evaluator.format('f1_macro'),
        # The option --dump adds DumpResults.
        f"[{evaluator.format('f1_macro')}, dict(type='DumpResults', out_file_path='p.pkl')]",
        evaluator.format('f1_macro_of_means'),
    ]
    folders = [tmp_path / f'run{index}' for index in range(3)]
    for folder, text in zip(folders, evaluators):
        write_run(folder, 'manet', SEEDS[0])
        (folder / 'manet.py').write_text(
            f"model = dict(backbone=dict(pretrained='{folder}'))\ntest_evaluator = {text}\n"
        )
    runs, problems = read_runs(folders)
    assert [run.path.parents[1] for run in runs] == folders[:2]
    (problem,) = problems
    assert problem.startswith(f'{folders[2]}: ')
    assert f'{folders[0]} (test_evaluator.0.macro is f1_macro_of_means, not f1_macro)' in problem


def test_config_of_the_test_itself_is_compared(tmp_path):
    folders = [write_run(tmp_path / name, 'manet', SEEDS[0]) for name in 'ab']
    for folder, macro in zip(folders, ('f1_macro_of_means', 'f1_macro')):
        evaluator = "test_evaluator = dict(type='MicroActionMetric', macro={!r})"
        (folder / '20240102_030405' / 'vis_data' / 'config.py').write_text(evaluator.format(macro))
        (folder / 'manet.py').write_text(evaluator.format('f1_macro'))
    runs, (problem,) = read_runs(folders)
    assert len(runs) == 1
    assert 'test_evaluator.0.macro is f1_macro, not f1_macro_of_means' in problem


@pytest.mark.parametrize(
    ('options', 'differences'),
    [
        ({}, ''),
        ({'model.backbone.pretrained': None, 'model.backbone.with_cp': True}, ''),
        ({'test_dataloader.dataset.ann_file': '/mnt/ma52/val_list_videos.txt'}, ''),
        ({'test_evaluator.macro': 'f1_macro_of_means'}, 'test_evaluator.0.macro is f1_macro_of_means, not None'),
        (
            {'test_dataloader.dataset.ann_file': 'mine/list.txt'},
            'test_dataset.ann_file is mine/list.txt, not ma52/val_list_videos.txt',
        ),
    ],
)
def test_only_runs_of_the_shipped_config_are_compared_with_the_paper(tmp_path, options, differences):
    config = Config.fromfile(ROOT / 'configs' / 'manet_r50_8x1_ma52.py')
    config.merge_from_dict(options)
    write_run(tmp_path, 'manet_r50_8x1_ma52', SEEDS[0])
    config.dump(tmp_path / '20240102_030405' / 'vis_data' / 'config.py')
    (run,), problems = read_runs([tmp_path])
    assert (problems, run.differences) == ([], differences)
    (table,) = rank([run], read_published())
    assert [row.kind for row in table.rows] == (['mean'] if differences else ['mean', 'published', 'difference'])
    assert ('not compared with the paper' in to_markdown([table])) == bool(differences)


def test_files_of_predictions_are_runs_of_their_own(tmp_path, seeds):
    scores = np.eye(52)[[9, 25]]
    files = [tmp_path / folder / 'fused.pkl' for folder in ('a', 'b')]
    for path, labels in zip(files, ([9, 24], None)):
        path.parent.mkdir()
        write_predictions(path, ['x.mp4', 'y.mp4'], scores, MA52, labels)
    runs, (problem,) = read_runs([seeds[0], files[0], files[0]])[0], read_runs([files[1]])[1]
    assert [run.config for run in runs] == ['manet', str(files[0])]
    # Half of the actions are right, and both body parts are.
    assert (runs[1].metrics['fine/F1_micro'], runs[1].metrics['coarse/F1_micro']) == (50, 100)
    assert problem.startswith(f'{files[1]} has no true labels')
    # The paper is named only with its results, and a path only once.
    text = to_markdown(rank(runs[1:], PUBLISHED))
    assert text.count(str(files[0])) == 1
    assert text.endswith('\n\nIn percent.')


def test_code_in_configs_of_work_dirs_is_not_run(seeds, tmp_path):
    ran = tmp_path / 'ran'
    for folder, name in ((seeds[0], 'manet.py'), (seeds[1], '20240102_030405/vis_data/config.py')):
        (folder / name).write_text(f'model = dict(type="MANet")\nopen({str(ran)!r}, "w")\n')
    (seeds[2] / 'manet.py').write_text('test_evaluator = dict(macro=1)\n')
    runs, problems = read_runs(seeds)
    assert runs == []
    for problem, named in zip(
        problems, (r'manet.py, line 2', r'vis_data/config.py, line 2', 'manet.py is not the config')
    ):
        assert named in problem
    assert not ran.exists()


def test_seeds_are_reported_as_mean_and_standard_deviation(seeds):
    runs, _ = read_runs(seeds)
    (table,) = rank(runs, {})
    rows = table.rows
    assert [(row.kind, row.runs) for row in rows] == [('mean', 3), ('std', 3)]
    for key, numbers in zip(KEYS, zip(*SEEDS)):
        assert rows[0].metrics[key] == pytest.approx(np.mean(numbers))
        assert rows[1].metrics[key] == pytest.approx(np.std(numbers, ddof=1))
    # (66 + 65 + 64.6) / 3 = 65.2, and the root of (0.64 + 0.04 + 0.36) / 2 = 0.52.
    text = to_markdown([table])
    assert '| manet  | 3 runs | 65.20 ± 0.72 |' in text
    assert 'sample standard deviation' in text


def test_best_config_is_first_and_unrun_configs_are_an_option(tmp_path):
    write_run(tmp_path / 'a', 'tsm', [61])
    write_run(tmp_path / 'b', 'own', [64])
    runs, _ = read_runs([tmp_path / 'a', tmp_path / 'b'])
    (table,) = rank(runs, PUBLISHED)
    assert [row.config for row in table.rows] == ['own', 'tsm']
    (table,) = rank(runs, PUBLISHED, include_unrun=True)
    assert [(row.config, row.kind) for row in table.rows] == [('manet', 'published'), ('own', 'mean'), ('tsm', 'mean')]


def write_run_of(work_dir, config, numbers, label_set, **others):
    """Write the files of a test run on another label set, whose config names it."""
    write_run(work_dir, config, numbers, **others)
    (work_dir / f'{config}.py').write_text(f'test_dataloader = dict(dataset=dict(label_set={label_set!r}))\n')
    return work_dir


def test_label_sets_have_separate_tables(tmp_path):
    (tmp_path / 'gestures.txt').write_text('\n'.join(FOUR.names))
    fine = {'fine/F1_mean': 50, 'fine/F1_macro': 40, 'fine/F1_micro': 60, 'fine/top5': 100}
    folders = [
        write_run_of(tmp_path / 'a', 'manet', [], str(tmp_path / 'gestures.txt'), **fine),
        write_run_of(tmp_path / 'b', 'tsm', [], FOUR.to_dict(), **{**fine, 'fine/F1_mean': 70}),
        write_run_of(tmp_path / 'c', 'manet', SEEDS[0], TWO_HUNDRED.to_dict()),
        write_run(tmp_path / 'd', 'manet', SEEDS[0]),
    ]
    runs, problems = read_runs(folders)
    assert problems == []
    tables = rank(runs, PUBLISHED)
    assert [(table.label_set.title, [(row.config, row.kind) for row in table.rows]) for table in tables] == [
        ('MA-52', [('manet', 'mean'), ('manet', 'published'), ('manet', 'difference')]),
        ('gestures', [('tsm', 'mean'), ('manet', 'mean')]),
        ('Invented 200', [('manet', 'mean')]),
    ]
    text = to_markdown(tables)
    assert re.findall('^## (.*)', text, re.MULTILINE) == ['MA-52', 'gestures', 'Invented 200']
    own = to_markdown(tables[1:2]).splitlines()
    assert [[cell.strip() for cell in line.strip('|').split('|')] for line in (own[0], own[2])] == [
        ['config', '', 'fine F1_mean', 'fine F1_macro', 'fine F1_micro', 'fine top-5'],
        ['tsm', '1 run', '70.00', '40.00', '60.00', '100.00'],
    ]
    assert own[5] == 'In percent; label set: gestures.'
    assert 'Guo' not in '\n'.join(own)

    to_csv(tables, tmp_path / 'table.csv')
    with open(tmp_path / 'table.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [(row['config'], row['row'], row['label_set']) for row in rows] == [
        ('manet', 'mean', 'ma52'),
        ('manet', 'published', 'ma52'),
        ('manet', 'difference', 'ma52'),
        ('tsm', 'mean', 'gestures'),
        ('manet', 'mean', 'gestures'),
        ('manet', 'mean', 'invented'),
    ]
    assert (rows[3]['F1_mean'], rows[3]['fine/F1_mean'], rows[5]['F1_mean']) == ('', '70.00', '66.00')


def test_shipped_configs_with_another_label_set_are_not_compared_with_the_paper(tmp_path):
    write_run_of(tmp_path / 'w', 'manet_r50_8x1_ma52', SEEDS[0], TWO_HUNDRED.to_dict())
    (run,), problems = read_runs([tmp_path / 'w'])
    assert (problems, run.differences) == ([], '')
    (table,) = rank([run], read_published())
    assert [row.kind for row in table.rows] == ['mean']
    # --all adds the table of the paper.
    paper, _ = rank([run], read_published(), include_unrun=True)
    assert (paper.label_set.name, {row.kind for row in paper.rows}) == ('ma52', {'published'})


@pytest.mark.parametrize(
    ('label_set', 'message'),
    [
        ('absent.yaml', r'manet\.py: its label set is missing.*absent\.yaml'),
        ('nonsense', r'manet\.py: its label set is missing.*nonsense'),
        ({'name': 'x'}, r'manet\.py: its label set cannot be read'),
        (7, r'manet\.py: its label set cannot be read'),
    ],
)
def test_runs_with_an_unknown_label_set_are_reported(tmp_path, label_set, message):
    runs, (problem,) = read_runs([write_run_of(tmp_path / 'w', 'manet', SEEDS[0], label_set)])
    assert runs == []
    assert re.search(message, problem)


def test_folder_named_twice_is_one_run(seeds):
    runs, _ = read_runs([seeds[0], f'{seeds[0]}/', seeds[0] / '..' / seeds[0].name])
    assert len(runs) == 1


def test_metric_missing_from_one_run_has_no_mean(tmp_path):
    for name, extra in (('a', 50.0), ('b', float('nan'))):
        write_run(tmp_path / name, 'manet', SEEDS[0], **{'reversed_pairs/top1': extra})
    runs, _ = read_runs([tmp_path / 'a'])
    text = to_markdown(rank(runs, {}), extra=['reversed_pairs/top1']).splitlines()
    assert text[0].endswith('| fine top-5 | reversed_pairs/top1 |')
    assert text[2].endswith('|      88.00 |               50.00 |')
    runs, _ = read_runs([tmp_path / 'a', tmp_path / 'b'])
    text = to_markdown(rank(runs, {}), extra=['reversed_pairs/top1']).splitlines()
    assert text[2].endswith('| 88.00 ± 0.00 |                   - |')


def test_csv(seeds, tmp_path):
    to_csv(rank(read_runs(seeds)[0], PUBLISHED), tmp_path / 'table.csv', extra=['fine/top1'])
    with open(tmp_path / 'table.csv', newline='') as file:
        table = list(csv.reader(file))
    assert table[0] == ['config', 'row', 'runs', *KEYS, 'fine/top1', 'label_set']
    assert table[1] == ['manet', 'mean', '3', '65.20', '72.13', '48.33', '78.00', '62.33', '86.67', '', 'ma52']
    assert table[2][:4] == ['manet', 'std', '3', f'{statistics.stdev([66, 65, 64.6]):.2f}']
    assert table[3][:4] == ['manet', 'published', '', '65.59']
    assert table[4][:4] == ['manet', 'difference', '', '-0.39']


def test_formula_like_config_name_is_escaped_in_csv(tmp_path):
    runs, _ = read_runs([write_run(tmp_path / 'w', '=1+1', SEEDS[0], **{'@SUM': 1.0})])
    to_csv(rank(runs, {}), tmp_path / 'table.csv', extra=['@SUM'])
    with open(tmp_path / 'table.csv', newline='') as file:
        header, row = csv.reader(file)
    assert (header[-2], row[0], row[-2]) == ("'@SUM", "'=1+1", '1.00')


def test_published_numbers_come_from_the_metafiles():
    published = read_published()
    assert published['manet_r50_8x1_ma52']['F1_mean'] == 65.59
    assert published['tsm_r50_8x1_ma52']['fine/top5'] == 87.47
    assert published['manet_r50_8x1_ma52_nose']['coarse/F1_macro'] == 72.22
    assert all(row.keys() >= set(KEYS) for row in published.values())


def test_folders_other_than_work_dirs_are_rejected(tmp_path):
    def broken(name, text):
        folder = write_run(tmp_path / name, 'manet', [])
        (folder / '20240102_030405' / '20240102_030405.json').write_text(text)
        return folder

    two = write_run(tmp_path / 'two', 'manet', SEEDS[0])
    (two / 'tsm.py').touch()
    (tmp_path / 'empty').mkdir()
    folders = {
        tmp_path / 'absent': 'absent: no such folder',
        tmp_path / 'empty': r'empty: .*NAME\.py',
        two: r'two: .*\(manet, tsm\).*--work-dir',
        write_run(tmp_path / 'untested', 'manet', []): r'untested: no test result.*mim test mmaction manet\.py',
        broken('emotion', '{"Acc": 41.25, "mAP": 29.29}'): r'emotion: .*Acc, mAP but no F1_mean',
        broken('cut', '{"F1_mean": 65.59,'): r'20240102_030405\.json is not a test result \(.*line 1',
        broken('list', '[65.59]'): r'20240102_030405\.json is not a test result',
        broken('deep', '[' * 100_000): r'20240102_030405\.json is not a test result \(.*nested',
        broken('vast', f'{{"F1_mean": 1{"0" * 400}}}'): r'20240102_030405\.json is not a test result \(.*too large',
        broken('huge', f'{{"F1_mean": 1{" " * 2**20}}}'): r'20240102_030405\.json has 1 MiB',
        broken('true', '{"F1_mean": true}'): r'true: no test result',
    }
    for folder, message in folders.items():
        with pytest.raises(ValueError, match=message):
            read_run(folder)
    good = write_run(tmp_path / 'good', 'manet', SEEDS[0])
    runs, problems = read_runs([*folders, good])
    assert len(runs) == 1
    assert len(problems) == len(folders)


def test_tool_prints_the_table_even_if_it_cannot_be_written(seeds, tmp_path, monkeypatch, capsys):
    (tmp_path / 'file').touch()
    (tmp_path / 'folder.md').mkdir()
    for out, message in (('file/all', 'file cannot be a folder (File exists: '), ('folder', 'Is a directory')):
        monkeypatch.setattr(sys, 'argv', ['leaderboard', str(seeds[0]), '--out', str(tmp_path / out)])
        with pytest.raises(SystemExit, match=r'^error: ') as stop:
            runpy.run_path(str(TOOL), run_name='__main__')
        assert message in str(stop.value)
        assert str(tmp_path / out).removesuffix('/all') in str(stop.value)
        assert '| manet  | 1 run' in capsys.readouterr().out


@pytest.mark.slow
def test_reads_files_written_by_the_runner(tiny_ma52, tmp_path):
    config = Config.fromfile(ROOT / 'tests' / 'data' / 'manet_r18_tiny.py')
    config.work_dir = str(tmp_path / 'work')
    config.test_dataloader.dataset.ann_file = str(tiny_ma52 / 'val_list_videos.txt')
    config.test_dataloader.dataset.data_prefix.video = str(tiny_ma52 / 'videos_val')
    metrics = Runner.from_cfg(config).test()
    run = read_run(tmp_path / 'work')
    assert run.config == 'manet_r18_tiny'
    assert {key: run.metrics[key] for key in metrics} == pytest.approx(metrics)
    assert metrics.keys() >= set(KEYS)


@pytest.mark.slow
def test_tool_prints_the_table_and_then_the_problems(seeds, tmp_path):
    done = run_tool('leaderboard.py', *seeds, '--out', 'tables/all', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '65.20 ± 0.72' in done.stdout
    assert (tmp_path / 'tables' / 'all.md').read_text() == done.stdout
    assert len((tmp_path / 'tables' / 'all.csv').read_text().splitlines()) == 3
    done = run_tool('leaderboard.py', seeds[0], 'absent', '--extra', 'nonsense', '--all', cwd=tmp_path)
    assert done.returncode == 1
    assert 'uniformer_small_16x4_ma52' in done.stdout
    assert 'error: absent: no such folder' in done.stderr
    assert re.search(r'error: .*nonsense; .*F1_mean, coarse/F1_macro', done.stderr)
    assert 'Traceback' not in done.stderr

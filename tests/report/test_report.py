import pickle
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from helpers.figures import read_texts
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.processes import run_tool
from helpers.support import write_clip
from sklearn.metrics import f1_score, precision_recall_fscore_support

from mmaction_microaction.cli import main
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.report import strips as strips_module
from mmaction_microaction.report import write_report
from mmaction_microaction.report.clips import VideoFolder
from mmaction_microaction.report.predicted_run import PredictedRun
from mmaction_microaction.report.strips import draw_strips

FIGURES = {
    'calibration',
    'class_counts',
    'coarse_confusion_matrix',
    'confused_pairs',
    'confusion_matrix',
    'frequency_groups',
    'per_class',
}
EVIL = '<script>alert("1")</script>&\'.mp4'


def dump(path, labels, predicted, names=None, confidence=0.6, label_set=None):
    """Write predictions as ``mim test --dump`` does; the other actions share the remaining probability equally."""
    num_classes = len(label_set or MA52)
    content = label_set and label_set.to_dict()
    samples = []
    confidences = np.broadcast_to(confidence, len(labels))
    for index, (label, best, confidence) in enumerate(zip(labels, predicted, confidences)):
        scores = torch.full((num_classes,), (1 - confidence) / (num_classes - 1))
        scores[best] = confidence
        samples.append(dict(pred_score=scores, gt_label=torch.tensor([int(label)])))
        if names is not False:
            samples[-1]['video_id'] = names[index] if names else f'{index}.mp4'
        if label_set:
            samples[-1]['label_set'] = content
    path.write_bytes(pickle.dumps(samples))
    return path


class Page(HTMLParser):
    """Parsed page with the attributes of its tags, and the cells of each table by id."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.tables, self.text, self.cell = [], {}, '', None
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == 'table':
            self.rows = self.tables.setdefault(dict(attributes).get('id'), [])
        elif tag == 'tr':
            self.rows.append([])
        elif tag in ('td', 'th'):
            self.rows[-1].append('')
            self.cell = tag

    def handle_endtag(self, tag):
        self.cell = None if tag == self.cell else self.cell

    def handle_data(self, data):
        self.text += data
        if self.cell:
            self.rows[-1][-1] += data

    def attribute(self, name):
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """Write a report of two runs on 300 clips; return page, folder, labels, and the predictions of each run."""
    folder = tmp_path_factory.mktemp('report')
    rng = np.random.default_rng(0)
    labels = rng.choice(40, 300)
    first, second = (np.where(rng.random(300) < accuracy, labels, rng.choice(45, 300)) for accuracy in (0.4, 0.7))
    # The most confused pair, of which the page lists the first three clips.
    labels[:12], first[:12], second[:12] = 51, 50, 51
    names = [f'{index} clip.mp4' for index in range(300)]
    names[1] = EVIL
    (folder / 'videos').mkdir()
    for name in names[:3]:
        if name != EVIL:
            write_clip(folder / 'videos' / name)
    order = rng.permutation(300)
    dump(folder / 'a.pkl', labels, first, names)
    dump(folder / 'b.pkl', labels[order], second[order], [names[i] for i in order])
    options = ['--compare', folder / 'b.pkl', '--videos', folder / 'videos', '--out', folder / 'out', '--title', '<b>&']
    main('analyze', list(map(str, [folder / 'a.pkl', *options])))
    return Page(folder / 'out' / 'report.html'), folder / 'out', labels, first, second


@pytest.mark.slow
def test_figures_are_written_as_png_and_pdf(report):
    _, out, *_ = report
    figures = FIGURES | {'comparison', 'durations', 'mistaken_1'}
    assert {path.name for path in out.iterdir()} == {'report.html'} | {
        f'{name}.{kind}' for name in figures for kind in ('png', 'pdf')
    }
    for name in figures:
        assert (out / f'{name}.png').read_bytes().startswith(b'\x89PNG')
        assert (out / f'{name}.pdf').read_bytes().startswith(b'%PDF')


@pytest.mark.slow
def test_page_is_complete_in_one_file(report):
    page, out, *_ = report
    sources = page.attribute('src')
    assert len(sources) == 10
    assert all(re.match(r'data:image/png;base64,iVBOR', source) for source in sources)
    assert not {'script', 'link', 'iframe', 'object', 'embed'} & {tag for tag, _ in page.tags}
    html = (out / 'report.html').read_text(encoding='utf-8')
    assert not re.search(r'https?:|url\(|@import|\bon\w+=', re.sub(r'base64,[^"]*', '', html))


@pytest.mark.slow
def test_scores_equal_scikit_learn(report):
    page, _, labels, *predictions = report
    rows = {key: values for key, *values in page.tables['metrics']}
    part = MA52.fine_to_coarse
    for column, predicted in enumerate(predictions):
        expected = {
            'fine/F1_macro': f1_score(labels, predicted, average='macro'),
            'fine/F1_micro': np.mean(labels == predicted),
            'coarse/F1_macro': f1_score(part[labels], part[predicted], average='macro'),
            'coarse/F1_micro': np.mean(part[labels] == part[predicted]),
        }
        for key, value in {**expected, 'F1_mean': np.mean(list(expected.values()))}.items():
            assert rows[key][column] == f'{100 * value:.2f}'
    difference = np.mean(labels == predictions[1]) - np.mean(labels == predictions[0])
    assert rows['fine/top1'][2] == f'{100 * difference:+.2f}'


@pytest.mark.slow
def test_table_of_actions_equals_scikit_learn(report):
    page, _, labels, first, _ = report
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, first, labels=range(52), zero_division=np.nan
    )
    rows = [row for row in page.tables['actions'][1:] if len(row) > 1]
    assert len(rows) == 52
    for label, row in enumerate(rows):
        assert row[0] == f'{MA52.actions[label].name} {MA52.actions[label].code}'
        expected = [
            '-' if np.isnan(value) else f'{100 * value:.1f}'
            for value in (precision, recall, f1)
            for value in [value[label]]
        ]
        assert row[1:6] == [str(support[label]), str(np.sum(first == label)), *expected]


@pytest.mark.slow
def test_confused_pairs_are_listed_by_number_of_clips(report):
    page, _, labels, first, _ = report
    counts = {}
    for pair in zip(labels[labels != first].tolist(), first[labels != first].tolist()):
        counts[pair] = counts.get(pair, 0) + 1
    shown = [(row[0], row[1], int(row[2])) for row in page.tables['pairs'][1:]]
    assert [number for *_, number in shown] == sorted(counts.values(), reverse=True)[:20]
    name = [f'{action.name} {action.code}' for action in MA52.actions]
    assert set(shown) <= {(name[true], name[predicted], number) for (true, predicted), number in counts.items()}


@pytest.mark.slow
def test_names_from_files_are_escaped(report):
    page, out, *_ = report
    assert '<script' not in (out / 'report.html').read_text(encoding='utf-8')
    assert '<b>&' in page.text
    assert EVIL in page.text


@pytest.mark.slow
def test_clips_link_to_their_videos(report):
    page, out, *_ = report
    links = set(page.attribute('href'))
    assert links == {'../videos/0%20clip.mp4', '../videos/2%20clip.mp4'}
    assert all((out / unquote(link)).is_file() for link in links)
    assert '298 of the clips are not in the folder' in page.text
    assert '0 clip.mp4: predicted as scratching legs G3, 60.0 %' in ' '.join(page.text.split())


def make_runs(folder, labels, predicted, other, confidence):
    """Return two runs on the same clips in different order. The last clip has no video."""
    names = [f'{index}.mp4' for index in range(len(labels))]
    for name in names[:-1]:
        write_clip(folder / name)
    first = PredictedRun(dump(folder / 'a.pkl', labels, predicted, names, confidence))
    second = PredictedRun(dump(folder / 'b.pkl', labels[::-1], other[::-1], names[::-1]))
    return first, second, VideoFolder(folder, names)


def test_strips_show_the_most_confident_mistakes_one_per_action(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(strips_module, 'plot_prediction_strip', lambda *args, label_set: drawn.append(args))
    labels, predicted = [5, 5, 6, 7, 8, 9], [4, 4, 4, 7, 8, 4]
    run, _, videos = make_runs(tmp_path, labels, predicted, labels, [0.5, 0.7, 0.6, 0.3, 0.4, 0.9])
    names = [name for name, _, _ in draw_strips(run, videos, names=['a'])]
    assert names == ['mistaken_1', 'mistaken_2', 'recognised_1', 'recognised_2']
    assert [title for *_, title in drawn] == ['1.mp4', '2.mp4', '4.mp4', '3.mp4']
    assert [label for _, label, *_ in drawn] == [5, 6, 8, 7]
    assert drawn[0][0].shape == (8, 160, 192, 3)
    ((name, scores),) = drawn[0][2]
    assert (name, scores.argmax(), scores.max()) == ('a', 4, pytest.approx(0.7))


def test_strips_of_two_runs_show_clips_that_one_recognises(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(strips_module, 'plot_prediction_strip', lambda *args, label_set: drawn.append(args))
    # Both runs recognise the first clip. The second and third clip are each recognised by one of the runs.
    run, other, videos = make_runs(tmp_path, [5, 6, 7, 8], [5, 6, 4, 8], [5, 4, 7, 8], [0.9, 0.5, 0.5, 0.5])
    captions = [caption for _, caption, _ in draw_strips(run, videos, other, ['a', 'b'])]
    assert captions == ['Mistaken with high confidence: 2.mp4.', 'Recognised by a, not by b: 1.mp4.']
    assert [[(name, scores.argmax()) for name, scores in runs] for _, _, runs, _ in drawn] == [
        [('a', 4), ('b', 7)],
        [('a', 6), ('b', 4)],
    ]


def test_strips_show_undrawable_names(tmp_path):
    name = '\udcff' * 70 + '.mp4'
    write_clip(tmp_path / 'clip.mp4')
    (tmp_path / 'clip.mp4').rename(tmp_path / name)
    run = PredictedRun(dump(tmp_path / 'p.pkl', [3], [4], [name]))
    ((_, _, figure),) = draw_strips(run, VideoFolder(tmp_path, [name]), names=['a'])
    (title,) = read_texts(figure, 'title')
    assert title == f'{"?" * 30}…{"?" * 25}.mp4'


@pytest.mark.parametrize('name', [EVIL.replace('/', ''), 'javascript:alert(1).mp4', 'in/a b#?%.mp4'])
def test_links_are_quoted(tmp_path, name):
    (tmp_path / 'in').mkdir()
    (tmp_path / name).touch()
    # The page is in the folder of the videos.
    link = VideoFolder(tmp_path, [name]).link(name, tmp_path)
    assert unquote(link) == name
    assert re.fullmatch(r'[\w./%()~-]+', link)
    assert VideoFolder(tmp_path, [name]).link(name, tmp_path / 'out') == f'../{link}'


@pytest.mark.parametrize('name', ['../secret.mp4', 'absent.mp4', '\ud800.mp4', '\0', 'ABSOLUTE'])
def test_links_stay_within_the_folder(tmp_path, name):
    (tmp_path / 'secret.mp4').touch()
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos' / 'other.mp4').touch()
    name = name.replace('ABSOLUTE', str(tmp_path / 'secret.mp4'))
    assert VideoFolder(tmp_path / 'videos', [name, 'other.mp4']).link(name, tmp_path) is None


@pytest.mark.usefixtures('undrawn')
@pytest.mark.filterwarnings('error', 'ignore::ResourceWarning')
@pytest.mark.parametrize(
    ('labels', 'predicted'),
    [([9], [9]), ([9], [10]), ([9] * 3, [9, 9, 10]), (range(52), range(52)), (range(52), np.roll(range(52), 1))],
    ids=['one correct', 'one wrong', 'one class', 'all correct', 'all wrong'],
)
def test_extreme_runs(tmp_path, labels, predicted):
    path = dump(tmp_path / 'p.pkl', labels, predicted, names=False)
    page = Page(write_report(path, tmp_path / 'out', compare=path))
    assert {row[3] for row in page.tables['metrics'][1:]} == {'+0.00'}
    assert ('No clip was predicted as another action' in page.text) == (list(labels) == list(predicted))


@pytest.mark.usefixtures('undrawn')
def test_no_rare_actions_if_all_are_equally_frequent(tmp_path):
    (tmp_path / 'train.txt').write_text('\n'.join(f'{label}.mp4 {label}' for label in range(52)))
    path = dump(tmp_path / 'p.pkl', [3], [3], ['\ud800.mp4'])
    page = Page(write_report(path, tmp_path / 'out', ann_file=tmp_path / 'train.txt'))
    assert 'Frequent and rare' not in page.text
    assert 'frequency_groups' not in page.text
    assert 'frequency_groups' in Page(write_report(path, tmp_path / 'out')).text


def test_rejects_input_that_does_not_fit(tmp_path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'test.txt').write_text('test0000.mp4 0\ntest0001.mp4 0')
    first = dump(tmp_path / 'a.pkl', [3, 4], [3, 4])
    cases = [
        (dict(compare=dump(tmp_path / 'b.pkl', [3, 5], [3, 4])), r'b\.pkl.*1\.mp4 with label [45]'),
        (dict(compare=dump(tmp_path / 'c.pkl', [3], [3], names=False)), r'c\.pkl.*clip'),
        (dict(videos=tmp_path / 'empty'), r'empty contains no clip of the predictions .2 clips'),
        (dict(videos=tmp_path / 'absent'), 'no such folder'),
        (dict(ann_file=tmp_path / 'test.txt'), 'is anonymised'),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            write_report(first, tmp_path / 'out', **options)
    with pytest.raises(ValueError, match=r'c\.pkl has no names.*--videos'):
        write_report(tmp_path / 'c.pkl', tmp_path / 'out', videos=tmp_path / 'empty')
    samples = pickle.loads(first.read_bytes())
    samples[1]['pred_score'] *= 3
    first.write_bytes(pickle.dumps(samples))
    with pytest.raises(ValueError, match=r'a\.pkl, 1\.mp4: scores are not probabilities'):
        write_report(first, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.mark.usefixtures('undrawn')
def test_report_without_groups_has_the_fine_level_alone(tmp_path):
    labels, predicted = [0, 0, 1, 2, 3], [0, 1, 1, 2, 3]
    path = dump(tmp_path / 'p.pkl', labels, predicted, label_set=FOUR)
    page = Page(write_report(path, tmp_path / 'out'))
    rows = {key: float(value) for key, value in page.tables['metrics'][1:]}
    assert list(rows) == ['fine/F1_mean', 'fine/F1_macro', 'fine/F1_micro', 'fine/top1', 'fine/top5']
    macro = 100 * f1_score(labels, predicted, average='macro')
    assert rows['fine/F1_macro'] == pytest.approx(macro, abs=0.005)
    assert rows['fine/F1_mean'] == pytest.approx((macro + 80) / 2, abs=0.005)
    assert [row[0] for row in page.tables['actions'][1:]] == list(FOUR.names)
    assert page.tables['pairs'][1][:2] == ['nodding', 'waving']
    assert 'body part' not in page.text
    assert 'MA-52' not in page.text
    # The label set has no numbers of training clips.
    assert 'Frequent and rare' not in page.text
    for name in ('coarse_confusion_matrix', 'frequency_groups'):
        assert name not in page.text

    (tmp_path / 'train.txt').write_text('a.mp4 waving\nb.mp4 waving\nc.mp4 0\nd.mp4 2\n')
    page = Page(write_report(path, tmp_path / 'out', ann_file=tmp_path / 'train.txt'))
    # 'waving' and 'nodding' are the first third of four actions.
    rows = page.tables[None][1:]
    assert [row[:3] for row in rows] == [['head', '2', '3'], ['medium', '1', '1'], ['tail', '1', '0']]
    assert rows[0][3] == f'{100 * (2 / 3 + 2 / 3) / 2:.1f}'


@pytest.mark.usefixtures('undrawn')
def test_report_of_200_actions_is_sorted_by_group(tmp_path):
    labels = np.arange(400) % 200
    predicted = np.where(np.arange(400) < 100, (labels + 12) % 200, labels)
    page = Page(write_report(dump(tmp_path / 'p.pkl', labels, predicted, label_set=TWO_HUNDRED), tmp_path / 'out'))
    names = [row[0] for row in page.tables['actions'][1:]]
    assert len(names) == 212
    assert names[:3] == ['family 0', 'slow movement 0 M0', 'wide movement 12 M12']
    assert names[18] == 'family 1'
    assert [names.count(f'family {i}') for i in range(12)] == [1] * 12
    rows = {key: float(value) for key, value in page.tables['metrics'][1:]}
    assert rows['fine/top1'] == 75
    assert rows['coarse/top1'] == 100
    assert 'accuracy on families' in page.text
    assert 'coarse_confusion_matrix' in page.text


@pytest.mark.usefixtures('undrawn')
def test_label_set_of_predictions_without_one(tmp_path):
    path = dump(tmp_path / 'p.pkl', [0, 1, 2, 3], [0, 1, 2, 3])
    samples = pickle.loads(path.read_bytes())
    for sample in samples:
        sample['pred_score'] = torch.eye(4)[int(sample['gt_label'])]
    path.write_bytes(pickle.dumps(samples))
    with pytest.raises(ValueError, match=r'p\.pkl.*4 classes.*--label-set'):
        write_report(path, tmp_path / 'out')
    (tmp_path / 'gestures.txt').write_text('\n'.join(FOUR.names))
    main('analyze', [str(path), '--label-set', str(tmp_path / 'gestures.txt'), '--out', str(tmp_path / 'out')])
    assert 'The label set is gestures.' in Page(tmp_path / 'out' / 'report.html').text


@pytest.fixture
def folds(tmp_path):
    """Write predictions of three folds, of which 2 of 3, 1 of 2 and 1 of 1 clips are recognised."""
    clips = ([[0, 1, 2], [0, 1, 3], 'abc'], [[3, 0], [3, 1], 'de'], [[1], [1], 'f'])
    return [
        dump(tmp_path / f'fold{index}.pkl', labels, predicted, list(names), label_set=FOUR)
        for index, (labels, predicted, names) in enumerate(clips, start=1)
    ]


@pytest.mark.usefixtures('undrawn')
def test_folds_are_reported_together_and_by_mean_and_standard_deviation(tmp_path, folds):
    page = Page(write_report(folds, tmp_path / 'out'))
    rows = dict(page.tables['metrics'][1:])
    assert rows['fine/top1'] == f'{100 * 4 / 6:.2f}'
    clips = {row[0]: row[1] for row in page.tables['actions'][1:]}
    assert clips == {'nodding': '2', 'waving': '2', 'shrugging': '1', 'arms akimbo': '1'}
    head, sizes, *folded = page.tables['folds']
    assert head == ['metric, in %', 'mean ± std', 'fold1', 'fold2', 'fold3']
    assert sizes[2:] == ['3', '2', '1']
    assert [row[0] for row in folded] == list(rows)
    values = [100 * 2 / 3, 50, 100]
    top1 = {row[0]: row[1:] for row in folded}['fine/top1']
    assert top1 == [f'{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}', '66.67', '50.00', '100.00']
    macro = {row[0]: row[2] for row in folded}['fine/F1_macro']
    assert macro == f'{100 * f1_score([0, 1, 2], [0, 1, 3], average="macro"):.2f}'
    assert 'fold1 and 2 more' in page.text


@pytest.mark.usefixtures('undrawn')
def test_folds_in_folders_are_named_after_the_folders(tmp_path, folds):
    paths = [tmp_path / f'{name}_s' / 'predictions.pkl' for name in 'abc']
    for source, path in zip(folds, paths):
        path.parent.mkdir()
        source.rename(path)
    page = Page(write_report(paths, tmp_path / 'out'))
    assert page.tables['folds'][0] == ['metric, in %', 'mean ± std', 'a_s', 'b_s', 'c_s']
    assert 'a_s and 2 more' in page.text


@pytest.mark.usefixtures('undrawn')
def test_folds_are_compared_with_one_file_of_the_same_clips(tmp_path, folds):
    path = dump(tmp_path / 'other.pkl', [1, 3, 0, 2, 1, 0], [1, 3, 0, 2, 1, 0], list('fdecba'), label_set=FOUR)
    page = Page(write_report(folds, tmp_path / 'out', compare=path))
    rows = {key: values for key, *values in page.tables['metrics'][1:]}
    assert rows['fine/top1'] == ['66.67', '100.00', '+33.33']
    page = Page(write_report(path, tmp_path / 'out', compare=folds))
    head, *folded = page.tables['folds']
    assert head == ['metric, in %', 'mean ± std, fold1 and 2 more']
    assert {row[0]: row[1] for row in folded}['fine/top1'] == '72.22 ± 25.46'


def test_rejects_folds_that_do_not_fit(tmp_path, folds):
    shared = dump(tmp_path / 'shared.pkl', [1, 2], [1, 2], ['g', 'b'], label_set=FOUR)
    nameless = dump(tmp_path / 'nameless.pkl', [1], [1], False, label_set=FOUR)
    other = dump(tmp_path / 'other.pkl', [9], [9], ['g'])
    cases = [
        ([*folds, shared], r'clip b is in .*fold1\.pkl and in .*shared\.pkl'),
        ([folds[0], folds[0]], r'clip \w is in .*fold1\.pkl and in .*fold1\.pkl'),
        ([folds[0], nameless], r'nameless\.pkl has no names'),
        ([*folds, other], r'fold1\.pkl has the label set gestures, but .*other\.pkl has ma52'),
    ]
    for paths, message in cases:
        with pytest.raises(ValueError, match=message):
            write_report(paths, tmp_path / 'out')
    with pytest.raises(ValueError, match=r'other\.pkl.*gestures|gestures.*other\.pkl'):
        write_report(folds[0], tmp_path / 'out', compare=other)
    with pytest.raises(ValueError, match=r'fold1\.pkl contains scores of the label set gestures, not of ma52'):
        write_report(folds[0], tmp_path / 'out', label_set=MA52)
    assert not (tmp_path / 'out').exists()


@pytest.mark.slow
def test_tool_reports_a_missing_file(tmp_path):
    done = run_tool('analyze.py', 'absent.pkl', '--out', 'out', cwd=tmp_path)
    assert done.returncode == 1
    assert 'error: ' in done.stderr
    assert 'absent.pkl' in done.stderr
    assert 'Traceback' not in done.stderr

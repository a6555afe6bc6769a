import json

import pytest

from mmaction_microaction.cli import main


def write(path, *intervals):
    """Write intervals of a start, an end, a label and a score."""
    keys = ('start', 'end', 'label', 'score')
    path.write_text(json.dumps([{'video': 'a.mp4', 'intervals': [dict(zip(keys, each)) for each in intervals]}]))
    return str(path)


def test_precision_recall_and_map_by_hand(tmp_path, capsys):
    # Nodding (9) is found, shaking head (10) is taken for nodding, and half of shaking legs (24) is found.
    truth = write(tmp_path / 'truth.json', (0, 2, 9), (2, 4, 10), (6, 8, 24))
    found = write(tmp_path / 'found.json', (0, 2, 9, 0.9), (2, 4, 9, 0.8), (6, 7, 24, 0.7))
    main('score', [found, '--truth', truth])
    assert capsys.readouterr().out.splitlines() == [
        '| intersection over union at least 0.5 | precision | recall | detections | truth |',
        '|---|---|---|---|---|',
        '| fine | 66.7% | 66.7% | 3 | 3 |',
        '| coarse | 100.0% | 100.0% | 3 | 3 |',
        '',
        '| mean average precision | average of 0.1 to 0.9 | 0.5 |',
        '|---|---|---|',
        # Half of an action counts at the thresholds up to 0.4, since 0.0001 s are added to the union.
        '| fine | 48.1 | 33.3 |',  # (4 * 2/3 + 5 * 1/3) / 9
        '| coarse | 72.2 | 50.0 |',  # (4 * 1 + 5 * 1/2) / 9
    ]


def test_nothing_to_find_has_no_map(tmp_path, capsys):
    found = write(tmp_path / 'found.json', (0, 2, 9, 0.9))
    main('score', [found, '--truth', write(tmp_path / 'truth.json')])
    assert capsys.readouterr().out.splitlines()[2:] == [
        '| fine | 0.0% | none | 1 | 0 |',
        '| coarse | 0.0% | none | 1 | 0 |',
    ]


@pytest.mark.parametrize('iou', ['0', '1.1', 'nan'])
def test_overlap_must_be_a_share(iou, capsys):
    with pytest.raises(SystemExit) as stop:
        main('score', ['found.json', '--truth', 'truth.json', '--iou', iou])
    assert stop.value.code == 2
    assert 'must be above 0' in capsys.readouterr().err

import csv

import pytest

from mmaction_microaction.label_sets import MA52


def test_actions_have_the_released_indices_codes_and_parts():
    # Copied from the annotation manual. The order of the indices is not the order of the codes.
    assert [(MA52.actions[i].code, MA52.actions[i].name) for i in (1, 3, 9, 51)] == [
        ('A3', 'sitting straightly'),
        ('A2', 'turning around'),
        ('B1', 'nodding'),
        ('G4', 'scratching feet'),
    ]
    assert len({action.code for action in MA52.actions}) == len({action.name for action in MA52.actions}) == 52


def test_fine_to_coarse_changes_at_the_released_boundaries():
    last_of_part = [4, 10, 23, 31, 37, 47, 51]
    expected = [sum(label > last for last in last_of_part) for label in range(52)]
    assert MA52.fine_to_coarse.tolist() == expected
    assert MA52.groups[expected[36]] == 'body-hand'  # arms akimbo, easily mistaken for an action of the body


def test_fine_to_coarse_cannot_be_changed():
    with pytest.raises(ValueError, match='read-only'):
        MA52.fine_to_coarse[0] = 1


def test_reversed_pairs_are_opposite_movements_of_one_body_part():
    names = {tuple(MA52.actions[label].name for label in pair) for pair in MA52.reversed_pairs}
    assert names == {
        ('stretching arms', 'retracting arms'),
        ('stretching feet', 'retracting feet'),
        ('spread legs', 'closing legs'),
    }


@pytest.mark.real_data
def test_actions_equal_the_released_label_table(shared):
    with open(shared / 'ma52' / 'labels.tsv') as file:
        rows = list(csv.DictReader(file, delimiter='\t'))
    assert len(rows) == len(MA52)
    for action, row in zip(MA52.actions, rows):
        assert action.index == int(row['index'])
        assert (action.code, action.name) == (row['code'], row['name'])
        assert (MA52.fine_to_coarse[action.index], action.group) == (int(row['body_index']), row['body_part'])
        assert (action.train_clips, action.val_clips) == (int(row['train_clips']), int(row['val_clips']))

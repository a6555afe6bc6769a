import pytest

from mmaction_microaction.coding.learning import choose_categories
from mmaction_microaction.structures.coding import CodedEvent, Coding


def codings(*actions, **options):
    return [Coding('talk', [CodedEvent(index, index + 1, action, **options) for index, action in enumerate(actions)])]


def test_all_coded_actions_are_categories():
    found = choose_categories(codings('waving', 'Head_nod', 'head nod'))
    assert found.label_set.names == ('Head_nod', 'waving', 'rest')
    assert not found.label_set.has_groups
    assert [found.label_of(event) for event in codings('HEAD NOD', 'waving', 'else')[0].events] == [0, 1, None]


def test_groups_and_codes_are_kept_if_they_are_unique():
    events = [CodedEvent(0, 1, 'nod', group='head', code='B1'), CodedEvent(1, 2, 'wave', group='arm', code='B1')]
    label_set = choose_categories([Coding('talk', events)]).label_set
    assert [(action.group, action.code) for action in label_set.actions] == [('head', '0'), ('arm', '1'), ('rest', '2')]
    events[1] = CodedEvent(1, 2, 'wave', code='C1')
    label_set = choose_categories([Coding('talk', events)]).label_set
    assert [action.code for action in label_set.actions] == ['B1', 'C1', 'R']
    assert not label_set.has_groups
    events[1] = CodedEvent(1, 2, 'wave', code='R')
    assert [action.code for action in choose_categories([Coding('talk', events)]).label_set.actions] == ['B1', 'R', '2']


def test_table_joins_coded_names_and_lists_what_is_left_out(tmp_path):
    table = tmp_path / 'my.csv'
    table.write_text('Category;Group;Includes\nself touch;hand;rubs nose | rubs ear\nnod;head;\n')
    found = choose_categories(codings('rubs ear', 'nod', 'rubs nose', 'waving', 'waving', 'cough'), table)
    assert found.label_set.names == ('self touch', 'nod', 'rest')
    assert found.label_set.groups == ('hand', 'head', 'rest')
    assert found.left_out == {'waving': 2, 'cough': 1}
    assert [found.label_of(event) for event in codings('rubs nose', 'rubs ear', 'nod', 'cough')[0].events] == [
        0, 0, 1, None,
    ]  # fmt: skip


def test_rows_of_a_label_set_are_categories(tmp_path):
    file = tmp_path / 'my.yaml'
    file.write_text('actions:\n- {name: nodding, code: B1}\n- waving\n')
    found = choose_categories(
        [Coding('talk', [CodedEvent(0, 1, 'Nicken', code='B1'), CodedEvent(0, 1, 'waving')])], file
    )
    assert found.label_set.names == ('nodding', 'waving', 'rest')
    assert found.left_out == {}


def test_coded_rest_is_a_category_like_others():
    found = choose_categories(codings('Rest', 'nod'))
    assert found.label_set.names == ('nod', 'Rest')
    assert found.labels['rest'] == 1


def test_coded_rest_is_the_class_although_a_table_does_not_list_it(tmp_path):
    table = tmp_path / 'my.txt'
    table.write_text('nod\nwave\n')
    found = choose_categories(codings('nod', 'Rest', 'wave'), table)
    assert found.label_set.names == ('nod', 'wave', 'rest')
    assert found.left_out == {}
    assert [found.label_of(event) for event in codings('rest', 'wave')[0].events] == [2, 1]
    assert choose_categories(codings('nod', 'Rest', 'wave'), table, rest=False).left_out == {'Rest': 1}


def test_category_without_events_is_refused(tmp_path):
    file = tmp_path / 'my.txt'
    file.write_text('nod\nshrug\n')
    with pytest.raises(ValueError, match=r'my\.txt.*shrug.*waving'):
        choose_categories(codings('nod', 'waving'), file)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('who,what\na,b\n', 'line 1.*name'),
        ('name,includes\na,x\nb,x\n', 'line 3.*x'),
        ('name,group\n,hand\n', 'line 2'),
        ('name\na\nA\n', "'a'.*2 times"),
    ],
)
def test_malformed_tables_are_refused(text, message, tmp_path):
    (tmp_path / 'my.csv').write_text(text)
    with pytest.raises(ValueError, match=rf'my\.csv.*{message}'):
        choose_categories(codings('a', 'b', 'x'), tmp_path / 'my.csv')


def test_recordings_without_events_are_refused():
    with pytest.raises(ValueError, match='--people'):
        choose_categories([Coding('talk', [])])

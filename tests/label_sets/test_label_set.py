import numpy as np
import pytest

from mmaction_microaction.label_sets import MA52, LabelSet, find_label_set, get_label_set

GROUPED = {
    'name': 'gestures',
    'actions': [
        {'name': 'nodding', 'group': 'head', 'code': 'H1'},
        {'name': 'waving', 'group': 'hand'},
        {'name': 'head up', 'group': 'head', 'words': ['raising', 'head']},
    ],
    'groups': ['hand', 'head'],
    'reversed_pairs': [['nodding', 'head up']],
}


def test_labels_are_positions_and_groups_are_in_the_listed_order():
    label_set = LabelSet.from_dict(GROUPED)
    assert label_set.names == ('nodding', 'waving', 'head up')
    assert label_set.fine_to_coarse.tolist() == [1, 0, 1]
    assert label_set.actions[0].code == 'H1'
    assert label_set.actions[1].code == '1'
    assert label_set.actions[2].words == ('raising', 'head')
    assert label_set.reversed_pairs == ((0, 2),)
    assert label_set.train_clips is None


def test_words_have_no_punctuation():
    label_set = LabelSet.from_dict({'actions': ['pulling collar, adjusting tie (or scarf)', '...']})
    assert label_set.actions[0].words == ('pulling', 'collar', 'adjusting', 'tie', 'or', 'scarf')
    assert label_set.actions[1].words == ('...',)
    assert 'words' not in label_set.to_dict()['actions'][0]


def test_content_survives_a_checkpoint():
    for label_set in (MA52, LabelSet.from_dict(GROUPED)):
        content = label_set.to_dict()
        again = LabelSet.from_dict(content)
        assert again == label_set
        assert again.to_dict() == content


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'actions': []}, 'at least one'),
        ({'actions': 'nodding'}, 'at least one'),
        ({'actions': [f'a{i}' for i in range(10_001)]}, '10,000'),
        ({'actions': ['nodding', 'Nodding']}, r"'nodding' occurs 2 times, at 0, 1"),
        ({'actions': [{'name': 'a', 'code': 'X'}, {'name': 'b', 'code': 'x'}]}, "code 'x' occurs"),
        ({'actions': [{'name': 'a', 'code': '7'}]}, 'mistaken for a label'),
        ({'actions': [True]}, 'put it in quotes'),
        ({'actions': ['']}, 'action 0'),
        ({'actions': [{'group': 'head'}]}, 'name of action 0'),
        ({'actions': ['a\x1b[2J']}, 'printable'),
        ({'actions': ['a' * 201]}, '200'),
        ({'actions': [{'name': 'a', 'grup': 'head'}]}, "action 0: unknown key 'grup'"),
        ({'action': ['a']}, "unknown key 'action'"),
        ({'actions': [{'name': 'a', 'group': 'x'}, 'b']}, '1 action without a group, such as b'),
        ({'actions': [{'name': 'a', 'group': 'x'}], 'groups': ['y']}, 'group x is not in'),
        ({'actions': [{'name': 'a', 'group': 'x'}], 'groups': ['x', 'y']}, 'no action has the group y'),
        ({'actions': [{'name': 'a', 'train_clips': -1}]}, 'train_clips of action 0'),
        ({'actions': [{'name': 'a', 'words': 'a'}]}, 'list of words'),
        ({'actions': ['a', 'b'], 'reversed_pairs': [['a', 'c']]}, 'reversed_pairs'),
        ({'actions': ['a', 'b'], 'reversed_pairs': [['a', 'a']]}, 'reversed_pairs'),
        ({'actions': ['a', 'b'], 'reversed_pairs': 'ab'}, 'reversed_pairs'),
    ],
)
def test_malformed_content_is_refused(change, message):
    with pytest.raises(ValueError, match=rf'(?s)^labels\.yaml: .*{message}'):
        LabelSet.from_dict(change, 'labels.yaml')


def test_sizes_and_alphabets_that_work():
    assert len(LabelSet.from_dict({'actions': ['nodding']})) == 1
    many = LabelSet.from_dict({'actions': [f'action {i}' for i in range(10_000)]})
    assert len(many) == 10_000
    names = ('点头', 'кивок', 'إيماءة', 'hochement de tête')
    assert LabelSet.from_dict({'actions': list(names)}).names == names


def test_leaving_out_groups_renumbers_the_other_actions():
    rest = MA52.without_groups(['lower limb', 'leg-hand'])
    assert len(rest) == 40
    assert rest.groups == ('body', 'head', 'upper limb', 'body-hand', 'head-hand')
    assert rest.actions[24].name == MA52.actions[32].name
    assert [rest.actions[label].name for label in rest.reversed_pairs[0]] == ['stretching arms', 'retracting arms']
    assert MA52.without_groups([]) is MA52
    with pytest.raises(ValueError, match=r"'legs'.*'lower limb'"):
        MA52.without_groups(['legs'])


@pytest.mark.parametrize(
    ('name', 'text', 'expected'),
    [
        ('g.txt', 'nodding\nhead up  # a comment\n\n', [('nodding', None), ('head up', None)]),
        ('g.txt', 'nodding\thead\r\nwaving\thand\r\n', [('nodding', 'head'), ('waving', 'hand')]),
        ('g.txt', '# names\nC# sign\tG\ngesture #1\tG # or 2', [('C# sign', 'G'), ('gesture #1', 'G')]),
        ('g.txt', '\ufeffnodding\nwaving', [('nodding', None), ('waving', None)]),
        ('g.yaml', '[nodding, 7]', [('nodding', None), ('7', None)]),
        ('g.yml', 'actions:\n- nodding\n- {name: waving}\n', [('nodding', None), ('waving', None)]),
    ],
)
def test_reads_files(tmp_path, name, text, expected):
    (tmp_path / name).write_bytes(text.encode())
    label_set = get_label_set(tmp_path / name)
    assert [(action.name, action.group) for action in label_set.actions] == expected
    assert label_set.name == 'g'


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('g.txt', b'nodding\t\thead\n', r'g\.txt, line 1: .*one tab'),
        ('g.txt', b'\n', r'g\.txt: .*at least one'),
        ('g.txt', 'nodding'.encode('utf-16'), r'g\.txt is not a text file in UTF-8'),
        ('g.yaml', b'{', r'g\.yaml is not YAML'),
        ('g.yaml', b'[' * 100_000, r'g\.yaml is not YAML'),
        ('g.yaml', b'', r'g\.yaml: expected a mapping'),
        ('g.yaml', b'actions: [yes, no]', 'put it in quotes'),
        ('g.yaml', b'!!python/object/apply:os.system [true]', r'g\.yaml is not YAML'),
        ('g.yaml', b'a: &a [x,x]\nactions: [*a, *a]', r"g\.yaml: unknown key 'a'"),
        ('g.yaml', b' ' * (2**22 + 1), r'g\.yaml has 4 MiB'),
    ],
)
def test_malformed_files_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        get_label_set(tmp_path / name)


def test_missing_label_sets_are_named_with_those_that_exist():
    with pytest.raises(FileNotFoundError, match=r'gesture: no such label set\. The package has .*ma52'):
        get_label_set('gesture')
    with pytest.raises(FileNotFoundError, match=r'gestures\.yaml: no such label set'):
        get_label_set('gestures.yaml')


def test_metadata_decide_which_set_a_network_has():
    gestures = LabelSet.from_dict(GROUPED)
    assert find_label_set({'label_set': gestures.to_dict()}, 3, 'new.pth') == gestures
    assert find_label_set({}, 52, 'old.pth') is MA52
    with pytest.raises(ValueError, match=r'old\.pth .* 3 classes .*label_set'):
        find_label_set(None, 3, 'old.pth')
    with pytest.raises(ValueError, match=r'new\.pth: .*gestures has 3 actions, .*4 classes'):
        find_label_set({'label_set': gestures.to_dict()}, 4, 'new.pth')


def test_table_of_groups_cannot_be_changed():
    with pytest.raises(ValueError, match='read-only'):
        MA52.fine_to_coarse[0] = 1
    assert LabelSet.from_dict({'actions': ['a', 'b']}).fine_to_coarse.tolist() == [-1, -1]
    assert isinstance(MA52.train_clips, np.ndarray)

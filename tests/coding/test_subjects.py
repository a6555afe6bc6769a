import pytest

from mmaction_microaction.coding.subjects import parse_subjects


def test_names_of_the_study():
    assert parse_subjects('left=P1, right=P 2;3=Dr. Müller') == {'left': 'P1', 'right': 'P 2', '3': 'Dr. Müller'}
    assert parse_subjects('') == {}
    assert parse_subjects('P 7', allow_one_name=True) == {'': 'P 7'}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('P1', '^P1: expected names such as left=P1'),
        ('middle=P1', '^middle=P1: expected names such as left=P1'),
        ('left=', '^left=: expected names'),
        ('left=A,left=B', 'left is named twice'),
        ('left=A,right=A', 'two people have the same name'),
        (f'left={"A" * 101}', 'at most 100 characters'),
    ],
)
def test_wrong_names_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_subjects(text)

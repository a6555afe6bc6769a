import pytest

from mmaction_microaction.utils.messages import first_few, last_line


@pytest.mark.parametrize(
    ('names', 'options', 'text'),
    [
        ([], {}, ''),
        ('abcde', {}, 'a, b, c, d, e'),
        ('abcdef', {}, 'a, b, c, d, e, …'),
        ({'a': 1, 'b': 2, 'c': 3}, {'limit': 2}, 'a, b, …'),
        ((i for i in range(3)), {'limit': 2, 'separator': '; '}, '0; 1; …'),
    ],
)
def test_first_few(names, options, text):
    assert first_few(names, **options) == text


@pytest.mark.parametrize(('message', 'line'), [('one\n  two \n\n', 'two'), ('', 'ValueError'), (' \n', 'ValueError')])
def test_last_line(message, line):
    assert last_line(ValueError(message)) == line

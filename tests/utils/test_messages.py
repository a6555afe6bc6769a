import pytest

from mmaction_microaction.utils.messages import first_few, format_count, last_line


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


@pytest.mark.parametrize(
    ('number', 'noun', 'text'),
    [
        (0, 'clip', '0 clips'),
        (1, 'clip', '1 clip'),
        (2, 'body part', '2 body parts'),
        (12345, 'class', '12,345 classes'),
    ],
)
def test_counts_agree_with_their_nouns(number, noun, text):
    assert format_count(number, noun) == text


@pytest.mark.parametrize(('message', 'line'), [('one\n  two \n\n', 'two'), ('', 'ValueError'), (' \n', 'ValueError')])
def test_last_line(message, line):
    assert last_line(ValueError(message)) == line

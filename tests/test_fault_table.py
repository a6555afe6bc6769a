import re

from helpers.support import ROOT


def test_every_row_of_the_fault_table_names_existing_tests():
    rows = [line for line in (ROOT / 'docs' / 'faults.md').read_text().splitlines() if line.startswith('|')]
    rows = [row for row in rows if not re.match(r'\|-|\| (input|event) ', row)]
    sources = '\n'.join(path.read_text() for path in (ROOT / 'tests').rglob('*.py'))
    assert len(rows) > 20
    for row in rows:
        names = re.findall(r'`(test_\w+)`', row)
        assert names, row
        for name in names:
            assert f'def {name}(' in sources, name

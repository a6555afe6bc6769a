import csv
import re

import pytest
from helpers.codings import code_again, event, make_interview

from mmaction_microaction.cli import main
from mmaction_microaction.coding.formats.eaf_write import write_eaf
from mmaction_microaction.structures.coding import Coding, read_coding, write_coding


@pytest.fixture
def sides(tmp_path):
    """Write an interview of one minute as a human coder and a program coded it, and return both folders."""
    for name in 'human', 'program':
        (tmp_path / name).mkdir()
    human = Coding('talk', [event(1, 2, 'nodding'), event(5, 6, 'nodding'), event(9, 10, 'shaking head')], 60.0)
    program = [event(1.2, 2, 'nodding', score=0.9), event(9, 10, 'nodding', score=0.7)]
    write_coding(human, tmp_path / 'human' / 'talk.json')
    write_coding(Coding('talk', program, 60.0, coder='microaction'), tmp_path / 'program' / 'talk.json')
    return tmp_path / 'program', tmp_path / 'human'


def cells(output, *start):
    """Return the cells of the first row of a printed table that begins with some cells."""
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in output.splitlines() if '|' in line]
    return next(row for row in rows if row[: len(start)] == list(start))


def test_agreement_with_a_program_is_printed_and_written(sides, tmp_path, capsys):
    main('agree', [*map(str, sides), '--out', str(tmp_path / 'out')])
    output = capsys.readouterr().out
    assert 'B is the truth' in output
    units, events = output.split('On events')
    # Both nod in unit 1; only the program does in 9, only the human in 5.
    assert cells(units, 'all', 'nodding')[2:7] == ['1', '1', '1', '57', '96.67']
    # One of two found events is right, and one of three true events is found.
    row = cells(events, 'all', 'all')
    assert row[2:6] == ['1', '1', '0', '1']
    assert row[-3:-1] == ['50.00', '33.33']
    assert cells(output, 'talk', 'P1')[2:] == ['0:05.0', 'none', 'nodding']
    names = {'units', 'events', 'confusions', 'states', 'disagreements', 'about'}
    assert {path.stem for path in (tmp_path / 'out').iterdir()} == names
    with open(tmp_path / 'out' / 'disagreements.csv', encoding='utf-8-sig') as file:
        assert [row['kind'] for row in csv.DictReader(file)] == ['only B', 'other action']


def test_a_corrected_copy_of_a_program_needs_the_truth(sides, capsys):
    program = str(sides[0])
    main('agree', [program, program])
    output = capsys.readouterr().out
    assert 'precision %' not in output
    assert '--truth B' in output
    main('agree', [program, program, '--truth', 'B'])
    output = capsys.readouterr().out
    assert 'precision %' in output
    assert '--truth B' not in output


def test_many_people_have_one_row_each_on_the_screen(tmp_path, capsys):
    people = tuple(f'S{index}' for index in range(6))
    first = make_interview('talk', 0, minutes=2, people=people)
    write_coding(first, tmp_path / 'a.json')
    write_coding(code_again(first, 1), tmp_path / 'b.json')
    main('agree', [str(tmp_path / 'a.json'), str(tmp_path / 'b.json'), '--out', str(tmp_path / 'units.csv')])
    output = capsys.readouterr().out
    units = output.split('On events')[0]
    assert all(cells(units, person, 'all') for person in people)
    assert '| S1     | nodding' not in units
    assert cells(units, 'all', 'nodding')
    with open(tmp_path / 'units.csv', encoding='utf-8-sig') as file:
        rows = list(csv.DictReader(file))
    assert any(row['person'] == 'S1' and row['action'] == 'nodding' for row in rows)
    assert 'choose .xlsx' in output


@pytest.mark.parametrize(
    ('command', 'options', 'text'),
    [
        ('agree', ['a', 'b', '--unit', '0'], '--unit 0'),
        ('agree', ['a', 'b', '--unit', 'nan'], '--unit nan'),
        ('agree', ['a', 'b', '--tolerance', '-1'], '--tolerance -1'),
        ('agree', ['a', 'b', '--overlap', '1.5'], '--overlap 1.5'),
        ('agree', ['a', 'b', '--overlap', '0.6', '--tolerance', '1'], 'not allowed with'),
        ('summary', ['a', '--bin', '0'], '--bin 0'),
        ('summary', ['a', '--duration', 'inf'], '--duration inf'),
    ],
)
def test_options_out_of_range_are_usage_errors(command, options, text, capsys):
    with pytest.raises(SystemExit) as stop:
        main(command, options)
    assert stop.value.code == 2
    assert text in capsys.readouterr().err


def test_missing_files_and_wrong_outputs_are_named(sides, tmp_path):
    with pytest.raises(SystemExit, match=r'nowhere.*no such file|nowhere.*ending'):
        main('agree', [str(tmp_path / 'nowhere'), str(sides[1])])
    with pytest.raises(SystemExit, match=r'a\.docx'):
        main('summary', [str(sides[1]), '--out', str(tmp_path / 'a.docx')])


def test_summary_is_printed_and_written_with_figures(sides, tmp_path, capsys):
    out, figures = tmp_path / 'tables', tmp_path / 'figures'
    options = ['--bin', '30', '--label-set', 'ma52', '--out', str(out), '--figures', str(figures)]
    main('summary', [str(sides[1]), *options])
    output = capsys.readouterr().out
    assert '2 of 52 actions happen' in output
    assert cells(output, 'P1', 'nodding')[2:] == ['2', '2.00', '1.00', '0.00', '2.00', '3.33']
    with open(out / 'summary.csv', encoding='utf-8-sig') as file:
        assert len(list(csv.DictReader(file))) == 52
    with open(out / 'bins_wide_n.csv', encoding='utf-8-sig') as file:
        assert [row['nodding'] for row in csv.DictReader(file)] == ['2', '0']
    for name in 'raster', 'rates':
        assert (figures / f'{name}.png').read_bytes().startswith(b'\x89PNG')


def test_summary_without_a_duration_has_no_rates_and_says_so(tmp_path, capsys):
    write_coding(Coding('talk', [event(1, 2, 'nodding')]), tmp_path / 'talk.json')
    main('summary', [str(tmp_path), '--figures', str(tmp_path / 'figures')])
    output = capsys.readouterr().out
    assert 'talk; use --duration' in output
    assert cells(output, 'P1', 'nodding')[-2:] == ['-', '-']
    assert not (tmp_path / 'figures' / 'rates.png').exists()


def test_tiers_of_the_human_are_compared_with_those_of_the_program(sides, capsys):
    program, human = sides
    events = read_coding(human / 'talk.json').events
    # As ELAN saves it: the tiers of the program, and that of the human coder.
    write_eaf([read_coding(program / 'talk.json')], human / 'talk.eaf')
    text = (human / 'talk.eaf').read_text()
    slots = ''.join(
        f'<TIME_SLOT TIME_SLOT_ID="h{index}" TIME_VALUE="{round(time * 1000)}"/>'
        for index, time in enumerate(time for coded in events for time in (coded.start, coded.end))
    )
    coded = ''.join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="ha{index}" TIME_SLOT_REF1="h{2 * index}" '
        f'TIME_SLOT_REF2="h{2 * index + 1}"><ANNOTATION_VALUE>{coded.action}</ANNOTATION_VALUE>'
        '</ALIGNABLE_ANNOTATION></ANNOTATION>'
        for index, coded in enumerate(events)
    )
    text = text.replace('</TIME_ORDER>', f'{slots}</TIME_ORDER>')
    tier = re.search(r'<TIER [^>]*TIER_ID="P1 human"[^>]*?/>', text).group()
    (human / 'talk.eaf').write_text(text.replace(tier, f'{tier[:-2]}>{coded}</TIER>'))
    main('agree', [str(program), str(human), '--tiers-b', '*human*'])
    assert cells(capsys.readouterr().out.split('On events')[0], 'all', 'nodding')[2:7] == ['1', '1', '1', '57', '96.67']
    with pytest.raises(SystemExit) as caught:
        main('agree', [str(program), str(human)])
    assert '*human*' in str(caught.value)

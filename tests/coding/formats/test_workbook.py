"""Workbooks from strangers."""

import zipfile

import openpyxl
import pytest

from mmaction_microaction.coding.formats import workbook


def write_book(path):
    book = openpyxl.Workbook()
    book.active.append(['action', 'start', 'end'])
    book.save(path)


def test_document_types_are_refused(tmp_path):
    write_book(tmp_path / 'good.xlsx')
    with zipfile.ZipFile(tmp_path / 'good.xlsx') as source, zipfile.ZipFile(tmp_path / 'bad.xlsx', 'w') as target:
        for name in source.namelist():
            data = source.read(name)
            if name == 'xl/workbook.xml':
                data = b'<!DOCTYPE x [<!ENTITY e "text">]>' + data
            target.writestr(name, data)
    with pytest.raises(ValueError, match=r'bad\.xlsx .*document type'):
        workbook.read_workbook(tmp_path / 'bad.xlsx')


def test_large_contents_are_refused(tmp_path, monkeypatch):
    write_book(tmp_path / 'talk.xlsx')
    monkeypatch.setattr(workbook, 'MAX_UNPACKED', 2**10)
    with pytest.raises(ValueError, match=r'talk\.xlsx .*unpacked'):
        workbook.read_workbook(tmp_path / 'talk.xlsx')


@pytest.mark.parametrize('content', [b'', b'action,start,end\n', b'PK\x03\x04broken'])
def test_other_files_are_named(tmp_path, content):
    (tmp_path / 'talk.xlsx').write_bytes(content)
    with pytest.raises(ValueError, match=r'talk\.xlsx is not a workbook'):
        workbook.read_workbook(tmp_path / 'talk.xlsx')


def test_stated_size_of_a_sheet_is_not_believed(tmp_path):
    write_book(tmp_path / 'good.xlsx')
    with zipfile.ZipFile(tmp_path / 'good.xlsx') as source, zipfile.ZipFile(tmp_path / 'talk.xlsx', 'w') as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<dimension ref="A1:C1"', b'<dimension ref="A1"'))
    assert workbook.read_workbook(tmp_path / 'talk.xlsx') == {'Sheet': [['action', 'start', 'end']]}


def test_long_texts_are_not_cut_off(tmp_path):
    sheet = workbook.Sheet('events', [['comment'], ['x' * 32_768]], [10])
    with pytest.raises(ValueError, match='32,768'):
        workbook.write_workbook([sheet], tmp_path / 'talk.xlsx')
    assert not list(tmp_path.iterdir())


def test_distant_cells_are_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active['XFD1'] = 'far'
    book.save(tmp_path / 'talk.xlsx')
    with pytest.raises(ValueError, match='500 columns'):
        workbook.read_workbook(tmp_path / 'talk.xlsx')

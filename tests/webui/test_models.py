import pytest

from mmaction_microaction.cli import main
from mmaction_microaction.webui import models


def test_help_says_what_the_first_start_needs(capsys):
    with pytest.raises(SystemExit):
        main('web', ['--help'])
    text = ' '.join(capsys.readouterr().out.split())
    assert 'extras [demo,web]' in text
    assert 'downloads two networks that find people (36 MB)' in text


def test_names_of_networks_are_unique_and_contain_no_folder(monkeypatch):
    monkeypatch.setattr(models, 'MicroActionInferencer', lambda *files, device, person: (files, device))
    first = ['configs/manet.py', 'runs/1/epoch_80.pth']
    second = ['configs/manet.py', 'runs/2/epoch_80.pth']
    exported = ['exported/manet.onnx']
    assert models.load_models([first, second, exported], 'cuda:1') == {
        'manet, epoch_80': (tuple(first), 'cuda:1'),
        'manet, epoch_80 (2)': (tuple(second), 'cuda:1'),
        'manet': (tuple(exported), 'cuda:1'),
    }

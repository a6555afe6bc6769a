from mmaction_microaction.webui import models


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

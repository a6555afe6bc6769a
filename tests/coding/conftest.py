import json

import pytest
from helpers.coding import FakeNetwork

from mmaction_microaction.coding.batch import code_recordings
from mmaction_microaction.coding.formats import FORMATS, Format
from mmaction_microaction.coding.recordings import find_recordings
from mmaction_microaction.coding.settings import CodingSettings
from mmaction_microaction.utils.files import write_whole


@pytest.fixture(autouse=True)
def no_flushing(monkeypatch):
    """Leave out the waiting for the disk, which matters after a power failure only."""
    monkeypatch.setattr('mmaction_microaction.utils.files._flush', lambda *_: None)


@pytest.fixture
def network():
    return FakeNetwork()


@pytest.fixture
def formats(monkeypatch):
    """Add a format of one recording, and one of several. Their files list events."""

    def describe(coding):
        return [coding.recording, *([e.start, e.end, e.person, e.action] for e in coding.events)]

    def write_one(codings, path):
        [coding] = codings
        write_whole(path, json.dumps(describe(coding)).encode())

    def write_all(codings, path):
        write_whole(path, json.dumps([describe(coding) for coding in codings]).encode())

    monkeypatch.setitem(FORMATS, 'one', Format('.one', 'Tests', None, write_one, holds_several=False))
    monkeypatch.setitem(FORMATS, 'boris', Format('.all', 'Tests', None, write_all, holds_several=True))
    return ('one', 'boris')


@pytest.fixture
def study(tmp_path):
    """Write four files with the names of videos, two of them with the same name, and return their folder."""
    folder = tmp_path / 'interviews'
    (folder / 'deep').mkdir(parents=True)
    for name in ('P01.mp4', 'P02.mp4', 'deep/P01.mp4', 'P03.MOV'):
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.fixture
def code(study, network, formats, tmp_path):
    """Return a function that codes the study."""

    def code(out=tmp_path / 'out', settings=None, network=network, videos=study, formats=formats, **options):
        settings = settings or CodingSettings({'manet.onnx': '1a2b'})
        return code_recordings(find_recordings([videos]), out, settings, network.load, formats, **options)

    return code

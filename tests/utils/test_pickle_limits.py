"""Small files that describe large objects are rejected before any of the objects is built."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from mmaction_microaction.utils import pickle_limits
from mmaction_microaction.utils.checkpoints import read_weights
from mmaction_microaction.utils.pickles import load_pickle

VAST = 2**31 - 1


def text(content):
    return b'X' + struct.pack('<I', len(content)) + content


NUMBERS = b'x' * 5000
ENCODE = b'c_codecs\nencode\nq\x00' + text(NUMBERS) + b'q\x01\x85q\x02'
ARRAY = (
    b'cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nK\x00\x85c_codecs\nencode\nq\x07'
    + text(b'b') + b'\x85R\x87q\x01cnumpy\ndtype\n' + text(b'u1') + b'\x89\x88\x87Rq\x02'
    + b'(K\x01J' + struct.pack('<i', len(NUMBERS)) + b'\x85h\x02\x89h\x07' + text(NUMBERS) + b'\x85Rtq\x03'
)  # fmt: skip
SHARED = pickle.dumps({'pred_score': np.zeros(500)}, protocol=2)[2:-1] + b'q\x7f'


def laughs():
    value = [1.0] * 10
    for _ in range(9):
        value = [value] * 10
    return pickle.dumps(value)


@pytest.mark.parametrize(
    'content',
    [
        b'\x80\x02Nr\xff\xff\xff\x0f.',
        b'Np268435455\n.',
        *[b'\x80\x05' + code + struct.pack('<Q', 2**33) + b'a.' for code in (b'\x8d', b'\x8e', b'\x96', b'\x95')],
        b'\x80\x02\x8b' + struct.pack('<i', VAST) + b'a.',
        b'\x80\x02(' + b'}' * 4000 + b'l.',
        b'\x80\x04(' + b']\x94' * 4000 + b'l.',
        b'\x80\x04\x8f.',
        b'\x80\x02]K\x01a' + b'2\x86' * 40 + b'.',
        b'\x80\x02' + b']' * 1000 + b'a' * 999 + b'.',
        b'\x80\x02]q\x002a.',
        b'\x80\x02(' + ENCODE + b'h\x00h\x02R' * 300 + b'l.',
        b'\x80\x02(' + ARRAY + b'h\x00h\x01Rh\x03b' * 300 + b'l.',
        b'\x80\x02(' + SHARED + b'h\x7f' * 300 + b'l.',
        laughs(),
    ],
)
def test_pickles_of_objects_larger_than_the_file_are_rejected(tmp_path, monkeypatch, content):
    monkeypatch.setattr(pickle_limits, 'ALWAYS', 2**17)  # The limit is reduced to the size of these files.
    path = tmp_path / 'p.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'p\.pkl is not a pickle'):
        load_pickle(path)


class Storage:
    def __init__(self, content):
        self.content = content

    def __reduce__(self):
        return torch.storage._load_from_bytes, (self.content,)


class Tensor:
    """Object that is pickled as a tensor of any size and stride, whatever the size of its storage."""

    def __init__(self, content, size, stride):
        self.args = Storage(content), 0, size, stride, False, {}

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.args


def saved(value, **kwargs):
    file = io.BytesIO()
    torch.save(value, file, **kwargs)
    return file.getvalue()


OLD = dict(_use_new_zipfile_serialization=False)
HUGE = b'J' + struct.pack('<i', VAST)


def test_tensors_of_a_pickle_are_no_larger_than_their_storage(tmp_path):
    for legacy in ({}, OLD):
        storage = saved(torch.ones(1).storage(), **legacy)
        assert torch.equal(round_trip(tmp_path, Tensor(storage, (1,), (1,))), torch.ones(1))
        for size, stride in (((VAST,), (1,)), ((VAST,), (0,)), ((2,), (1,)), ((-1,), (1,)), ((1,), ())):
            with pytest.raises(ValueError, match='take all memory: a tensor of size'):
                round_trip(tmp_path, Tensor(storage, size, stride))
    storage = saved(torch.ones(1).storage(), **OLD).replace(b'K\x01N', HUGE + b'N')
    with pytest.raises(ValueError, match='a storage of 8,589,934,588 bytes'):
        round_trip(tmp_path, Tensor(storage, (1,), (1,)))


def round_trip(folder, value):
    (folder / 'p.pkl').write_bytes(pickle.dumps(value))
    return load_pickle(folder / 'p.pkl')


WEIGHTS = {'state_dict': {'weight': torch.arange(4.0)}}


def change(replace, compress=zipfile.ZIP_STORED, end='data.pkl'):
    """Return a checkpoint in which the content of one member is replaced."""
    source, file = zipfile.ZipFile(io.BytesIO(saved(WEIGHTS))), io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        for name in source.namelist():
            changed = name.endswith(end)
            content = replace(source.read(name)) if changed else source.read(name)
            archive.writestr(name, content, compress if changed else zipfile.ZIP_STORED)
    return file.getvalue()


def calls(function, argument):
    return b'\x80\x02}' + text(b'a') + b'c' + function + argument + b'\x85Rs.'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (change(lambda content: content + bytes(10**6), zipfile.ZIP_DEFLATED, 'data/0'), 'a compressed member'),
        (change(lambda content: content + bytes(10**6), zipfile.ZIP_BZIP2), 'a compressed member'),
        (change(lambda content: content.replace(b'K\x04tq', HUGE + b'tq')), 'a storage of 8,589,934,588 bytes'),
        (change(lambda content: content.replace(b'K\x00K\x04\x85', b'K\x00' + HUGE + b'\x85')), 'a tensor of size'),
        (change(lambda _: calls(b'torch\nFloatTensor\n', HUGE)), r'the object torch\.FloatTensor'),
        (change(lambda _: calls(b'__builtin__\nbytearray\n', HUGE)), 'so many arrays'),
        (saved(WEIGHTS, **OLD).replace(b'K\x04N', HUGE + b'N'), 'a storage of 8,589,934,588 bytes'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_checkpoints_of_objects_larger_than_the_file_are_rejected(tmp_path, content, message):
    path = tmp_path / 'x.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf'x\.pth is refused, since loading it could take all memory: {message}'):
        read_weights(path)


@pytest.mark.parametrize('legacy', [{}, OLD], ids=['zip', 'legacy'])
def test_intact_checkpoints_can_be_read_and_saved_again(tmp_path, legacy):
    history, network = HistoryBuffer([1.0, 2.0], [1, 1]), torch.nn.Linear(3, 2)
    content = {
        'state_dict': {**network.state_dict(), 'tied': network.weight, 'half': torch.ones(3).half()},
        'optimizer': torch.optim.SGD(network.parameters(), 0.1).state_dict(),
        'message_hub': {'log_scalars': {'loss': history}, 'runtime_info': {'best': np.float64(65.59)}},
        'meta': {'seed': 2**31, 'size': torch.Size([2]), 'view': torch.ones(1).expand(9), 'array': np.arange(3)},
    }
    for path in (tmp_path / 'first.pth', tmp_path / 'second.pth'):
        torch.save(content, path, **legacy)
        assert b'mmaction_microaction' not in path.read_bytes()
        content = CheckpointLoader.load_checkpoint(str(path), 'cpu', 'silent')
    history = content['message_hub']['log_scalars']['loss']
    assert (type(history), type(history._log_history)) == (HistoryBuffer, np.ndarray)
    assert history.statistics('mean') == 1.5
    assert content['message_hub']['runtime_info'] == {'best': 65.59}
    assert content['meta']['array'].tolist() == [0, 1, 2]
    assert torch.equal(content['state_dict']['tied'], network.weight)


class Forged:
    """Object that is pickled as a 64-bit integer dtype whose state contains a field of objects."""

    def __reduce__(self):
        fields = {'field': (np.dtype('i8'), 0)}
        return np.dtype, ('i8', False, True), (3, '<', None, ('field',), fields, 8, 1, 0)


class ForgedArray:
    def __reduce__(self):
        reconstruct = np.zeros(1).__reduce__()[0]
        return reconstruct, (np.ndarray, (0,), b'b'), (1, (1,), Forged(), False, bytes(8))


def test_dtypes_defined_by_a_checkpoint_are_ignored(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save({'meta': ForgedArray()}, path)
    assert torch.load(path, weights_only=False)['meta'].dtype.fields
    array = CheckpointLoader.load_checkpoint(str(path), 'cpu', 'silent')['meta']
    assert (array.dtype, array.dtype.fields, array.dtype.flags, array.tolist()) == (np.dtype('i8'), None, 0, [0])


@pytest.mark.parametrize('array', [np.array([None]), np.array([(1, 2.0)], 'i4,f4'), np.array(['a'])])
def test_non_numeric_arrays_in_a_checkpoint_are_rejected(tmp_path, array):
    torch.save({'meta': array}, tmp_path / 'x.pth')
    with pytest.raises(pickle.UnpicklingError, match=r'x\.pth is refused'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'x.pth'), 'cpu', 'silent')


@pytest.mark.parametrize('log', [[1.0], np.zeros((2, 2)), np.zeros(3), None])
def test_logged_values_are_two_arrays_of_equal_length(tmp_path, log):
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    history._log_history = log
    torch.save({'meta': history}, tmp_path / 'x.pth')
    with pytest.raises(pickle.UnpicklingError, match=r'x\.pth is refused'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'x.pth'), 'cpu', 'silent')


def test_checkpoint_cannot_replace_methods_of_logged_values(tmp_path):
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    history._statistics_methods = {**HistoryBuffer._statistics_methods, 'mean': HistoryBuffer.min}
    torch.save({'meta': history}, tmp_path / 'x.pth')
    history = CheckpointLoader.load_checkpoint(str(tmp_path / 'x.pth'), 'cpu', 'silent')['meta']
    assert history.statistics('mean') == HistoryBuffer([1.0, 3.0], [1, 1]).statistics('mean') == 2

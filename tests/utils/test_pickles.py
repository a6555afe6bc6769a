import os
import pickle
import pickletools

import numpy as np
import pytest
import torch

from mmaction_microaction.utils.pickles import load_pickle


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_reads_plain_values_arrays_and_tensors(tmp_path, protocol):
    matrix = np.arange(6, dtype='>f4').reshape(2, 3)
    content = {
        'plain': [None, True, 1, 2.5, 'é', b'\xff', (1, 2), {'a': 1}],
        'arrays': [np.array([0.25, 0.5]), np.asfortranarray(matrix), matrix[:, 1], np.zeros((0, 52)), np.array([True])],
        'numbers': [np.float32(0.1), np.int64(-3)],
        'tensors': [
            torch.rand(52),
            torch.rand(3, 52)[1].half(),
            torch.tensor([7]),
            torch.ones(2, dtype=torch.bfloat16),
        ],
    }
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(content, protocol=protocol))
    found = load_pickle(tmp_path / 'p.pkl')
    assert found['plain'] == content['plain']
    assert found['numbers'] == content['numbers']
    for expected, array in zip(content['arrays'], found['arrays']):
        np.testing.assert_array_equal(array, expected)
        assert (array.dtype.kind, array.itemsize) == (expected.dtype.kind, expected.itemsize)
    for expected, tensor in zip(content['tensors'], found['tensors']):
        assert torch.equal(tensor, expected)
        assert tensor.dtype == expected.dtype


def test_reads_pickles_of_numpy_1(tmp_path):
    content = pickle.dumps([np.arange(3.0), np.float64(4)], protocol=2).replace(b'numpy._core.', b'numpy.core.')
    assert b'numpy.core.multiarray' in content
    (tmp_path / 'p.pkl').write_bytes(content)
    array, number = load_pickle(tmp_path / 'p.pkl')
    assert array.tolist() == [0, 1, 2]
    assert number == 4


class Calls:
    """Object that is pickled as a function call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_runs_no_code(tmp_path, protocol):
    ran = tmp_path / 'ran'
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps([np.ones(52), Calls(os.mkdir, str(ran))], protocol=protocol))
    with pytest.raises(ValueError, match=r'p\.pkl is refused.*uses (posix|nt)\.mkdir'):
        load_pickle(tmp_path / 'p.pkl')
    assert not ran.exists()
    # The file is dangerous: pickle itself runs the code.
    pickle.loads((tmp_path / 'p.pkl').read_bytes())
    assert ran.is_dir()


def test_runs_no_code_from_the_bytes_of_a_tensor(tmp_path):
    ran = tmp_path / 'ran'
    torch.save(Calls(os.mkdir, str(ran)), tmp_path / 'inner', _use_new_zipfile_serialization=False)
    inner = (tmp_path / 'inner').read_bytes()
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(Calls(torch.storage._load_from_bytes, inner)))
    with pytest.raises(ValueError, match=r'p\.pkl is not a pickle, or damaged'):
        load_pickle(tmp_path / 'p.pkl')
    assert not ran.exists()


def test_does_not_look_up_attributes(tmp_path):
    content = pickletools.optimize(pickle.dumps(np.ndarray.tofile, protocol=4))
    (tmp_path / 'p.pkl').write_bytes(content)
    with pytest.raises(ValueError, match='is refused'):
        load_pickle(tmp_path / 'p.pkl')


@pytest.mark.parametrize('array', [np.array([{}, 'a'], object), np.array(['a']), np.array([(1, 2.0)], 'i4,f4')])
def test_rejects_non_numeric_arrays(tmp_path, array):
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(array))
    with pytest.raises(ValueError, match=r'is refused.*a NumPy array of'):
        load_pickle(tmp_path / 'p.pkl')


def test_flags_of_a_dtype_are_ignored(tmp_path):
    # One of the flags in 63 means that the 8 bytes of a number are a pointer to an object.
    forged = Forged((3, '<', None, None, None, -1, -1, 63))
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(forged))
    assert load_pickle(tmp_path / 'p.pkl').dtype.flags == 0
    assert pickle.loads((tmp_path / 'p.pkl').read_bytes()).flags == 63


class Forged:
    """Object that is pickled as a 64-bit float dtype with any state."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return np.dtype, ('f8', False, True), self.state


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty'),
        (b'vid,action_pred_1\n', 'not a pickle'),
        (b'hello\n', 'not a pickle of numbers'),  # Read as a pickle, its third instruction creates an object.
        (pickle.dumps([1.0] * 99)[:-9], 'not a pickle'),
    ],
)
def test_rejects_files_other_than_pickles(tmp_path, content, message):
    (tmp_path / 'p.pkl').write_bytes(content)
    with pytest.raises(ValueError, match=rf'p\.pkl.*{message}'):
        load_pickle(tmp_path / 'p.pkl')


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'p\.pkl: no such file$'):
        load_pickle(tmp_path / 'p.pkl')

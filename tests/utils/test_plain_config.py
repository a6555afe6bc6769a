import math

import pytest
from helpers.support import ROOT
from mmengine.config import Config

from mmaction_microaction.utils.plain_config import read_plain_config


@pytest.mark.parametrize('name', ['manet_r50_8x1_ma52.py', 'emotion/maenet_r50_16x1_ma52pro.py'])
def test_reads_files_written_by_the_runner(tmp_path, name):
    config = Config.fromfile(ROOT / 'configs' / name)
    odd = {'a key': 1, 2: (3,), 'deep': [dict(x=[(1, 2), []])]}
    config.merge_from_dict(dict(odd=odd, text='it\'s "x"\n\u2028', none=None, small=1e-30, negative=-3, empty=()))
    config.dump(tmp_path / 'config.py')
    assert read_plain_config(tmp_path / 'config.py') == config.to_dict()


def test_reads_infinity_and_nan(tmp_path):
    Config(dict(a=math.inf, b=-math.inf, c=math.nan)).dump(tmp_path / 'config.py')
    values = read_plain_config(tmp_path / 'config.py')
    assert (values['a'], values['b'], math.isnan(values['c'])) == (math.inf, -math.inf, True)


@pytest.mark.parametrize(
    ('line', 'reason'),
    [
        ('open(RAN, "w")', 'plain value'),
        ('x = open(RAN, "w")', 'plain value'),
        ('x = dict(a=[open(RAN, "w")])', 'plain value'),
        ('x = {open(RAN, "w"): 1}', 'plain value'),
        ('x = f"{open(RAN)}"', 'plain value'),
        ('x = [open(RAN, "w") for _ in "a"]', 'plain value'),
        ('x = dict(**dict(a=1))', 'plain value'),
        ('x = dict([open(RAN, "w")])', 'plain value'),
        ('dict = open; x = dict(a=RAN)', 'plain value'),
        ('import os', 'plain value'),
        ('class A: open(RAN, "w")', 'plain value'),
        ('x = "a" * 10**10', 'plain value'),
        ('x = 9**9**9', 'plain value'),
        ('x: open(RAN, "w") = 1', 'plain value'),
        ('x = y = 1', 'plain value'),
        ('_base_ = "other.py"', 'plain value'),
        ('x = -"a"', 'plain value'),
        ('x = ' + '9' * 5000, 'digits'),
        ('x = (', 'never closed'),
        ('x = ' + '[' * 5000 + ']' * 5000, 'nested|parentheses'),
        ('x = ' + '-' * 50_000 + '1', 'config'),
        ('x = "\0"', 'config'),
    ],
)
def test_code_is_not_run_and_its_line_is_named(tmp_path, line, reason):
    path, ran = tmp_path / 'config.py', tmp_path / 'ran'
    path.write_text(f'first = 1\n{line.replace("RAN", repr(str(ran)))}\n')
    with pytest.raises(ValueError, match=reason) as error:
        read_plain_config(path)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 400
    if reason == 'plain value':
        assert 'config.py, line 2: ' in str(error.value)
    assert not ran.exists()


def test_large_configs_are_rejected(tmp_path):
    (tmp_path / 'config.py').write_bytes(b'x = [' + b'0,' * 2**20 + b']')
    with pytest.raises(ValueError, match=r'config\.py has 2 MiB'):
        read_plain_config(tmp_path / 'config.py')


def test_binary_files_are_rejected(tmp_path):
    (tmp_path / 'config.py').write_bytes(b'x = "\xff"')
    with pytest.raises(ValueError, match=r'config\.py .*UTF-8'):
        read_plain_config(tmp_path / 'config.py')

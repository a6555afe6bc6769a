import os

import pytest
from helpers.processes import run_python

OPEN = """
from mmaction_microaction.inference import MicroActionInferencer
MicroActionInferencer()
"""


def test_onnx_runtime_sends_no_statistics(tmp_path):
    """ONNX Runtime keeps the statistics that it sends in the user's cache. In CI, it sends none by itself."""
    pytest.importorskip('onnxruntime')
    env = {key: value for key, value in os.environ.items() if key in ('PATH', 'LANG', 'TMPDIR')}
    home, cache = tmp_path / 'home', tmp_path / 'cache'
    home.mkdir()
    done = run_python(OPEN, env={**env, 'HOME': str(home), 'XDG_CACHE_HOME': str(cache)})
    assert done.returncode == 0, done.stderr
    written = [path for folder in (home, cache) for path in folder.rglob('*') if 'onnxruntime' in path.name]
    assert not written

"""Train with MMAction2's own script, for `mim train mmaction_microaction` and for the Slurm scripts."""

import runpy

from mmaction_microaction.utils.paths import find_upstream_tool

runpy.run_path(str(find_upstream_tool('train.py')), run_name='__main__')

"""Run one of MMAction2's own scripts, with this package imported first; docs/mmaction2_tools.md says which work.

python tools/mmaction2.py confusion_matrix CONFIG predictions.pkl --show-path matrix.png

MMAction2 1.2.0 by itself can import neither its models (a folder is missing in its wheel) nor, with PyTorch 2.6 and
later, the checkpoints that it writes. Importing this package mends both.
"""

import runpy
import sys

from mmaction_microaction.utils.paths import find_guide, find_upstream_tool


def main():
    # Read by hand: all but the name is the script's, also --help.
    folder = find_upstream_tool('train.py').parent
    # Those in data/ prepare other datasets.
    scripts = {path.stem: path for path in sorted(folder.glob('*/*.py')) if path.parent.name != 'data'}
    if len(sys.argv) < 2 or sys.argv[1] in ('-h', '--help'):
        guide = 'docs/mmaction2_tools.md'
        print(f'{__doc__.replace(guide, find_guide(guide))}\nScripts: {", ".join(scripts)}')
        return
    name = sys.argv[1].removesuffix('.py')
    if name not in scripts:
        sys.exit(f'error: MMAction2 has no script {name}; it has {", ".join(scripts)}')
    sys.argv = [str(scripts[name]), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name='__main__')


if __name__ == '__main__':
    main()

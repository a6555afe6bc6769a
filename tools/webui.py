"""Serve a page that recognises micro-actions in clips that are uploaded or recorded in the browser.

    python tools/webui.py --model CONFIG CHECKPOINT
    python tools/webui.py --model CONFIG CHECKPOINT --model manet.onnx --examples data/ma52_synthetic/videos_val

It needs the extra [web] and no internet. Uploads are deleted when a visitor closes the page, and at the end. Limits,
https and other servers in front of it: docs/webui.md.
"""

import argparse
import sys
import time

from mmaction_microaction.inference import find_videos
from mmaction_microaction.utils.messages import warn_in_one_line
from mmaction_microaction.utils.signals import ending_by_signals

SHOWN = 12
"""Examples of a folder."""


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--model',
        required=True,
        nargs='+',
        action='append',
        metavar='FILE',
        help='config and checkpoint, or an .onnx of tools/export.py; several times for several networks to choose from',
    )
    parser.add_argument('--device', help='cpu, cuda:1, … (default: the best there is; of an .onnx, the CPU)')
    parser.add_argument(
        '--examples', metavar='DIR', help=f'offer {SHOWN} clips of this folder (default: rendered ones)'
    )
    parser.add_argument('--max-seconds', type=float, default=600, help='longest video (default: %(default)s)')
    parser.add_argument('--max-megabytes', type=float, default=200, help='largest file (default: %(default)s)')
    parser.add_argument(
        '--max-minutes',
        type=float,
        default=20,
        help='longest time that a network works on a clip (default: %(default)s)',
    )
    parser.add_argument(
        '--keep-minutes',
        type=float,
        default=10,
        help='after which uploads are deleted at the latest; 0: with the result (default: %(default)s)',
    )
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 to be seen from elsewhere (default: %(default)s)')
    parser.add_argument(
        '--port',
        type=int,
        default=7860,
        choices=range(65536),
        metavar='NUMBER',
        help='0: the first that is free (default: %(default)s)',
    )
    parser.add_argument(
        '--root-path',
        metavar='PATH',
        help='where a server in front of it has the page: /micro, or https://lab.org/micro',
    )
    parser.add_argument('--ssl-certfile', metavar='FILE', help='serve by https, with this certificate')
    parser.add_argument('--ssl-keyfile', metavar='FILE', help='its private key')
    args = parser.parse_args()
    if bool(args.ssl_certfile) != bool(args.ssl_keyfile):
        parser.error('--ssl-certfile and --ssl-keyfile go together')
    if any(len(files) > 2 for files in args.model):
        parser.error('--model takes a config and a checkpoint, or one .onnx file; give it once for each network')
    for name in ('seconds', 'megabytes', 'minutes'):
        value = getattr(args, f'max_{name}')
        if not 0 < value < float('inf'):
            parser.error(f'--max-{name} {value:g}: must be above 0, and finite')
    if not 0 <= args.keep_minutes < float('inf'):
        parser.error(f'--keep-minutes {args.keep_minutes:g}: must be 0 or above, and finite')
    return args


def main():
    args = parse_args()
    warn_in_one_line()
    try:
        from mmaction_microaction.webui.models import load_models
        from mmaction_microaction.webui.server import serving
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error}; the page needs Gradio: pip install 'gradio>=6.31,<7'")
    stopped = []
    try:
        models = load_models(args.model, args.device)
        examples = None
        if args.examples:
            videos = list(find_videos([args.examples]))
            # Names begin with the subject: a step through the list meets many.
            examples = videos[:: max(len(videos) // SHOWN, 1)][:SHOWN]
        page = serving(
            models,
            examples,
            max_seconds=args.max_seconds,
            max_megabytes=args.max_megabytes,
            max_minutes=args.max_minutes,
            keep_minutes=args.keep_minutes,
            host=args.host,
            port=args.port,
            root_path=args.root_path,
            ssl_certfile=args.ssl_certfile,
            ssl_keyfile=args.ssl_keyfile,
        )
        # However it ends, the uploads are deleted.
        with ending_by_signals(lambda: stopped.append(True)), page as (url, _):
            print(f'the page is at {url}, until Ctrl-C', flush=True)
            while not stopped:
                time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()

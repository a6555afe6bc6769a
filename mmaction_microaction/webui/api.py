"""HTTP API of the page for other programs: endpoints of Gradio with stable names, see docs/webui.md."""

import gradio as gr

from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.coding.subjects import parse_subjects
from mmaction_microaction.inference import MicroActionInferencer

from .corrections import name_people
from .exports import check_format, write_codings
from .messages import describe_for_visitors, hide_folder
from .recognition import StoppedError, recognize_clip
from .turns import has_client
from .uploads import Uploads


class Api:
    """Functions of the API.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
    """

    def __init__(self, models: dict[str, MicroActionInferencer], uploads: Uploads):
        self.models, self.uploads = models, uploads

    def networks(self) -> list[str]:
        """Return the names of the networks."""
        return list(self.models)

    def code(self, video: str, network: str, form: str, names: str, request: gr.Request):
        """Recognise a video, delete it, and return the coded recording as JSON and as a file.

        Args:
            video (str): Path of the uploaded video.
            network (str): Name of a network. An empty string is the first one.
            form (str): Name of a format. An empty string is JSON.
            names (str): Names of the people, such as ``left=P1, right=P2``.
            request (gr.Request): The request.

        Returns:
            tuple[dict, str]: The coded recording as in the JSON format, and the path of the file.
        """
        if video is None:
            raise gr.Error('There is no video; upload one.', print_exception=False)
        visitor = request.session_hash
        try:
            opened = self.uploads.hold(visitor, video)
            network, form = network or next(iter(self.models)), form or 'json'
            if network not in self.models:
                raise ValueError(f'{network!r:.60} is not a network; choose one of {", ".join(self.models)}.')
            check_format(form)
            subjects = parse_subjects(names or '', allow_one_name=True)
            name = video.replace('\\', '/').rpartition('/')[2]

            def report(done):
                # A client of Gradio releases the video; of curl, only the connection ends.
                if not (has_client() and self.uploads.holds(visitor, video)):
                    raise StoppedError(f'{name} was stopped, since its client has gone.')
                self.uploads.touch(visitor)

            found = recognize_clip(self.models[network], network, opened, name, report)
            corrections = found.corrections
            people, problems = name_people([result.person for result in found.results], subjects)
            corrections.rename(people)
            # Names for other people are no reason to discard a long computation.
            texts = [text.replace(video, name) for text in found.warnings]
            corrections.coding.settings['warnings'] = texts + problems
            path = write_codings([corrections.coding], form, self.uploads.folder)
            self.uploads.add(visitor, path)
        except Exception as error:
            message = hide_folder(hide_folder(describe_for_visitors(error), video), self.uploads.folder)
            raise gr.Error(message, print_exception=False) from None
        finally:
            self.uploads.drop(visitor, video)
        return corrections.coding.to_dict(), str(path)


def add_api(models: dict[str, MicroActionInferencer], uploads: Uploads, **network: object) -> None:
    """Add the endpoints ``/networks`` and ``/code`` to the page that is being built.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
        **network: Options of events for which the network works.
    """
    api = Api(models, uploads)
    # Components describe the arguments to clients, which upload and download files by themselves.
    with gr.Row(visible=False):
        video = gr.Video(label='video', include_audio=True)
        names = gr.Textbox(label='names')
        chosen = gr.Textbox(label='network')
        form = gr.Textbox(label='format', info=', '.join(name for name, form in FORMATS.items() if form.write))
        listed, coded, file = gr.JSON(label='networks'), gr.JSON(label='coding'), gr.File(label='file')
        list_networks, code = gr.Button(), gr.Button()
    list_networks.click(api.networks, None, listed, api_name='networks', queue=False)
    code.click(api.code, [video, chosen, form, names], [coded, file], api_name='code', **network)

"""Fake networks without weights, and a fake visitor of the page without a browser."""

import json
import time
import warnings
from dataclasses import replace
from types import SimpleNamespace

import httpx
import numpy as np
from mmaction.models.backbones import ResNet

from mmaction_microaction.inference import ClipResult, TimelineResult
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.intervals import Interval


class Network:
    """Network that recognises nodding in short clips, and a second of waving with a warning in longer clips."""

    longest_clip = 8
    is_detector = False
    pipeline = SimpleNamespace(needs_poses=False)

    def __init__(self, gradients=False, label_set=MA52):
        self.label_set = label_set
        model = SimpleNamespace(backbone=ResNet(18, pretrained=None)) if gradients else None
        self.recognizer = SimpleNamespace(model=model)

    def people(self, video, progress=None):
        return [self(video, progress)]

    def __call__(self, video, progress=None):
        duration = video.duration
        for _ in video.frames():
            pass
        video, scores = video.path, np.eye(len(self.label_set))
        nodding, waving = map(self.label_set.names.index, ('nodding', 'waving'))
        if duration <= self.longest_clip:
            return ClipResult(video, duration, scores[nodding], self.label_set)
        warnings.warn(f'{video} ends after 1.0 of {duration:.1f} s; the timeline ends there', stacklevel=2)
        progress(1, 2)
        intervals = [Interval(2, 3, waving, 0.5, self.label_set)]
        return TimelineResult(video, duration, intervals, np.zeros(1), np.ones(1), scores[[waving]], self.label_set)


class Pair(Network):
    """Network that finds two people, one of whom nods twice, and fails at one file."""

    def people(self, video, progress=None):
        if 'odd' in video.path:
            raise ValueError(f'{video} has an odd frame; encode it again')
        progress(1, 4)
        nods = [Interval(0, 1, 9, 0.9), Interval(2, 3, 9, 0.6)]
        left = TimelineResult(video.path, video.duration, nods, None, None, np.zeros((1, 52)), person='left')
        return [left, replace(left, person='right', intervals=[Interval(1, 2, 19, 0.5)])]


class Visitor:
    """Client that sends the requests that the page sends in a browser."""

    def __init__(self, url, session='one', **options):
        self.session = session
        self.http = httpx.Client(base_url=url, timeout=60, **options)
        config = self.http.get('config').json()
        self.calls = {call['api_name']: call for call in config['dependencies']}
        # Tests refer to components by elem_id. The state of the page has none.
        self.names = {component['id']: component['props'].get('elem_id') for component in config['components']}
        self.asked = {}

    def upload(self, path, name=None):
        with open(path, 'rb') as file:
            response = self.http.post('gradio_api/upload', files={'files': (name or path.name, file, 'video/mp4')})
        response.raise_for_status()
        return {'path': response.json()[0], 'meta': {'_type': 'gradio.FileData'}}

    def press(self, call, *data):
        """Make a call, and return its output and the messages shown."""
        self.ask(call, *data).raise_for_status()
        return self.answers(1)[0]

    def recognize(self, sent, model):
        """Upload a clip and recognise it first, as the page does, and return the output and all messages.

        An ``error`` of the output is that of the last call.
        """
        _, logs = self.press('upload', sent)
        output, more = self.press('begin', model)
        if 'error' in output:
            return output, logs + more
        output, last = self.press('recognize')
        return output, logs + more + last

    def ask(self, call, *data):
        """Add a call to the queue, and return the response of the server."""
        query = dict(data=list(data), fn_index=self.calls[call]['id'], session_hash=self.session)
        response = self.http.post('gradio_api/queue/join', json=query)
        if response.status_code == 200:
            self.asked[response.json()['event_id']] = call
        return response

    def answers(self, count):
        """Wait for a number of outputs, and return each with the messages shown before it.

        The ``data`` of an output is a dict of the updated components by elem_id.
        """
        answers, logs = [], []
        with self.http.stream('GET', 'gradio_api/queue/data', params=dict(session_hash=self.session)) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix('data:')) if line else dict(msg=None)
                if message['msg'] == 'log':
                    logs.append(message['log'])
                if message['msg'] == 'process_completed':
                    output = message['output']
                    if 'data' in output:
                        components = self.calls[self.asked[message['event_id']]]['outputs']
                        output['data'] = dict(zip(map(self.names.get, components), output['data']))
                    answers.append((output, logs))
                    logs = []
                if len(answers) == count:
                    return answers
        raise AssertionError('the server ended without an answer')


def files(folder):
    """Return the names of all files in a folder and its subfolders."""
    return sorted(path.name for path in folder.rglob('*') if path.is_file())


def wait_for_none(folder):
    """Wait until all files are deleted, and fail after 20 seconds."""
    deadline = time.monotonic() + 20
    while files(folder):
        assert time.monotonic() < deadline, files(folder)
        time.sleep(0.1)

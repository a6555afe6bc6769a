from types import SimpleNamespace

import pytest

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from mmaction_microaction.webui.turns import in_turn


def call(name):
    """Make a call from 'ADDRESS/PAGE TIME', such as 'office/Ada 3'."""
    place, time = name.split()
    address, page = place.split('/')
    request = SimpleNamespace(client=SimpleNamespace(host=address))
    return SimpleNamespace(name=name, session_hash=page, request=request, enqueue_time=int(time))


def order(waiting, running=()):
    return [event.name for event in in_turn([call(name) for name in waiting], [call(name) for name in running])]


def test_pages_take_turns():
    assert order(['a/Ada 1', 'a/Ada 2', 'a/Ada 3', 'a/Ben 4', 'a/Ben 5']) == [
        'a/Ada 1',
        'a/Ben 4',
        'a/Ada 2',
        'a/Ben 5',
        'a/Ada 3',
    ]


def test_pages_of_one_address_wait_for_other_addresses():
    pages = [f'a/page{index} {index}' for index in range(4)]
    assert order([*pages, 'b/Ben 9']) == ['a/page0 0', 'b/Ben 9', *(pages[1:])]


def test_a_running_call_counts_as_a_turn():
    assert order(['a/Ada 2', 'b/Ben 3'], running=['a/Ada 1']) == ['b/Ben 3', 'a/Ada 2']

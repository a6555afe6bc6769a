"""Order in which visitors use the network."""

from collections import Counter

from gradio.context import LocalContext

from .uploads import Uploads

QUEUE_SIZE = 20
"""Maximum number of calls that run or wait. One address may have half of them; one page may have two, of which one
waits."""


def share_network(page):
    """Make the visitors of a page take turns at the network, and limit the calls of each visitor.

    Args:
        page (gr.Blocks): The page. Handlers with the ``concurrency_id`` ``'network'`` are queued in turn.
    """
    queue = page._queue
    push = queue.push

    def pending():
        return [event for event in queue.event_ids_to_events.values() if event.concurrency_id == 'network']

    async def push_in_turn(body, request, username):
        handler = page.fns.get(body.fn_index)
        if handler is None or handler.concurrency_id != 'network':
            return await push(body, request, username)
        events = pending()
        num_of_page = sum(event.session_hash == body.session_hash for event in events)
        num_of_address = sum(_address(event.request) == _address(request) for event in events)
        if num_of_page >= 2 or num_of_address >= QUEUE_SIZE / 2 or len(events) >= QUEUE_SIZE:
            return False, 'Other clips are still waiting for the network; try again later.', 'queue_full'
        answer = await push(body, request, username)
        waiting = queue.event_queue_per_concurrency_id['network'].queue
        waiting[:] = in_turn(waiting, [event for event in pending() if event not in waiting])
        return answer

    queue.push = push_in_turn


def in_turn(waiting, running=()):
    """Sort calls so that pages, and then addresses, take turns. Within a page, the order of the calls is kept.

    Args:
        waiting (Sequence[gradio.queueing.Event]): Calls that wait.
        running (Sequence[gradio.queueing.Event]): Calls that run, which count as a turn. Defaults to none.

    Returns:
        list[gradio.queueing.Event]: The calls that wait, the next one first.
    """
    pages, addresses, turns = Counter(), Counter(), {}
    for event in (*running, *sorted(waiting, key=lambda event: event.enqueue_time)):
        page, address = event.session_hash, _address(event.request)
        turns[id(event)] = pages[page], addresses[address], event.enqueue_time
        pages[page] += 1
        addresses[address] += 1
    return sorted(waiting, key=lambda event: turns[id(event)])


def touch_files_of_calls(page, uploads: Uploads) -> None:
    """Note that calls which wait or run use their files, so that they are not deleted as old.

    Args:
        page (gr.Blocks): The page.
        uploads (Uploads): Clips of the visitors.
    """
    for event in list(page._queue.event_ids_to_events.values()):
        # Nobody holds the uploads of the API before the call begins.
        named = [value.get('path') for value in event.data.data if isinstance(value, dict)]
        uploads.touch(event.session_hash, *(path for path in named if isinstance(path, str)))


def has_client() -> bool:
    """Return whether the client of the call that this thread works on is still connected, as far as Gradio knows."""
    page, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    event = page and page._queue.event_ids_to_events.get(event_id)
    return event is None or event.alive


def _address(request):
    return request.client.host if request.client else ''

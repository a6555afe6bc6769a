"""Who is next at the network."""

from collections import Counter

QUEUE_SIZE = 20
"""Calls of the network that wait at most; half of them of one address, and one of one page beside the one at work."""


def share_network(page):
    """Let visitors take turns at the network, and nobody fill its queue.

    Args:
        page (gr.Blocks): Whose functions with a ``concurrency_id`` of ``'network'`` are meant.
    """
    queue = page._queue
    push = queue.push

    def pending():
        return [event for event in queue.event_ids_to_events.values() if event.concurrency_id == 'network']

    async def push_in_turn(body, request, username):
        function = page.fns.get(body.fn_index)
        if function is None or function.concurrency_id != 'network':
            return await push(body, request, username)
        events = pending()
        of_page = sum(event.session_hash == body.session_hash for event in events)
        of_address = sum(_address(event.request) == _address(request) for event in events)
        if of_page >= 2 or of_address >= QUEUE_SIZE / 2 or len(events) >= QUEUE_SIZE:
            return False, 'Other clips are still waiting for the network; try again later.', 'queue_full'
        answer = await push(body, request, username)
        waiting = queue.event_queue_per_concurrency_id['network'].queue
        waiting[:] = in_turn(waiting, [event for event in pending() if event not in waiting])
        return answer

    queue.push = push_in_turn


def in_turn(waiting, running=()):
    """Sort calls so that pages, and then addresses, take turns, each in the order in which it asked.

    Args:
        waiting (list[gradio.queueing.Event]): The calls.
        running (list[gradio.queueing.Event]): Those that have their turn now. Defaults to none.

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


def _address(request):
    return request.client.host if request.client else ''

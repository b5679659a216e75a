"""A client in other processes: forked, sync and async, used before or not; spawned; pickled."""

import asyncio
import concurrent.futures
import contextlib
import copy
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
import warnings

import pytest
import xmedia
from support.clients import OAUTH1, OAUTH2
from support.media import ID, PNG
from xmedia.testing import Fault

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@contextlib.contextmanager
def busy(client):
    """Two threads that use the client all the time."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            client.status(ID)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def in_child(work, patience=10):
    """Runs something in a forked child, which is killed if it hangs; its exit status is 0 if all went well."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def asked(call, client):
    def ask():
        assert call(client, "status", ID).media_id == ID
        assert call(client, "wait", call(client, "status", ID), timeout=5).ready

    return ask


@pytest.fixture
def media(server):
    server.add_media(ID, processing=["succeeded"], finalized=True)


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("used", ["used before", "not used"])
def test_a_client_works_in_a_forked_child(call, server, connect, used):
    client = connect(server)
    if used == "used before":
        call(client, "status", ID)
    assert in_child(asked(call, client)) == 0
    assert call(client, "status", ID).media_id == ID


@pytest.mark.usefixtures("media")
def test_a_call_in_flight_in_the_parent_takes_no_place_of_the_child(call, server, connect):
    client = connect(server, max_connections=1)
    server.script("STATUS", Fault.delay(0.5))
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(client.status(ID)))
    thread.start()
    while not server.commands:
        time.sleep(0.002)
    assert in_child(asked(call, client)) == 0
    thread.join()
    assert [media.media_id for media in outcomes] == [ID]


@pytest.mark.usefixtures("media")
def test_a_busy_parent_can_fork_again_and_again(call, server, connect):
    client = connect(server)
    with busy(client):
        assert [in_child(asked(call, client)) for _ in range(20)] == [0] * 20


@pytest.mark.usefixtures("media")
def test_a_child_of_a_running_loop_has_loops_of_its_own(server, connect):
    client = connect(server)

    async def ask():
        return (await client.status_async(ID)).media_id

    def work():
        asyncio.events._set_running_loop(None)
        assert asyncio.run(ask()) == ID

    async def main():
        server.script("STATUS", Fault.delay(0.3))
        pending = asyncio.create_task(ask())
        while not server.commands:
            await asyncio.sleep(0.002)
        outcome = await asyncio.to_thread(in_child, work)
        return outcome, await pending

    assert asyncio.run(main()) == (0, ID)


@pytest.mark.usefixtures("media")
def test_a_child_may_drop_and_close_what_its_parent_uses(server, connect):
    client = connect(server)
    child_of = client.with_options(retry=None)
    client.status(ID)

    def work():
        client.close()
        with pytest.raises(xmedia.ClientClosedError):
            client.status(ID)
        child_of.status(ID)
        child_of.close()

    assert in_child(work) == 0
    assert (client.status(ID).media_id, child_of.status(ID).media_id, server.connections) == (ID, ID, 2)


@pytest.mark.usefixtures("media")
def test_a_grandchild_works_too(call, server, connect):
    client = connect(server)
    call(client, "status", ID)

    def work():
        asked(call, client)()
        assert in_child(asked(call, client)) == 0

    assert in_child(work) == 0


@pytest.mark.usefixtures("media")
def test_a_client_that_was_closed_stays_closed_in_the_child(call, server, connect):
    client = connect(server)
    client.close()

    def work():
        with pytest.raises(xmedia.ClientClosedError):
            call(client, "status", ID)

    assert in_child(work) == 0


@pytest.mark.usefixtures("media")
def test_an_awaited_call_of_the_parent_can_be_thrown_away_in_the_child(server, connect):
    """The child's copy of a waiting coroutine is closed without touching the parent's runtime."""
    client = connect(server)
    server.script("STATUS", Fault.delay(0.3))

    async def main():
        task = asyncio.create_task(client.wait_async(ID, progress=lambda _: None))
        while not server.commands:
            await asyncio.sleep(0.002)

        def work():
            task.get_coro().close()

        outcome = in_child(work)
        return outcome, (await task).media_id

    assert asyncio.run(main()) == (0, ID)


def step_of_watch(client, run_aside):
    """A watch of which another thread is in the middle of a step."""
    watch = client.watch(ID)
    run_aside(lambda: next(watch))
    return lambda: next(watch)


def step_of_wait_many(client, run_aside):
    waits = client.wait_many(iter([ID, ID + 1]), concurrency=2)
    run_aside(lambda: next(waits))
    return lambda: next(waits)


def step_of_upload_many(client, run_aside):
    uploads = client.upload_many([PNG, PNG], concurrency=2)
    run_aside(lambda: next(uploads))
    return lambda: next(uploads)


@pytest.mark.parametrize("step", [step_of_watch, step_of_wait_many, step_of_upload_many])
def test_what_is_in_flight_is_the_parents_and_an_error_in_the_child(server, connect, step):
    client = connect(server, retry=None)
    for number in (ID, ID + 1):
        server.add_media(number, finalized=True)
    for command in ("STATUS", "SIMPLE"):
        server.script(command, *[Fault.delay(0.5)] * 2)
    outcomes = []

    def aside(work):
        thread = threading.Thread(target=lambda: outcomes.append(work()))
        thread.start()
        threads.append(thread)
        while not server.commands:
            time.sleep(0.002)

    threads = []
    again = step(client, aside)

    def work():
        with pytest.raises(RuntimeError, match="process"):
            again()

    assert in_child(work, patience=3) == 0
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1


@pytest.mark.usefixtures("media")
def test_a_watch_between_two_items_goes_on_in_a_child(server, connect):
    watch = connect(server).watch(ID)
    next(watch)
    assert in_child(lambda: list(watch)) == 0
    assert list(watch) == []


@pytest.mark.parametrize("end", ["close", "drop"])
def test_a_child_can_end_iterators_of_a_busy_parent(server, connect, end):
    """To say that nothing more comes would wake the parent's tasks, whose scheduler may have been locked."""
    client = connect(server)
    server.add_media(ID, processing=["succeeded"], finalized=True)
    server.add_media(ID + 1, processing=["pending"], finalized=True)
    waits = client.wait_many([ID, ID + 1])

    def finish():
        nonlocal waits
        if end == "close":
            waits.close()
        else:
            waits = None

    with busy(client):
        assert next(waits).media.ready
        assert [in_child(finish, patience=3) for _ in range(100)] == [0] * 100


@pytest.mark.usefixtures("media")
def test_a_child_may_leave_a_callback_in_which_it_was_forked(server, connect):
    client = connect(server)
    outcomes = []

    def progress(_):
        child = os.fork()
        if child == 0:
            return
        outcomes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    parent = os.getpid()
    try:
        media = client.wait(client.status(ID), progress=progress)
    except RuntimeError as error:
        os._exit(0 if os.getpid() != parent and "process" in str(error) else 1)
    if os.getpid() != parent:
        os._exit(2)
    assert media.ready
    assert set(outcomes) == {0}


def ask_in_worker(client):
    return client.status(ID).media_id, asyncio.run(client.status_async(ID)).media_id


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_a_pool_of_processes_takes_it_as_an_argument(server, connect, method):
    client = connect(server)
    client.status(ID)
    context = multiprocessing.get_context(method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            assert pool.submit(ask_in_worker, client).result() == (ID, ID)


class TestPickle:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize("auth", [OAUTH1, OAUTH2])
    def test_holds_the_credentials_and_options(self, auth, protocol, tmp_path):
        options = {
            "base_url": "https://gateway.example/x",
            "request_timeout": 5,
            "retry": xmedia.Retry(attempts=2),
            "max_connections": 7,
            "max_bytes_per_second": 1_000_000,
            "record": tmp_path,
            "user_agent": "mine/1",
        }
        client = xmedia.Client(auth, **options)
        again = pickle.loads(pickle.dumps(client, protocol))
        assert (again.api, again.base_url, repr(again)) == (client.api, client.base_url, repr(client))
        assert again.__reduce__() == client.__reduce__()

    def test_holds_no_callbacks(self, server):
        client = server.client(on_event=lambda _: None)
        assert pickle.loads(pickle.dumps(client)).base_url == server.url

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
    def test_the_copy_has_connections_of_its_own(self, server, duplicate):
        server.add_media(ID, finalized=True)
        with server.client() as client:
            client.status(ID)
            copied = duplicate(client)
        assert (client.closed, copied.closed) == (True, False)
        assert (copied.status(ID).media_id, server.connections) == (ID, 2)

    def test_keeps_what_with_options_changed(self, server):
        child = server.client().with_options(auth=xmedia.OAuth2("mock-oauth2-access-token"), request_timeout=7)
        again = pickle.loads(pickle.dumps(child))
        assert (again.api, again.__reduce__()) == ("2", child.__reduce__())

    def test_keeps_a_subclass(self):
        assert type(pickle.loads(pickle.dumps(Mine(OAUTH1)))) is Mine


class Mine(xmedia.Client):
    pass

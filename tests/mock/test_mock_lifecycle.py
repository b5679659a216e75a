"""The mock server starts and stops at once, whatever is open, and survives fork."""

import asyncio
import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
from support.mock_http import call, connect, status
from xmedia.testing import Fault, MockServer


def address(server):
    parts = urlsplit(server.url)
    return parts.hostname, parts.port


def answers(server):
    return call(server, "GET", "/__media").status == 200


def test_it_listens_as_soon_as_it_is_made():
    server = MockServer()
    assert answers(server)
    server.close()


def test_closing_twice_does_nothing():
    server = MockServer()
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        answers(server)


def test_a_with_statement_closes_it():
    with MockServer() as server:
        assert answers(server)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(server), timeout=1)


def test_an_async_with_statement_closes_it():
    async def run():
        async with MockServer() as server:
            assert await asyncio.to_thread(answers, server)
        return server

    server = asyncio.run(run())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(server), timeout=1)


def test_what_it_saw_can_be_read_after_closing():
    with MockServer() as server:
        status(server, 1)
    assert server.commands == ["STATUS"]


def test_it_closes_while_connections_are_open_and_requests_hang():
    with MockServer(verify_auth=False) as server:
        server.script("STATUS", Fault.hang())
        idle = socket.create_connection(address(server), timeout=5)
        waiting = connect(server)
        waiting.request("GET", "/2/media/upload?command=STATUS&media_id=1")
        half = socket.create_connection(address(server), timeout=5)
        half.sendall(b"POST /2/media/upload/1/finalize HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
        while len(server.requests) < 2:
            time.sleep(0.001)
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 0.5
    assert idle.recv(1) == b""
    half.close()
    waiting.close()
    idle.close()


def test_it_stops_when_nobody_has_it_any_more():
    server = MockServer()
    where = address(server)
    del server
    gc.collect()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, timeout=1)


def test_a_hundred_servers_at_once():
    servers = [MockServer() for _ in range(100)]
    try:
        assert len({server.url for server in servers}) == 100
        assert all(answers(server) for server in servers)
    finally:
        for server in servers:
            server.close()


def test_a_port_that_is_taken_is_an_os_error():
    with MockServer() as server, pytest.raises(OSError, match="in use") as caught:
        MockServer(port=address(server)[1])
    assert (caught.value.errno, caught.value.strerror) == (errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def test_a_port_can_be_had_again_at_once():
    with MockServer() as server:
        answers(server)
        port = address(server)[1]
    with MockServer(port=port) as again:
        assert answers(again)


def test_an_ipv6_address():
    try:
        server = MockServer(host="::1")
    except OSError:
        pytest.skip("this machine has no such address")
    with server:
        assert server.url.startswith("http://[::1]:")
        assert answers(server)


def test_all_addresses_are_reached_by_loopback():
    with MockServer(host="0.0.0.0") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert answers(server)


def test_while_down_connections_are_refused_and_the_port_is_kept():
    with MockServer() as server:
        kept = connect(server)
        assert call(server, "GET", "/__media", on=kept).status == 200
        with server.down():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address(server), timeout=1)
            assert server.open_connections == 0
        assert answers(server)
        kept.close()


def test_dropped_connections_are_closed_and_new_ones_accepted():
    with MockServer() as server:
        idle = socket.create_connection(address(server), timeout=5)
        answers(server)
        server.drop_connections()
        assert idle.recv(1) == b""
        assert server.open_connections == 0
        assert answers(server)
        idle.close()


def test_connections_are_counted():
    with MockServer() as server:
        kept = connect(server)
        for _ in range(3):
            call(server, "GET", "/__media", on=kept)
        assert (server.connections, server.open_connections) == (1, 1)
        answers(server)
        assert server.connections == 2
        kept.close()
        assert [request.connection for request in server.requests] == [1, 1, 1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not on Windows")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
class TestFork:
    @staticmethod
    def in_child(work):
        """Run this in a forked child; whether it went well."""
        # What other tests have left is not the child's to take down.
        gc.collect()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if work() else 2
            finally:
                os._exit(code)
        patience = time.monotonic() + 10
        while time.monotonic() < patience:
            done, result = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(result) == 0
            time.sleep(0.005)
        # pytest's faulthandler shows where it hangs.
        os.kill(child, signal.SIGABRT)
        os.waitpid(child, 0)
        pytest.fail("the child did not end within 10 s")

    def test_closing_or_dropping_it_in_the_child_leaves_the_parents_alone(self):
        server = MockServer()
        holder = [server]

        def work():
            nonlocal server
            server.close()
            del server
            holder.clear()
            gc.collect()
            return True

        assert self.in_child(work)
        assert answers(server)
        server.close()

    def test_the_child_can_talk_to_it(self):
        with MockServer() as server:
            assert self.in_child(lambda: answers(server))
            assert len(server.requests) == 1

    def test_the_child_cannot_ask_it(self):
        def work():
            with pytest.raises(RuntimeError, match="forked"):
                _ = server.requests
            return True

        with MockServer() as server:
            assert self.in_child(work)

    def test_a_server_made_in_the_child(self):
        def work():
            with MockServer() as other:
                return answers(other)

        with MockServer() as server:
            assert self.in_child(work)
            assert answers(server)

    def test_many_forks_under_load(self):
        with MockServer() as server:
            stop = threading.Event()

            def load():
                kept = connect(server)
                while not stop.is_set():
                    call(server, "GET", "/__media", on=kept)
                kept.close()

            threads = [threading.Thread(target=load) for _ in range(2)]
            for thread in threads:
                thread.start()
            try:
                assert all(self.in_child(lambda: server.close() is None) for _ in range(20))
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            assert answers(server)

    def test_closing_ends_it_although_a_child_lives(self):
        reading, writing = os.pipe()
        server = MockServer()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        os.close(reading)
        server.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address(server), timeout=1)
        os.close(writing)
        os.waitpid(child, 0)


def test_the_interpreter_exits_with_servers_running():
    program = (
        "from xmedia.testing import MockServer\n"
        "import socket, urllib.parse\n"
        "servers = [MockServer() for _ in range(3)]\n"
        "where = [urllib.parse.urlsplit(each.url).netloc.split(':') for each in servers]\n"
        "open_ones = [socket.create_connection(each) for each in where]\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_importing_xmedia_does_not_import_it():
    program = "import sys, xmedia; sys.exit('xmedia.testing' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode == 0

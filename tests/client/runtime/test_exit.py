"""The end of the interpreter: no abort, no hang, no word, whatever has just been called or still is.

The rule: docs/how/design.md#the-runtime

Stock bridges abort CPython up to 3.13 in half of these runs. Most interpreters are forked from one that has imported
all it needs, since their ends count, not their beginnings; `make test-exit` starts each of them anew, and more of them.
"""

import ast
import concurrent.futures
import math
import os
import shutil
import subprocess
import sys

import pytest
from support.media import ID, MP4
from support.pythons import environment, pythons
from xmedia.testing import MockServer

#: How many interpreters are started anew for each script.
STARTED = int(os.environ.get("XMEDIA_TEST_EXITS", "1"))
#: How many are forked in all, at least.
FORKED = 300
CLIENT = f"""
import asyncio, logging, sys, threading, time, xmedia
client = xmedia.Client(xmedia.OAuth1(*sys.argv[2:6]), base_url=sys.argv[1], retry=None)
ID = {ID}
DATA = {MP4!r} + bytes(20_000)
REPORTED = []
OPTIONS = {{"segment_bytes": 1000, "progress": REPORTED.append, "wait": False}}
logging.getLogger("xmedia").setLevel("DEBUG")
"""
SCRIPTS = {
    "just awaited": "asyncio.run(client.finalize_async(ID))",
    "a hundred awaited": """
async def main():
    await asyncio.gather(*(client.status_async(ID) for _ in range(100)))
asyncio.run(main())
""",
    "awaited in flight": """
async def main():
    tasks = [asyncio.create_task(client.status_async(ID)) for _ in range(20)]
    await asyncio.sleep(0.001)
    return tasks
loop = asyncio.new_event_loop()
tasks = loop.run_until_complete(main())
for task in tasks:
    task._log_destroy_pending = False
""",
    "sync": "client.finalize(ID)",
    "daemon threads in flight": """
for _ in range(4):
    threading.Thread(target=client.status, args=(ID,), daemon=True).start()
""",
    "an exception": "asyncio.run(client.finalize_async(ID)); sys.exit(0)",
    "an upload awaited in flight": """
async def main():
    tasks = [asyncio.create_task(client.upload_async(DATA, **OPTIONS)) for _ in range(4)]
    await asyncio.sleep(0.01)
    return tasks
client = client.with_options(on_event=REPORTED.append)
loop = asyncio.new_event_loop()
tasks = loop.run_until_complete(main())
for task in tasks:
    task._log_destroy_pending = False
""",
    "uploads in daemon threads": """
client = client.with_options(on_event=REPORTED.append)
for _ in range(3):
    threading.Thread(target=lambda: [client.upload(DATA, **OPTIONS) for _ in range(99)], daemon=True).start()
while not REPORTED:
    time.sleep(0.001)
""",
    "waits in flight": """
threading.Thread(target=client.wait, args=(ID,), daemon=True).start()
threading.Thread(target=lambda: list(client.wait_many([ID] * 9)), daemon=True).start()
threading.Thread(target=lambda: list(client.watch(ID)), daemon=True).start()
time.sleep(0.01)
""",
    "a loop that cannot watch": """
class Loop(asyncio.SelectorEventLoop):
    def add_reader(self, *arguments):
        raise NotImplementedError
async def main():
    tasks = [asyncio.create_task(client.status_async(ID)) for _ in range(20)]
    await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
    return tasks
loop = Loop()
tasks = loop.run_until_complete(main())
for task in tasks:
    task._log_destroy_pending = False
""",
    "a mock server": """
from xmedia.testing import MockServer
server = MockServer()
threading.Thread(target=server.client().upload, args=(DATA,), daemon=True).start()
time.sleep(0.01)
""",
}


@pytest.fixture(scope="module")
def url():
    with MockServer(processing=["pending"]) as server:
        server.add_media(ID)
        server.client().finalize(ID)
        auth = server.auth
        secrets = [auth.consumer_key, auth.consumer_secret, auth.access_token, auth.access_token_secret]
        yield [server.url, *secrets]


#: Before a script: forks interpreters that run it and exit, one after the other, and prints their statuses.
FORK = """
import os
statuses = []
for _ in range(int(sys.argv[6])):
    child = os.fork()
    if child == 0:
        break
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
else:
    print(statuses)
    sys.exit(0)
"""


def run(script, arguments, pinned, python=sys.executable):
    command = [python, "-X", "faulthandler", "-W", "ignore::DeprecationWarning", "-c", script, *arguments]
    if pinned:
        command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    return done.returncode, done.stdout, done.stderr


#: Threads are held to one CPU by Linux's `taskset`.
PINNED = (True, False) if shutil.which("taskset") else (False,)
#: Each script on each Python, half of them on one CPU: there a thread that is about to end meets the exit most often.
CASES = [(version, kind, pinned) for version in pythons() for kind in SCRIPTS for pinned in PINNED]


@pytest.mark.parametrize(("version", "kind", "pinned"), CASES)
@pytest.mark.timeout(60 + 2 * STARTED)
def test_the_interpreter_exits_quietly(url, version, kind, pinned):
    python = pythons()[version]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: run(CLIENT + SCRIPTS[kind], url, pinned, python), range(STARTED)))
    assert [outcome for outcome in started if outcome != (0, "", "")] == []
    forked = math.ceil(FORKED / len(CASES))
    status, statuses, errors = run(CLIENT + FORK + SCRIPTS[kind], [*url, str(forked)], pinned, python)
    assert (status, ast.literal_eval(statuses), errors) == (0, [0] * forked, "")


#: Calls verbs in all the ways they can end, and prints what was imported meanwhile.
IMPORTS = """
client = client.with_options(retry=None)
before = set(sys.modules)
calls = [
    lambda: client.status(ID),
    lambda: client.status(5),
    lambda: client.finalize(ID),
    lambda: client.initialize(5, "video/mp4"),
    lambda: client.append(5, 0, b"data"),
    lambda: client.wait(ID, timeout=0.01, progress=lambda _: None),
    lambda: list(client.watch(ID, timeout=0.01)),
]
for call in calls:
    try:
        call()
    except xmedia.XMediaError:
        pass
print(sorted(set(sys.modules) - before))
"""


def test_no_call_of_a_sync_verb_imports_a_module(url):
    """A daemon thread that comes back from reading files for one while the interpreter ends is ended inside Rust."""
    assert run(CLIENT + IMPORTS, url, pinned=False) == (0, "[]\n", "")

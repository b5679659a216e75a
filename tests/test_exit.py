"""The end of the interpreter: no abort, no hang, no word, whatever has just been called or still is (DESIGN §3).

Stock bridges abort CPython up to 3.13 in half of these runs. Most interpreters are forked from one that has imported
all it needs, since their ends count, not their beginnings; `make test-exit` starts each of them anew, and more of them.
"""

import ast
import concurrent.futures
import os
import shutil
import subprocess
import sys

import pytest
from conftest import ID
from xmedia.testing import MockServer

#: How many interpreters are started anew for each script.
STARTED = int(os.environ.get("XMEDIA_TEST_EXITS", "1"))
#: How many are forked.
FORKED = 100
CLIENT = """
import asyncio, sys, threading, xmedia
client = xmedia.Client(xmedia.OAuth1(*sys.argv[2:6]), base_url=sys.argv[1], retry=None)
ID = 710511363345354753
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


def run(script, arguments, pinned):
    command = [sys.executable, "-X", "faulthandler", "-W", "ignore::DeprecationWarning", "-c", script, *arguments]
    if pinned:
        command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("kind", "pinned"),
    [*((kind, True) for kind in SCRIPTS), ("just awaited", False), ("a hundred awaited", False)],
)
@pytest.mark.timeout(60 + 2 * STARTED)
def test_the_interpreter_exits_quietly(url, kind, pinned):
    if pinned and shutil.which("taskset") is None:
        pytest.skip("taskset is missing")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: run(CLIENT + SCRIPTS[kind], url, pinned), range(STARTED)))
    assert [outcome for outcome in started if outcome != (0, "", "")] == []
    forked = FORKED if (kind, pinned) == ("just awaited", True) else FORKED // 12
    status, statuses, errors = run(CLIENT + FORK + SCRIPTS[kind], [*url, str(forked)], pinned)
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

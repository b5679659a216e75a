"""What many tests share: verbs called the sync and the awaited way, and clients of a scripted server."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import xmedia
from support import ROOT
from support.clients import OAUTH1, QUICK
from support.logins import NOBODY
from support.pythons import pythons
from support.skips import pytest_make_collect_report, pytest_runtest_makereport
from xmedia.testing import MockServer

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

# The fixture `pytester` forgets the modules that were loaded during a test. Loaded a second time they have classes of
# their own, and an `UploadItem` of the first is not one of the second: all public names are loaded before.
for name in xmedia.__all__:
    getattr(xmedia, name)


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Calls a verb of a client by its name, as `client.verb(…)` or as `await client.verb_async(…)`."""

    def sync(client, verb, *args, **kwargs):
        outcome = getattr(client, verb)(*args, **kwargs)
        return list(outcome) if verb == "watch" else outcome

    def awaited(client, verb, *args, **kwargs):
        async def main():
            outcome = getattr(client, f"{verb}_async")(*args, **kwargs)
            return [item async for item in outcome] if verb == "watch" else await outcome

        return asyncio.run(main())

    return sync if request.param == "sync" else awaited


@pytest.fixture(params=["1.1", "2"])
def api(request):
    """Both versions of the API."""
    return request.param


@pytest.fixture
def server():
    """A mock server whose processing takes hundredths of a second."""
    with MockServer(check_after_secs=0.01) as server:
        yield server


@pytest.fixture
def connect():
    """Makes clients of a server that retry quickly and are closed at the end."""
    clients = []

    def connect(server, auth=None, **options):
        auth = auth or getattr(server, "auth", OAUTH1)
        client = xmedia.Client(auth, **{"base_url": server.url, "retry": QUICK, **options})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def directory_of_nobody():
    """A directory of a user without rights."""
    directory = Path(tempfile.mkdtemp())
    if os.getuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    yield directory
    directory.chmod(0o700)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def build_shim(tmp_path_factory):
    """Builds a library that is loaded before the C library and stands in for some of its functions."""

    def build_shim(source):
        library = tmp_path_factory.mktemp("shim") / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, ROOT / "tests" / "data" / source, "-ldl"], check=True)
        return str(library)

    return build_shim


@pytest.fixture(scope="session")
def run_notebook(tmp_path_factory):
    """Runs the cells of a notebook, in a kernel of its own."""
    # Few tests need what runs notebooks.
    import nbclient
    from traitlets.config import Config

    def run_notebook(notebook, **options):
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="nb") as sockets:
            # A developer's own profile of IPython has no say here, and nothing is left in it.
            patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
            patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
            # Ports are chosen before the kernel takes them, and another test may have taken one by then.
            config = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"})
            nbclient.NotebookClient(notebook, timeout=30, kernel_name="python3", config=config, **options).execute()

    return run_notebook


def pytest_report_header():
    return f"Pythons that exits are tried on: {', '.join(pythons())}"

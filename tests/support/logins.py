"""Logins: their addresses, and one that is kept in a file: a program's environment, and what stands in the file."""

import json
import os
import subprocess
import sys
import textwrap
import urllib.parse

from support.media import ID

#: How many times the tokens expire under several processes, by an environment variable for longer runs.
EXPIRIES = int(os.environ.get("XMEDIA_TEST_EXPIRIES", "2"))
#: A user without rights, and what a program does to become it: root may write and list everywhere.
NOBODY = 65534
BECOME_NOBODY = f"import os\nif os.getuid() == 0: os.setuid({NOBODY})\n"
FIRST = {"access_token": "access-first", "refresh_token": "refresh-first", "client_id": "client"}


def environ_of(server, path, **others):
    """The environment of a program that keeps the login in this file."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("X_")}
    return plain | {
        "X_BASE_URL": server.url,
        "X_API": "2",
        "X_OAUTH2_ACCESS_TOKEN": FIRST["access_token"],
        "X_OAUTH2_REFRESH_TOKEN": FIRST["refresh_token"],
        "X_CLIENT_ID": FIRST["client_id"],
        "X_OAUTH2_TOKEN_FILE": str(path),
        "XDG_CONFIG_HOME": "/nonexistent",
        **others,
    }


def start(code, environ):
    """Start a program that has a client of the environment in `client`."""
    begin = f"import xmedia\nID = {ID}\nclient = xmedia.Client.from_env(retry=None)\n"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", begin + textwrap.dedent(code)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code, environ, timeout=30):
    """Run such a program to its end: its exit status, standard output and error."""
    with start(code, environ) as process:
        out, err = process.communicate(timeout=timeout)
    return process.returncode, out.strip(), err.strip()


def stored(path):
    """What stands in a token file."""
    return json.loads(path.read_text())


def query_of(url):
    """The parameters of an address."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))

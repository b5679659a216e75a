"""Other interpreters of this process are refused in words, and the main one is none the worse for it."""

import subprocess
import sys

CODE = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inside = '''
import sys
try:
    import xmedia
    xmedia.Client
except ImportError as error:
    print("ImportError:", error)
else:
    print("imported")
sys.stdout.flush()
'''
for _ in range(3):
    one = interpreters.create()
    if hasattr(interpreters, "exec"):
        interpreters.exec(one, inside)
    else:
        interpreters.run_string(one, inside)
    interpreters.destroy(one)
import xmedia
from xmedia.testing import MockServer
with MockServer() as server:
    server.add_media(7)
    print(server.client().finalize(7).media_id)
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_an_interpreter_that_is_not_the_main_one_gets_an_error_that_says_so():
    *refusals, finalized = run(CODE)
    assert len(refusals) == 3
    for refusal in refusals:
        assert refusal.startswith("ImportError:")
        # From 3.12 on the interpreter itself refuses, in its own words.
        assert "main interpreter" in refusal or "subinterpreter" in refusal
    assert finalized == "7"


def test_after_the_main_one_has_used_it_too():
    used = "import xmedia\nfrom xmedia.testing import MockServer\nMockServer().close()\n"
    assert run(used + CODE)[-1] == "7"

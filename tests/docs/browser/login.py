"""`xmedia login` against the mock server in a real browser, and headless in a terminal; pictures of what people see.

`make test-browser` runs this. It needs Debian's packages chromium and chromium-driver; pictures go to the given folder.
"""

import os
import pty
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import chromium
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from xmedia.testing import MockServer

PICTURES = Path(sys.argv[1] if len(sys.argv) > 1 else "target/pictures")
XMEDIA = [sys.executable, "-m", "xmedia"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def environ(server: MockServer, config: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("X_")}
    # The page is opened by this script, not by the command.
    return plain | {"X_BASE_URL": server.url, "XDG_CONFIG_HOME": config, "BROWSER": "true"}


def in_the_browser(server: MockServer, *, dark: bool, button: str, status: int, sentence: str) -> None:
    """Log in as somebody who clicks a button; the last page says how it ended and has no code in its address."""
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    command = [*XMEDIA, "login", "--client-id", "client", "--redirect-uri", redirect]
    with (
        tempfile.TemporaryDirectory() as config,
        subprocess.Popen(command, env=environ(server, config), stdout=-1, stderr=-1, text=True) as login,
        chromium(dark=dark, size="900,600") as browser,
    ):
        assert login.stdout is not None
        name = f"{button}-{'dark' if dark else 'light'}"
        browser.get(login.stdout.readline().strip())
        browser.save_screenshot(str(PICTURES / f"{name}-1-authorize.png"))
        browser.find_element(By.ID, button).click()
        WebDriverWait(browser, 10).until(lambda page: page.current_url == redirect)
        shown = browser.find_element(By.TAG_NAME, "body").text
        browser.save_screenshot(str(PICTURES / f"{name}-2-callback.png"))
        _, said = login.communicate(timeout=20)
        assert sentence in shown, shown
        assert login.returncode == status, said
        print(f"in Chromium, {name}: exit status {status}, {shown!r}")


def in_a_terminal(server: MockServer) -> None:
    """Log in headless: what is pasted is not shown, since it holds the code."""
    command = [*XMEDIA, "login", "--headless", "--client-id", "client"]
    with tempfile.TemporaryDirectory() as config:
        child, terminal = pty.fork()
        if child == 0:
            os.execvpe(command[0], command, environ(server, config))
        screen = ""

        def read_until(part: str, count: int = 1) -> None:
            nonlocal screen
            while screen.count(part) < count:
                assert select.select([terminal], [], [], 20)[0], screen
                screen += os.read(terminal, 4096).decode()

        read_until("address: ")
        url = next(line for line in screen.splitlines() if line.startswith("http"))
        callback = server.authorize(url.strip())
        os.write(terminal, b"nonsense\n")
        read_until("not an address of")
        # What comes before the prompt is shown and thrown away.
        read_until("address: ", 2)
        os.write(terminal, callback.encode() + b"\n")
        read_until("logged in as user")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        assert os.waitstatus_to_exitcode(status) == 0, screen
        assert callback not in screen
        print("headless in a terminal:", *screen.replace("\r", "").splitlines(), sep="\n    ")


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    with MockServer() as mock:
        for at_night in (False, True):
            in_the_browser(mock, dark=at_night, button="allow", status=0, sentence="You are logged in")
        in_the_browser(mock, dark=False, button="deny", status=1, sentence="The login failed")
        in_a_terminal(mock)
    print(f"pictures are in {PICTURES}")

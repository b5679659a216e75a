"""Debian's Chromium without a window, for the scripts that `make test-browser` runs."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver


@contextmanager
def chromium(*arguments: str, dark: bool = False, size: str = "1280,1000") -> Iterator[webdriver.Chrome]:
    """A browser of this size that likes its pages light or dark, and keeps what its console says.

    Args:
        arguments: Further ones of its command line.
        dark: Whether pages are to be dark.
        size: Of the window, in pixels.
    """
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", f"--window-size={size}", *arguments):
        options.add_argument(argument)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = shutil.which("chromium") or ""
    driver = webdriver.Chrome(service=webdriver.ChromeService(shutil.which("chromedriver")), options=options)
    try:
        yield driver
    finally:
        driver.quit()

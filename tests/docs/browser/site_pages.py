"""The site, opened from its folder in a real browser: nothing is cut off, nothing is missing, search works.

It is looked at on a screen of 1280 pixels and on a phone, where tables and code may be scrolled, and the page may not.

`make test-browser` runs this after `make docs`. It needs Debian's packages chromium and chromium-driver; pictures of
some pages, light and dark, go to the given folder.
"""

import itertools
import sys
from pathlib import Path

from chromium import chromium
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[3]
SITE = ROOT / "target" / "site"
PICTURES = Path(sys.argv[1] if len(sys.argv) > 1 else "target/pictures")
PICTURED = ("index.html", "how/steps.html", "help/troubleshooting.html", "tasks/errors.html")
#: What is wider than its place on the page, and the page itself.
TOO_WIDE = """
    const wide = element => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
    const parts = document.querySelectorAll("html, article pre code, article table, article svg, article img");
    return [...parts].filter(wide).map(part => part.tagName + ": " + part.textContent.trim().slice(0, 60));
"""


#: What makes a phone's page move sideways: what sticks out and cannot be scrolled in a place of its own.
TOO_WIDE_FOR_A_PHONE = """
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width + 1) return [];
    const sticksOut = part => part.getBoundingClientRect().right > width + 1;
    const scrolled = part => part && (getComputedStyle(part).overflowX != "visible" || scrolled(part.parentElement));
    const parts = [...document.querySelectorAll("article *")].filter(sticksOut).filter(
        part => !scrolled(part.parentElement));
    return ["the page", ...parts.map(part => part.tagName + ": " + part.textContent.trim().slice(0, 60))];
"""
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


def problems(browser: webdriver.Chrome, page: str) -> list[str]:
    browser.get((SITE / page).as_uri())
    wide = [f"{page}: cut off at 1280 pixels: {part}" for part in browser.execute_script(TOO_WIDE)]
    return wide + [f"{page}: {entry['message']}" for entry in browser.get_log("browser")]


def on_a_phone(browser: webdriver.Chrome, page: str) -> list[str]:
    browser.get((SITE / page).as_uri())
    return [f"{page}: wider than a phone: {part}" for part in browser.execute_script(TOO_WIDE_FOR_A_PHONE)]


def search(browser: webdriver.Chrome, word: str, title: str) -> None:
    """Look for a word, until what has this title is among the results."""
    browser.get((SITE / "tasks" / "upload.html").as_uri())
    WebDriverWait(browser, 10).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".md-search__button"))
    browser.find_element(By.CSS_SELECTOR, ".md-search__button").click()
    ActionChains(browser).pause(1).send_keys(word).perform()
    WebDriverWait(browser, 20).until(lambda page: title in page.find_element(By.TAG_NAME, "body").text)


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    # The page for what is not found links from the root of a server.
    pages = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html")) if path.name != "404.html"]
    with chromium(dark=False, size="1280,1200") as browser:
        found = [problem for page in pages for problem in problems(browser, page)]
        search(browser, "checkpoint", "CheckpointStore")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        found += [problem for page in pages for problem in on_a_phone(browser, page)]
    for dark, phone in itertools.product((False, True), repeat=2):
        with chromium(dark=dark, size="1280,1200") as browser:
            if phone:
                browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
            for page in PICTURED:
                browser.get((SITE / page).as_uri())
                kind = f"{'phone-' if phone else ''}{'dark' if dark else 'light'}"
                browser.save_screenshot(str(PICTURES / f"{page.removesuffix('.html').replace('/', '-')}-{kind}.png"))
    print(*found, f"{len(pages)} pages, {len(found)} problems; pictures are in {PICTURES}", sep="\n")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main())

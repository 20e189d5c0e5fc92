"""Write the images of README and docs: `python -m tests.screenshots`, behind `make screenshots`.

Starts a console like `make run`, with an empty database, and scans the demo sites, so that the
images show what new users see.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from batches.demo.__main__ import BASE, set_environment
from tests.browser.chromium import CHROMIUM, FLAGS

IMAGES = BASE / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
MINUTE = 60_000


def main() -> None:
    """Write every image."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scrapersky-images-") as folder:
        set_environment(Path(folder), "")
        with console() as (url, password), opened(url) as page:
            log_in(page, password)
            take_all(page)


@contextmanager
def console() -> Iterator[tuple[str, str]]:
    """Run `manage.py up`; yield its URL and the password of its first account."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ.update(PORT=str(port), DEMO_SITES="true", SCAN_MAPPED_NETWORKS="")
    command = [sys.executable, str(BASE / "manage.py"), "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
        try:
            lines = iter(up.stdout or ())
            login = next(line for line in lines if line.startswith("Login:"))
            yield f"http://127.0.0.1:{port}", login.partition("password ")[2].split()[0]
        finally:
            up.terminate()
            up.communicate()


@contextmanager
def opened(url: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(base_url=url, viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto("/login/")
        yield page
        browser.close()


def log_in(page: Page, password: str) -> None:
    page.fill("#id_username", "admin")
    page.fill("#id_password", password)
    page.click("button:has-text('Log in')")


def take_all(page: Page) -> None:
    """Scan the demo sites and take a screenshot of each page used in the docs."""
    page.click("text=Try it on the demo sites")
    expect(page.locator("#progress .state")).to_have_text("Partial", timeout=2 * MINUTE)
    page.reload()
    take(page, "batch")
    page.goto("/domains/")
    page.emulate_media(color_scheme="dark")
    take(page, "domains")
    page.emulate_media(color_scheme="light")
    page.click("#list >> text=bakery.demo.test")
    take(page, "domain")


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()

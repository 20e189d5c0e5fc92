"""Run a scanning process until its input closes."""

import logging
import os
import signal
import time

from scans.engine.child.frames import FrameWriter
from scans.engine.child.jobs import ThreadPool
from scans.engine.child.messages import Watchdog, read_messages, read_settings
from scans.engine.child.warm_up import warm_up
from scrapersky.web.logs import log_to_stderr

# Seconds between checks of the running jobs' stages.
STAGE_EVERY = 0.5


def main() -> None:
    """Read messages until the input closes, then end the process and its running scans."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    log_to_stderr()
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # urllib3 warns about every odd header
    writer = FrameWriter()
    watchdog = Watchdog()
    messages = read_messages(watchdog)
    settings, threads = read_settings(next((message for message in messages if message), {}))
    pool = ThreadPool(settings, threads, writer)
    watchdog.stop()  # warming up may be slow on a busy machine
    warm_up(settings)
    writer.send("ready", "-", {"pid": os.getpid()})
    report_at = 0.0
    for message in messages:
        if message.get("type") == "scan":
            pool.scan(message)
        elif message.get("type") == "cancel":
            pool.cancel(str(message["job"]))
        elif message.get("type") in {"go", "back"}:
            pool.reply(str(message["job"]), may_go=message["type"] == "go")
        if (now := time.monotonic()) >= report_at:
            report_at = now + STAGE_EVERY
            pool.report_stages()
    os._exit(0)


if __name__ == "__main__":
    main()

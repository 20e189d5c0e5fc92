"""Scan sites sequentially in one thread, and report the CPU time of each stage."""

import time
from collections import defaultdict

from benchmarks import workloads
from benchmarks.sites import host
from scans.engine.child.warm_up import warm_up
from scans.engine.limits import FetchSettings, Limits
from scans.engine.scanner import scan_site


class Clock:
    """Accumulates the CPU time of this thread per stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stage, self._since = "resolve", time.thread_time()

    def begin(self, stage: str, progress: float = 0.0) -> None:
        now = time.thread_time()
        self.seconds[self._stage] += now - self._since
        self._stage, self._since = stage, now


def main() -> None:
    options = workloads.spec()
    settings = FetchSettings(
        host_map=(("*.test", f"127.0.0.1:{options['port']}"),), mapped_networks=("127.0.0.0/8",)
    )
    limits = Limits(**options["limits"])
    warm_up(settings)
    started, clock = workloads.now(), Clock()
    for number in range(options["sites"]):
        report = scan_site(host(number), limits, settings=settings, on_stage=clock.begin)
        clock.begin("as_dict")
        report.as_dict()
        clock.begin("resolve")
    workloads.print_figures(started, workloads.now(), sites=options["sites"], stages=clock.seconds)


if __name__ == "__main__":
    main()

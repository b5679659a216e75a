"""Rows 4, 5 and 10: many waits at once, and how soon a wait returns."""

import resource

from harness import Figures, Row, Settings, Target, run, server, worker

SMALL, LARGE = 10_000, 100_000
_ten_thousand: list[Figures] = []


def few_files() -> None:
    """As few file descriptors as many systems allow by default."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


def _measure(count: int, settings: Settings, rounds: int) -> list[Figures]:
    samples = []
    for _ in range(rounds):
        with server(settings) as url:
            samples.append(run(worker("waits", count, url), cpu=settings.cpu, prelude=few_files))
    return sorted(samples, key=lambda figures: figures["cpu"])


def ten_thousand(settings: Settings) -> Row:
    """Row 4."""
    samples = _measure(SMALL, settings, settings.rounds)
    _ten_thousand[:] = samples
    figures = samples[len(samples) // 2]
    return Row(
        4,
        "10,000 waits at once, 1024 file descriptors",
        [
            Target("ready", figures["ready"], SMALL, at_least=True, unit=""),
            Target("CPU", figures["cpu"], 0.75, unit="s"),
            Target("peak memory", figures["peak_mib"], 80, unit="MiB"),
            Target("threads", figures["threads"], 4, unit="threads"),
            Target("wall", figures["wall"], 1 + 2 * figures["plain_wall"], unit="s"),
        ],
        note=f"20,000 plain calls: {figures['plain_cpu']:.2f} s of CPU, {figures['plain_wall']:.2f} s",
    )


def hundred_thousand(settings: Settings) -> Row:
    """Row 5."""
    small = (_ten_thousand or _measure(SMALL, settings, settings.rounds))[0]
    figures = _measure(LARGE, settings, 1)[0]
    return Row(
        5,
        "100,000 waits at once",
        [
            Target("ready", figures["ready"], LARGE, at_least=True, unit=""),
            Target("CPU, of row 4", figures["cpu"] / small["cpu"], 10.5),
            Target("peak memory, of row 4", figures["peak_mib"] / small["peak_mib"], 8),
        ],
        note=f"{figures['cpu']:.1f} s of CPU, {figures['wall']:.1f} s, {figures['peak_mib']:.0f} MiB",
    )


def after_ready(settings: Settings) -> Row:
    """Row 10."""
    with server(settings) as url:
        one = run(worker("ready", 1, 0, url))
    with server(settings) as url:
        many = run(worker("ready", SMALL, 10, url))
    return Row(
        10,
        "from ready on the server to wait() returning",
        [
            Target("1 wait, median", one["median_ms"], 5, unit="ms"),
            Target("10,000 waits over 10 s, 99 of 100 within", many["p99_ms"], 50, unit="ms"),
        ],
        note="client and server are not pinned here: what is measured is time",
    )

"""Rows 1, 2, 3, 11, 18 and 19: what one call costs, where that is, and what it leaves to other threads."""

from harness import LIMIT, Client, Row, Settings, Target, in_turns, run, server, worker


def _limits(url: str, calls: int, in_flight: int) -> list[Client]:
    limit = [Client("limit: reqwest in Rust", [str(LIMIT / "limit"), "reqwest", url, str(calls), str(in_flight)])]
    if in_flight == 1:
        limit.append(Client("bare hyper loop", [str(LIMIT / "limit"), "hyper", url, str(calls), "1"]))
    return limit


def _compared(settings: Settings, mode: str, peers: dict[str, float], url: str) -> dict[str, Client]:
    """Measures xmedia, the limits, and the peers; a slow peer makes fewer calls."""
    calls = settings.calls
    clients = [
        *_limits(url, calls, 1 if mode == "sync" else int(mode)),
        Client("xmedia", worker("finalize", "xmedia", mode, url, calls)),
        *(
            Client(name, worker("finalize", name, mode, url, max(100, int(calls * share))))
            for name, share in peers.items()
        ),
    ]
    in_turns(clients, settings)
    return {client.name: client for client in clients}


def sync_finalize(settings: Settings) -> Row:
    """Row 1."""
    peers = {"pyreqwest": 1, "xdk": 0.1, "requests": 0.1, "httpx": 0.2, "tweepy": 0.1}
    with server(settings) as url:
        by_name = _compared(settings, "sync", peers, url)
    ours = by_name["xmedia"].per_call()
    return Row(
        1,
        "sync FINALIZE",
        [
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 1.2),
            Target("less than tweepy", by_name["tweepy"].per_call() / ours, 20, at_least=True),
            Target("less than xdk", by_name["xdk"].per_call() / ours, 12, at_least=True),
            Target("of pyreqwest + json.loads", ours / by_name["pyreqwest"].per_call(), 1.0),
        ],
        list(by_name.values()),
    )


def awaited_finalize(settings: Settings) -> Row:
    """Row 2."""
    peers = {"pyreqwest": 0.5, "aiohttp": 0.5, "httpx": 0.1}
    with server(settings) as url:
        by_name = _compared(settings, "1", peers, url)
    ours = by_name["xmedia"].per_call()
    return Row(
        2,
        "awaited FINALIZE, one after the other",
        [
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 1.6),
            Target("less than aiohttp", by_name["aiohttp"].per_call() / ours, 2, at_least=True),
        ],
        list(by_name.values()),
    )


def hundred_in_flight(settings: Settings) -> Row:
    """Row 3."""
    peers = {"pyreqwest": 0.5, "aiohttp": 0.5, "httpx": 0.1}
    with server(settings) as url:
        by_name = _compared(settings, "100", peers, url)
    ours = by_name["xmedia"].per_call()
    return Row(
        3,
        "awaited FINALIZE, 100 in flight",
        [
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 1.4),
            Target("less than aiohttp", by_name["aiohttp"].per_call() / ours, 4.5, at_least=True),
            Target("threads", by_name["xmedia"].median("threads"), 4, unit="threads"),
        ],
        list(by_name.values()),
    )


def beside_a_counter(settings: Settings) -> Row:
    """Row 11."""
    seconds = 4 if settings.full else 2
    with server(settings) as url:
        shares = []
        for _ in range(settings.rounds):
            figures = run(worker("gil", seconds, url), cpu=settings.cpu)
            shares.append(figures["beside"] / figures["alone"])
    share = sorted(shares)[len(shares) // 2]
    return Row(
        11,
        "a counter beside 8 finalizing threads",
        [Target("iterations per second of its CPU, against alone", share * 100, 85, at_least=True, unit="%")],
    )


def in_a_crowd(settings: Settings) -> Row:
    """Row 18."""
    with server(settings) as url:
        clients = [
            Client("xmedia, alone", worker("crowd", 0, 0, 0, url, settings.calls)),
            Client("xmedia, in the crowd", worker("crowd", 1000, 50, 8, url, settings.calls)),
        ]
        in_turns(clients, settings)
    alone, crowd = clients
    return Row(
        18,
        "status in a process with 1,000 idle clients, 50 loops, 8 threads",
        [Target("CPU, of a process with one client", crowd.per_call() / alone.per_call(), 1.1)],
        clients,
    )


def without_python(settings: Settings) -> Row:
    """Row 19."""
    with server(settings) as url:
        clients = [
            *_limits(url, settings.calls, 1)[:1],
            Client("xmedia's core in Rust", [str(LIMIT / "limit"), "core", url, str(settings.calls), "1"]),
            Client("xmedia", worker("finalize", "xmedia", "sync", url, settings.calls)),
        ]
        in_turns(clients, settings)
    limit, core, ours = clients
    return Row(
        19,
        "sync FINALIZE without Python",
        [
            Target("CPU of the core, of the limit", core.per_call() / limit.per_call(), 1.2),
            Target("the binding's share", (1 - core.per_call() / ours.per_call()) * 100, 30, unit="%"),
        ],
        clients,
        note=f"the binding takes {ours.per_call() - core.per_call():.1f} µs of {ours.per_call():.1f} µs",
    )

"""Rows 1, 2, 3 and 11: what one FINALIZE costs, and what it leaves to other threads."""

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
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 2.0),
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
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 3.2),
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
            Target("CPU, of the limit", ours / by_name["limit: reqwest in Rust"].per_call(), 2.0),
            Target("less than aiohttp", by_name["aiohttp"].per_call() / ours, 3.5, at_least=True),
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

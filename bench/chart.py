"""The README's chart: what a call costs with each client, as bars. It reads on light and on dark pages."""

from html import escape

from harness import Row

BAR, GAP, LEFT, WIDTH = 16, 6, 190, 720
TITLES = {
    1: "FINALIZE, sync: CPU time of one call",
    3: "FINALIZE, asyncio, 100 in flight: CPU time of one call",
}


def svg(rows: list[Row], about: dict[str, object]) -> str:
    """Draw the rows that compare calls."""
    drawn, y = [], 10
    for row in rows:
        if row.number not in TITLES:
            continue
        drawn.append(f'<text class="title" x="10" y="{y + 14}">{escape(TITLES[row.number])}</text>')
        y += 26
        clients = sorted(row.clients, key=lambda client: client.per_call())
        longest = clients[-1].per_call()
        for client in clients:
            cost = client.per_call()
            length = max(1.0, (WIDTH - LEFT - 80) * cost / longest)
            kind = "ours" if client.name == "xmedia" else "limit" if "limit" in client.name else "peer"
            kind = "limit" if "hyper" in client.name else kind
            drawn.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(client.name)}</text>')
            drawn.append(f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>')
            drawn.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + 12}">{cost:.0f} µs</text>')
            y += BAR + GAP
        y += 14
    versions = about["versions"]
    assert isinstance(versions, dict)
    below = f"{about['cpu']}, Python {about['python']}; " + ", ".join(f"{n} {v}" for n, v in versions.items())
    drawn.append(f'<text class="small" x="10" y="{y + 6}">{escape(below)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" role="img" '
        f'aria-label="CPU time of one call, by client">\n'
        "<style>text{font:12px sans-serif;fill:#57606a}.title{font-weight:600}.small{font-size:9px}"
        ".ours{fill:#1a7f37}.peer{fill:#8c959f}.limit{fill:#0969da}"
        "@media(prefers-color-scheme:dark){text{fill:#c9d1d9}}</style>\n" + "\n".join(drawn) + "\n</svg>\n"
    )

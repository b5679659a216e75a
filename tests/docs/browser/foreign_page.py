"""Opens a web page that attacks the mock server's control routes, in Chromium: part of `make test-browser`.

The page asks by everything that a page has: fetch with and without CORS, a beacon, a form, a frame, a picture, a script
and a WebSocket; from another port of this machine, and by a name that was pointed to the server.
"""

import http.server
import sys
import threading
import time

from chromium import chromium
from xmedia.testing import MockServer

PAGE = """<body>
<form id=form action="{url}/__reset" method=post enctype="text/plain" target=target>
<input name='{{"a' value='":1}}'></form>
<iframe name=target></iframe><iframe id=frame src="{url}/__media"></iframe>
<script>
window.got = []; window.ended = 0
const ask = (name, options) => fetch("{url}/" + name, options)
  .then(async answer => got.push(name + await answer.text())).catch(() => 0).finally(() => ended++)
ask("__reset", {{method: "POST", headers: {{"Content-Type": "application/json"}}, body: "{{}}"}})
ask("__reset", {{method: "POST", mode: "no-cors", body: "{{}}"}})
ask("__requests", {{}})
navigator.sendBeacon("{url}/__reset", new Blob(["{{}}"], {{type: "application/json"}}))
document.getElementById("form").submit()
const socket = new WebSocket("{url}/__requests".replace("http", "ws"))
socket.onopen = () => got.push("socket"); socket.onerror = () => ended++
for (const [tag, path] of [["script", "__requests"], ["img", "__media/5/data"]]) {{
  const element = document.createElement(tag)
  element.onload = () => got.push(tag); element.onerror = () => ended++
  element.src = "{url}/" + path
  document.body.append(element)
}}
</script>"""


def serve(text: str) -> int:
    """Serve the page, and return the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main() -> int:
    problems = []
    with MockServer() as server, chromium("--host-resolver-rules=MAP evil.example 127.0.0.1") as page:
        server.add_media(5)
        port = serve(PAGE.format(url=server.url))
        for host in ("127.0.0.1", "evil.example"):
            page.get(f"http://{host}:{port}/")
            for _ in range(100):
                if page.execute_script("return ended") == 6:
                    break
                time.sleep(0.1)
            problems += [f"{host}: {got}" for got in page.execute_script("return got")]
            page.switch_to.frame("frame")
            problems += [] if "must not embed" in page.page_source else [f"{host}: the frame shows it"]
            page.switch_to.default_content()
        page.get(server.url.replace("127.0.0.1", "evil.example") + "/__requests")
        problems += [] if "Host must name" in page.page_source else ["a name that was pointed here"]
        problems += [] if server.media_ids == [5] else ["a page has reset the server"]
    print(f"a page of others: {len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

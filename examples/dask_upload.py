"""Upload files from the processes of a Dask cluster, and print a line of JSON for each.

    python examples/dask_upload.py --workers 4 clips/*.mp4
    python examples/dask_upload.py --scheduler tls://scheduler:8786 clips/*.mp4

Credentials come from the environment, see `xmedia --help`. The exit status is 1 if a file failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import distributed
import xmedia

if TYPE_CHECKING:
    from collections.abc import Iterator


class Uploads(distributed.WorkerPlugin):
    """Gives each worker one client, so that its tasks use the same connections.

    The client travels with its credentials in the clear: use a scheduler that is yours, and TLS to reach it.
    """

    name = "uploads"

    def __init__(self, client: xmedia.Client) -> None:
        self.client = client

    def setup(self, worker: distributed.Worker) -> None:
        """Keep the client where tasks find it."""
        worker.xmedia_client = self.client

    def teardown(self, worker: distributed.Worker) -> None:
        """Close it when the worker ends."""
        worker.xmedia_client.close()


def upload(path: str) -> dict[str, object]:
    """Upload one file on a worker, wait until it is ready, and return what became of it as plain data."""
    client: xmedia.Client = distributed.get_worker().xmedia_client
    try:
        media = client.upload(path)
    except xmedia.XMediaError as error:
        # Returned and not raised: one file that fails is no reason to stop the others.
        return {"file": path, "error": f"{type(error).__name__}: {error}", "retryable": error.retryable}
    except OSError as error:
        return {"file": path, "error": f"{type(error).__name__}: {error}", "retryable": False}
    state = media.processing_info.state if media.processing_info else "succeeded"
    return {"file": path, "media_id": media.media_id_string, "state": str(state)}


def results(cluster: distributed.Client, paths: list[str], attempts: int) -> Iterator[dict[str, object]]:
    """Upload all files and yield their results as they come; try those again that may succeed later."""
    tried = dict.fromkeys(paths, 1)
    running = distributed.as_completed(cluster.map(upload, paths, pure=False), with_results=True)
    for _, result in running:
        path = str(result["file"])
        if result.get("retryable") and tried[path] < attempts:
            tried[path] += 1
            running.add(cluster.submit(upload, path, pure=False))
        else:
            yield result


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a path that every worker can read")
    parser.add_argument("--scheduler", help="the address of a cluster; by default one is started on this machine")
    parser.add_argument("--workers", type=int, default=2, help="how many processes to start for that (default: 2)")
    parser.add_argument("--attempts", type=int, default=3, help="how often to try a file (default: 3)")
    arguments = parser.parse_args()
    failed = False
    with xmedia.Client.from_env() as client:
        # An upload sends several segments at a time by itself, so few threads for each worker are enough.
        cluster = arguments.scheduler or distributed.LocalCluster(
            n_workers=arguments.workers, threads_per_worker=2, processes=True, dashboard_address=None
        )
        with distributed.Client(cluster) as dask:
            dask.register_plugin(Uploads(client))
            for result in results(dask, arguments.files, arguments.attempts):
                print(json.dumps(result), flush=True)
                failed |= "error" in result
        if not arguments.scheduler:
            cluster.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

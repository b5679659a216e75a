"""`first_call.py SETTINGS`: the CPU time of everything up to the first answer over TLS, in this very process.

SETTINGS are the JSON line of `mock_tls.py`. `imported` is what the import of the names took, `called` what the client,
TLS, the handshake and the call took after it.
"""

import json
import resource
import sys


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


settings = json.loads(sys.argv[1])
began = cpu()
import xmedia  # noqa: E402

bare = cpu()
from xmedia import *  # noqa: E402, F403

imported = cpu()
client = xmedia.Client(xmedia.OAuth1(*settings["keys"]), base_url=settings["url"], ca_file=settings["ca_file"])
media = client.finalize(settings["media_ids"][int(sys.argv[2])])
called = cpu()
assert media.processing_info is not None
print(json.dumps({"bare": bare - began, "names": imported - bare, "called": called - imported}), flush=True)

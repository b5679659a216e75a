"""Credentials, a policy of retrying that costs a test no time, and the verbs that send one command."""

import xmedia

from .media import ID

OAUTH1 = xmedia.OAuth1("consumerKey1", "consumerSecret2", "12-accessToken3", "tokenSecret4")
OAUTH2 = xmedia.OAuth2("accessToken5")
QUICK = xmedia.Retry(attempts=3, base_delay=0.001, max_delay=0.01)
#: The command of each verb, and arguments that it takes.
VERBS = {
    "initialize": ("INIT", (10, "video/mp4")),
    "append": ("APPEND", (ID, 0, b"data")),
    "finalize": ("FINALIZE", (ID,)),
    "status": ("STATUS", (ID,)),
}

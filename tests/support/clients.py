"""Credentials, and a policy of retrying that costs a test no time."""

import xmedia

OAUTH1 = xmedia.OAuth1("consumerKey1", "consumerSecret2", "12-accessToken3", "tokenSecret4")
OAUTH2 = xmedia.OAuth2("accessToken5")
QUICK = xmedia.Retry(attempts=3, base_delay=0.001, max_delay=0.01)

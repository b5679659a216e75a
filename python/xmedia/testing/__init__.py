"""A mock server for both versions of X's media upload, for tests and for trying xmedia without credentials.

Importing `xmedia` does not import this package.
"""

from .._api import name_as_public
from ._records import Headers, MediaRecord, RecordedRequest, SubtitleRecord
from ._script import Fault, Reply
from ._server import MockServer

__all__ = ["Fault", "Headers", "MediaRecord", "MockServer", "RecordedRequest", "Reply", "SubtitleRecord"]

name_as_public(__name__, [globals()[name] for name in __all__])

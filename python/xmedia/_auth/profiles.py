"""Profiles: the token files that `xmedia login` writes, one for each name."""

import os
import re
from collections.abc import Mapping

from .._types.errors import InvalidInputError

DEFAULT_PROFILE = "default"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def profile_path(name: str, environ: Mapping[str, str]) -> str:
    """Return where a profile's token file is: `$XDG_CONFIG_HOME/xmedia/NAME.json`.

    Raises:
        InvalidInputError: It is not a name that a profile can have, or no home directory is known: containers run
            as users that the system has no entry for.
    """
    if _NAME.fullmatch(name) is None:
        raise InvalidInputError("the name of a profile must be 1 to 64 letters, digits, dashes or underscores")
    # What is not absolute is to be ignored (the XDG Base Directory Specification).
    configured = environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(configured):
        home = environ.get("HOME") or os.path.expanduser("~")
        if not os.path.isabs(home):
            raise InvalidInputError("no home directory is known: set HOME or XDG_CONFIG_HOME, where logins are kept")
        configured = os.path.join(home, ".config")
    return os.path.join(configured, "xmedia", f"{name}.json")

"""Where each public name is defined, so that `import xmedia` need load none of them."""

_MODULES = {
    "._auth.credentials": (
        "OAuth1",
        "OAuth2",
    ),
    "._client.client": ("Client",),
    "._types.errors": (
        "APIError",
        "AuthenticationError",
        "BadRequestError",
        "CheckpointLockedError",
        "ClientClosedError",
        "InvalidInputError",
        "InvalidMediaError",
        "InvalidResponseError",
        "MediaExpiredError",
        "MediaInternalError",
        "MediaProcessingError",
        "NotFoundError",
        "PayloadTooLargeError",
        "PaymentRequiredError",
        "PermissionDeniedError",
        "QuotaError",
        "RateLimitError",
        "RequestTimeoutError",
        "ServerError",
        "TransportError",
        "UnsupportedMediaError",
        "UsageCapExceededError",
        "WaitTimeoutError",
        "XMediaError",
    ),
    "._types.media": (
        "Media",
        "Result",
    ),
    "._types.models": (
        "ImageInfo",
        "ProcessingFailure",
        "ProcessingInfo",
        "ProcessingState",
        "Progress",
        "RateLimit",
        "RequestEvent",
        "Stats",
        "VideoInfo",
    ),
    "._client.options": (
        "Retry",
        "Subtitle",
        "UploadItem",
    ),
    "._types.trace": (
        "Trace",
        "TracedRequest",
        "TracedWait",
    ),
}

#: The module of each name, relative to the package.
HOMES = {name: module for module, names in _MODULES.items() for name in names}


def name_as_imported(namespace: dict[str, object]) -> None:
    """Have the public classes of a module tell the name by which users import them; the module's last line.

    Tracebacks, reprs and pickles then say `xmedia.Media`, whichever module it is in.
    """
    package, _, module = str(namespace["__name__"]).partition(".")
    for name in _MODULES["." + module]:
        if isinstance(public := namespace[name], type):
            public.__module__ = package

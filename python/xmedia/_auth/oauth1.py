"""`OAuth1`: an app's keys and one user's token."""

from .._types.errors import InvalidInputError
from .base import Credentials
from .fields import checked_secret
from .hidden import hides_arguments


class OAuth1(Credentials):
    """OAuth 1.0a user credentials: an app's keys and one user's token. They serve both API versions.

    They are immutable, compare and hash by value, and never show their secrets. A pickle contains
    them in plain text.

    Args:
        consumer_key: The app's key ("API key" in X's portal).
        consumer_secret: The app's secret.
        access_token: The user's token.
        access_token_secret: The user's token secret.

    Raises:
        TypeError: A value is not a str.
        InvalidInputError: A value is empty, or contains white space or characters that cannot be printed.

    Examples:
        >>> OAuth1("key", "secret", "token", "token-secret")
        OAuth1(<not shown>)
    """

    __slots__ = ("access_token", "access_token_secret", "consumer_key", "consumer_secret")
    _compared = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str

    @hides_arguments
    def __init__(self, consumer_key: str, consumer_secret: str, access_token: str, access_token_secret: str) -> None:
        self._fill(
            consumer_key=checked_secret("consumer_key", consumer_key),
            consumer_secret=checked_secret("consumer_secret", consumer_secret),
            access_token=checked_secret("access_token", access_token),
            access_token_secret=checked_secret("access_token_secret", access_token_secret),
        )

    @classmethod
    @hides_arguments
    def from_tweepy(cls, auth: object) -> "OAuth1":
        """Take the credentials of a `tweepy.OAuth1UserHandler`.

        Args:
            auth: The handler, or any object with the same four attributes.

        Returns:
            The same credentials.

        Raises:
            TypeError: The object does not have these attributes.
            InvalidInputError: The handler has no access token yet.
        """
        values = {}
        for name in cls._compared:
            if not hasattr(auth, name):
                raise TypeError(
                    f"from_tweepy takes a tweepy.OAuth1UserHandler; {type(auth).__name__} has no attribute {name}"
                )
            value = getattr(auth, name)
            # tweepy takes bytes for the consumer's key and secret.
            values[name] = value.decode("ascii", "replace") if isinstance(value, bytes) else value
        missing = [name for name, value in values.items() if value is None or value == ""]
        if missing:
            raise InvalidInputError(
                f"the tweepy handler is missing {' and '.join(missing)}; give it a user's token first "
                "(set_access_token or get_access_token)"
            )
        return cls(**values)

    def __reduce__(self) -> tuple[type["OAuth1"], tuple[object, ...]]:
        return type(self), self._values()

"""HAR files: read, and checked against the format's public JSON schema."""

import json
from pathlib import Path

import jsonschema
from referencing import Registry, Resource

_DATA = Path(__file__).parent / "data" / "har-1.2.schema.json"
_SCHEMAS = json.loads(_DATA.read_text("utf-8"))["schemas"]
_REGISTRY = Registry().with_resources(
    (schema["$id"].rstrip("#"), Resource.from_contents(schema)) for schema in _SCHEMAS.values()
)
_VALIDATOR = jsonschema.Draft6Validator(
    _SCHEMAS["har.json"],
    registry=_REGISTRY,
    format_checker=jsonschema.Draft6Validator.FORMAT_CHECKER,
)


def entries(path):
    """The entries of a file, which is a valid HAR."""
    har = json.loads(path.read_text("utf-8"))
    _VALIDATOR.validate(har)
    assert (har["log"]["version"], har["log"]["creator"]["name"]) == ("1.2", "xmedia")
    return har["log"]["entries"]


def headers(message):
    """The headers of a request or response."""
    return {each["name"]: each["value"] for each in message["headers"]}


def files(directory):
    return sorted(directory.glob("*.har"))


def recorded(directory):
    """The entries of all files of a directory."""
    return [entry for path in files(directory) for entry in entries(path)]

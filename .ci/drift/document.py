"""An OpenAPI document, and what of an exchange deviates from it."""

import email.policy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from exchanges import Exchange
from openapi_schema_validator import OAS30Validator, OAS31Validator, oas30_format_checker, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_NAME = "urn:openapi"
_MAX_CHARACTERS = 200
#: Headers that a document describes elsewhere, so that they are no parameters by the specification.
_NO_PARAMETERS = {"accept", "content-type", "authorization"}

Json = Any


class Document:
    """The document, which may be of OpenAPI 3.0 or later."""

    def __init__(self, content: Mapping[str, Json]) -> None:
        self._content = content
        self._registry = Registry().with_resource(_NAME, Resource(contents=content, specification=DRAFT202012))
        old = str(content.get("openapi", "")).startswith("3.0")
        self._validator = OAS30Validator if old else OAS31Validator
        self._formats = oas30_format_checker if old else oas31_format_checker

    def deviations(self, exchanges: Iterable[Exchange]) -> list[str]:
        """What is not as the document says, one line each; the same of several exchanges is one."""
        lines: dict[str, str] = {}
        for exchange in exchanges:
            for line in self._deviations(exchange):
                # Ids and sizes are others in each exchange.
                lines.setdefault(re.sub(r"\d+", "0", line), line)
        return list(lines.values())

    def _deviations(self, exchange: Exchange) -> Iterator[str]:
        path = urlsplit(exchange.target).path
        template, values = self._path(path)
        operation = self._find("paths", template, exchange.method.lower()) if template else None
        if operation is None:
            yield f"{exchange.method} {re.sub(r'/[0-9]{2,}', '/{id}', path)}: not in the document"
            return
        said = f"{exchange.method} {template}"
        at = ("paths", template, exchange.method.lower())
        if exchange.status < 400:
            # What is refused was wrong on purpose.
            yield from (f"{said}: request: {each}" for each in self._parameters(at, exchange, values))
            yield from (f"{said}: request: {each}" for each in self._request_body(at, exchange))
        yield from (f"{said}: answer {exchange.status}: {each}" for each in self._answer(at, exchange))

    def _path(self, path: str) -> tuple[str, dict[str, str]]:
        """The template that fits, the one with the fewest variables first."""
        for template in sorted(self._content.get("paths", {}), key=lambda each: each.count("{")):
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
            if match := re.fullmatch(pattern, path):
                return template, match.groupdict()
        return "", {}

    def _parameters(self, at: tuple[str, ...], exchange: Exchange, values: dict[str, str]) -> Iterator[str]:
        given = {"query": dict(parse_qsl(urlsplit(exchange.target).query)), "path": values, "header": exchange.headers}
        places = [(*at[:2], "parameters"), (*at, "parameters")]
        pointers = [(*place, str(index)) for place in places for index in range(len(self._find(*place) or ()))]
        declared = [self._resolved(pointer) for pointer in pointers]
        names = {(each["in"], each["name"]) for _, each in declared}
        for pointer, each in declared:
            name = each["name"].lower() if each["in"] == "header" else each["name"]
            if name in _NO_PARAMETERS:
                continue
            value = given.get(each["in"], {}).get(name)
            if value is not None:
                yield from self._invalid(each["name"], self._cast(value, (*pointer, "schema")), (*pointer, "schema"))
            elif each.get("required") and each["in"] in given:
                yield f"{each['name']} is missing"
        for name in given["query"]:
            if ("query", name) not in names:
                yield f"{name} is not in the document"

    def _request_body(self, at: tuple[str, ...], exchange: Exchange) -> Iterator[str]:
        pointer, declared = self._resolved((*at, "requestBody"))
        if declared is None:
            if exchange.body:
                yield f"a body of {exchange.content_type}, where the document has none"
            return
        if not exchange.body:
            if declared.get("required"):
                yield "no body"
            return
        yield from self._body((*pointer, "content"), exchange.content_type, exchange.body)

    def _answer(self, at: tuple[str, ...], exchange: Exchange) -> Iterator[str]:
        responses = self._find(*at, "responses") or {}
        status = str(exchange.status)
        names = [status, f"{status[0]}XX"]
        # What is there for refusals is none for a success of another kind.
        if status[0] != "2" or not any(each.startswith("2") for each in responses):
            names.append("default")
        name = next((each for each in names if each in responses), None)
        if name is None:
            yield "this status is not in the document"
            return
        pointer, declared = self._resolved((*at, "responses", name))
        if exchange.status == 413 and not exchange.answer:
            # It is the edge of X that says so, and not the API (docs/how/wire.md#4-errors).
            return
        if declared.get("content") and not exchange.answer:
            yield "no body"
        elif exchange.answer:
            yield from self._body((*pointer, "content"), exchange.answer_type, exchange.answer)

    def _body(self, content: tuple[str, ...], content_type: str, body: bytes) -> Iterator[str]:
        name = content_type.partition(";")[0].strip()
        if (self._find(*content) or {}).get(name) is None:
            yield f"a body of {name}, which is not in the document"
            return
        schema = (*content, name, "schema")
        if name == "multipart/form-data":
            members = _parts(content_type, body)
            value: Json = {key: self._cast(each, schema, key) for key, each in members.items()}
        elif name.endswith("json"):
            value = json.loads(body)
        else:
            return
        yield from self._invalid("body", value, schema)
        yield from self._undeclared("body", value, schema)

    def _invalid(self, name: str, value: Json, schema: tuple[str, ...]) -> Iterator[str]:
        pointer = "/".join(quote(each.replace("~", "~0").replace("/", "~1"), safe="~") for each in schema)
        validator = self._validator(
            {"$ref": f"{_NAME}#/{pointer}"}, registry=self._registry, format_checker=self._formats
        )
        for error in validator.iter_errors(value):
            place = "".join(f".{each}" for each in error.absolute_path)
            yield f"{name}{place}: {error.message[:_MAX_CHARACTERS]}"

    def _undeclared(self, name: str, value: Json, schema: tuple[str, ...]) -> Iterator[str]:
        """Members that no schema has: a document need not forbid them, but they are in it if X has them."""
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._undeclared(f"{name}.{index}", each, (*self._resolved(schema)[0], "items"))
        if not isinstance(value, dict):
            return
        declared = dict(self._properties(schema))
        for key, each in value.items() if declared else ():
            if key in declared:
                yield from self._undeclared(f"{name}.{key}", each, declared[key])
            else:
                yield f"{name}.{key} is not in the document"

    def _properties(self, schema: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The members of an object by all the schemas that it may have, and where each is described."""
        pointer, found = self._resolved(schema)
        for name in (found or {}).get("properties", {}):
            yield name, (*pointer, "properties", name)
        for group in ("allOf", "anyOf", "oneOf"):
            for index in range(len((found or {}).get(group, ()))):
                yield from self._properties((*pointer, group, str(index)))

    def _cast(self, text: str, schema: tuple[str, ...], member: str = "") -> Json:
        """What text stands for where the document wants a number, a bool or a list."""
        if member:
            schema = dict(self._properties(schema)).get(member, schema)
        _, found = self._resolved(schema)
        kind = (found or {}).get("type")
        if kind == "array":
            return text.split(",")
        wanted = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "true|false"}.get(str(kind))
        return json.loads(text) if wanted and re.fullmatch(wanted, text) else text

    def _find(self, *pointer: str) -> Json:
        value: Json = self._content
        for each in pointer:
            try:
                value = value[int(each)] if isinstance(value, list) else value[each]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _resolved(self, pointer: tuple[str, ...]) -> tuple[tuple[str, ...], Json]:
        """What is there, or where a reference leads."""
        found = self._find(*pointer)
        while isinstance(found, dict) and "$ref" in found:
            steps = found["$ref"].removeprefix("#/").split("/")
            pointer = tuple(unquote(each).replace("~1", "/").replace("~0", "~") for each in steps)
            found = self._find(*pointer)
        return pointer, found


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): (part.get_payload(decode=True) or b"").decode(
            "latin-1"
        )  # type: ignore[union-attr]
        for part in message.iter_parts()  # type: ignore[attr-defined]
    }

"""OpenAPI 3.1 written from our own types and operations, not from a web framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.apis.problems import BAD_REQUEST, Problem, ProblemType

SCHEMAS = "#/components/schemas/{name}"

Json = dict[str, Any]


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter of an operation; `within` is `query`, `path` or `header`."""

    name: str
    within: str
    says: str
    required: bool = False  # one of the path always is
    schema: Mapping[str, Any] = MappingProxyType({"type": "string"})


class Operation(Struct, frozen=True, kw_only=True):
    """One operation: what it is called, takes and answers with.

    `answer` is a type written as JSON, or the media type of an answer that is no JSON. `body` is
    what is sent, likewise; None: nothing. `tagged` answers carry an ETag. A
    parameter that cannot be meant is answered 400, also where `problems` does not name it.
    """

    method: str
    path: str
    name: str
    says: str
    answer: type[Struct] | str
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[ProblemType, ...] = ()
    body: type[Struct] | str | None = None
    status: int = 200
    tagged: bool = True


def openapi(
    *, title: str, version: str, says: str, operations: Sequence[Operation], security: Json
) -> Json:
    """Write the contract of an API; any one of the security schemes will do.

    A tagged answer carries an ETag, and is 304 where the caller has that version.
    """
    named = [each for one in operations for each in (one.answer, one.body)]
    types: list[type[Struct]] = list(
        dict.fromkeys([*(each for each in named if isinstance(each, type)), Problem])
    )
    references, components = msgspec.json.schema_components(types, ref_template=SCHEMAS)
    schema_of = dict(zip(types, references, strict=True))
    paths: Json = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": says,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security},
        "security": [{name: []} for name in security],
    }


def _operation(operation: Operation, schema_of: Mapping[type[Struct], Json]) -> Json:
    given: Json = {
        "description": "The answer.",
        "content": _content(operation.answer, schema_of),
    }
    answers: Json = {str(operation.status): given}
    if operation.tagged:
        given["headers"] = {"ETag": {"schema": {"type": "string"}}}
        answers["304"] = {"description": "What the caller has (If-None-Match) is still so."}
    declines = {*operation.problems, *([BAD_REQUEST] if operation.parameters else [])}
    for each in sorted(declines, key=lambda one: one.status):
        answers[str(each.status)] = {
            "description": f"{each.title}. {each.remedy}",
            "content": {"application/problem+json": {"schema": schema_of[Problem]}},
        }
    written: Json = {
        "operationId": operation.name,
        "summary": operation.says,
        "parameters": [
            {
                "name": each.name,
                "in": each.within,
                "required": each.within == "path" or each.required,
                "description": each.says,
                "schema": dict(each.schema),
            }
            for each in operation.parameters
        ],
        "responses": answers,
    }
    if operation.body is not None:
        taken = _content(operation.body, schema_of)
        written["requestBody"] = {"required": True, "content": taken}
    return written


def _content(kind: type[Struct] | str, schema_of: Mapping[type[Struct], Json]) -> Json:
    """Tell what is sent or answered: JSON of a type, or any bytes of a media type."""
    if isinstance(kind, str):
        return {kind: {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": schema_of[kind]}}

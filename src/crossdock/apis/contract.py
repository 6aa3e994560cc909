"""OpenAPI 3.1 written from our own types and operations, not from a web framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.apis.problems import Problem, ProblemType

SCHEMAS = "#/components/schemas/{name}"

Json = dict[str, Any]


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter of an operation; `within` is `query` or `path`."""

    name: str
    within: str
    says: str
    schema: Mapping[str, Any] = MappingProxyType({"type": "string"})


class Operation(Struct, frozen=True, kw_only=True):
    """One operation: what it is called, takes and answers with."""

    method: str
    path: str
    name: str
    says: str
    answer: type[Struct]
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[ProblemType, ...] = ()


def openapi(
    *, title: str, version: str, says: str, operations: Sequence[Operation], security: Json
) -> Json:
    """Write the contract of an API; any one of the security schemes will do.

    Every GET is answered with an ETag, and with 304 where the caller has that version.
    """
    types: list[type[Struct]] = list(
        dict.fromkeys([*(each.answer for each in operations), Problem])
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
    answers: Json = {
        "200": {
            "description": "The answer.",
            "headers": {"ETag": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": schema_of[operation.answer]}},
        },
        "304": {"description": "What the caller has (If-None-Match) is still so."},
    }
    for each in sorted(operation.problems, key=lambda one: one.status):
        answers[str(each.status)] = {
            "description": f"{each.title}. {each.remedy}",
            "content": {"application/problem+json": {"schema": schema_of[Problem]}},
        }
    return {
        "operationId": operation.name,
        "summary": operation.says,
        "parameters": [
            {
                "name": each.name,
                "in": each.within,
                "required": each.within == "path",
                "description": each.says,
                "schema": dict(each.schema),
            }
            for each in operation.parameters
        ],
        "responses": answers,
    }

"""One ASGI application over all routes; the only module that knows the web framework.

Deliveries of partners go past the framework. Whatever is declined, not found or broken is answered
as problem details (RFC 9457).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler, route
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

import crossdock
from crossdock.apis import problems
from crossdock.apis.door import Door, answered
from crossdock.apis.http import Ask, Reply, Route, as_json, as_page, reply_to
from crossdock.apis.problems import Declined, ProblemType, as_problem
from crossdock.apis.system.v1.deliveries import PREFIX, Deliveries
from crossdock.faults import NotNow

log = logging.getLogger("crossdock.apis")

NO_NUL = "No name has a NUL character (%00) in it; ask without"

App = Callable[[Any, Any, Any], Any]
Readiness = Callable[[], Mapping[str, str]]

_BY_STATUS = {each.status: each for each in problems.PROBLEMS.values()}


class Front:
    """The whole application; `door` is the one that deliveries come through.

    `routes` are all that the framework answers.
    """

    def __init__(self, framework: App, door: Door, routes: Sequence[Route] = ()) -> None:
        """Stand before both."""
        self._framework = framework
        self.door = door
        self.routes = tuple(routes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request where it belongs."""
        if scope["type"] == "http" and _has_nul(scope):
            await answered(as_problem(problems.BAD_REQUEST, NO_NUL), send)
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.door(scope, receive, send)
        else:
            await self._framework(scope, receive, send)


def build_asgi(
    routes: Sequence[Route],
    *,
    deliveries: Deliveries,
    not_ready: Readiness = dict,
    held: Readiness = dict,
    meters: CollectorRegistry = REGISTRY,
) -> Front:
    """Put the routes, the way in for partners and the health checks under one roof.

    `not_ready` names what is not ready, each with a sentence; nothing means ready. `held` names
    what waits for a person though all works. `meters` is the registry that `/metrics` shows.
    """
    all_routes = (*routes, *_health(not_ready, held, meters), *_explained())
    return Front(_framework(all_routes), Door(deliveries), all_routes)


def build_health(
    *,
    not_ready: Readiness = dict,
    held: Readiness = dict,
    meters: CollectorRegistry = REGISTRY,
) -> App:
    """Serve the health checks and figures alone, for a process that serves nothing else."""
    return _framework((*_health(not_ready, held, meters), *_explained()))


def _framework(routes: Sequence[Route]) -> App:
    return Litestar(
        route_handlers=[_handler(each) for each in routes],
        openapi_config=None,
        logging_config=None,
        exception_handlers={
            Declined: _declined,
            NotNow: _not_now,
            HTTPException: _refused,
            Exception: _broken,
        },
    )


def _has_nul(scope: Any) -> bool:
    """Find a NUL in what an address names; no store can look for one."""
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]


def _handler(each: Route) -> HTTPRouteHandler:
    async def answering(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _response(await reply_to(await _ask(request), each.answer))

    methods = [HttpMethod.GET, HttpMethod.HEAD] if each.method == "GET" else [HttpMethod.POST]
    path = each.path.replace("...}", ":path}")
    path = "".join(_typed(part) for part in path.split("/")) or "/"
    return route(path, http_method=methods, status_code=200)(answering)


def _typed(part: str) -> str:
    if part.startswith("{") and ":" not in part:
        return f"/{part[:-1]}:str}}"
    return f"/{part}" if part else ""


async def _ask(request: Request[Any, Any, Any]) -> Ask:
    query = request.scope["query_string"].decode("latin-1")
    return Ask(
        method=request.method,
        url=request.scope["path"] + (f"?{query}" if query else ""),
        path={name: str(value).lstrip("/") for name, value in request.path_params.items()},
        query=dict(request.query_params.items()),
        headers={name.lower(): text for name, text in request.headers.items()},
        body=await request.body() if request.method != "GET" else b"",
        client=request.client.host if request.client else "",
    )


def _response(reply: Reply) -> Response[bytes]:
    return Response(
        content=reply.body,
        status_code=reply.status,
        media_type=reply.content_type,
        headers=[ResponseHeader(name=name, value=text) for name, text in reply.headers],
    )


def _declined(_request: Request[Any, Any, Any], declined: Declined) -> Response[bytes]:
    return _response(as_problem(declined.kind, declined.detail, headers=declined.headers))


def _not_now(request: Request[Any, Any, Any], later: NotNow) -> Response[bytes]:
    return _declined(request, problems.not_now(later))


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    kind = _BY_STATUS.get(error.status_code, problems.BAD_REQUEST)
    path = request.scope["path"]
    detail = f"Nothing answers at {path}" if kind is problems.NOT_FOUND else str(error.detail)
    headers = tuple((error.headers or {}).items())
    return _response(as_problem(kind, detail, headers=headers))


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("apis.request.broke", extra={"path": request.scope["path"]}, exc_info=error)
    return _response(as_problem(problems.BROKEN, "The request was not finished"))


def _health(not_ready: Readiness, held: Readiness, meters: CollectorRegistry) -> tuple[Route, ...]:
    async def alive(_ask: Ask) -> Reply:
        return as_json({"status": "alive"})

    def ready(_ask: Ask) -> Reply:
        missing, waits = dict(not_ready()), dict[str, str]()
        try:
            waits = dict(held())
        except NotNow as away:
            missing.setdefault("store", away.said)
        if missing:
            return as_json({"status": "not ready", "missing": missing}, status=503)
        return as_json({"status": "ready", "held": waits} if waits else {"status": "ready"})

    async def version(_ask: Ask) -> Reply:
        return as_json({"name": "crossdock", "version": crossdock.__version__})

    async def metrics(_ask: Ask) -> Reply:
        return Reply(body=generate_latest(meters), content_type=CONTENT_TYPE_LATEST)

    return (
        Route(method="GET", path="/livez", answer=alive),
        Route(method="GET", path="/readyz", answer=ready),
        Route(method="GET", path="/version", answer=version),
        Route(method="GET", path="/metrics", answer=metrics),
    )


def _explained() -> tuple[Route, ...]:
    """Serve an explanation under each problem's own URI."""

    async def explained(ask: Ask) -> Reply:
        kind = problems.PROBLEMS.get(ask.path["name"])
        if kind is None:
            raise Declined(problems.NOT_FOUND, "There is no such kind of problem")
        return as_page(_explanation(kind))

    return (Route(method="GET", path="/problems/{name}", answer=explained),)


def _explanation(kind: ProblemType) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{kind.title}</title>'
        f"<h1>{kind.title}</h1><p>Status {kind.status}. {kind.remedy}</p></html>\n"
    )

"""What wraps every request of ``web`` from outside: its id, its time, its log line, its span."""

import logging
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from thanglong.kit import clock, ids, watch
from thanglong.site import logs, tracing

log = logging.getLogger("thanglong.requests")
KNOWN = re.compile(r"[0-9A-Za-z-]{8,64}")
SLOW = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watch:
    """Outermost middleware: gives the request an id (``live``'s, when it came through there) and tells of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        context = logs.Context(given if KNOWN.fullmatch(given) else ids.new_id().hex)
        token = logs.current.set(context)
        begun = clock.monotonic()
        queries = Queries()
        try:
            with ExitStack() as stack:
                if tracing.on:
                    stack.enter_context(tracing.request_span(request))
                    stack.enter_context(connection.execute_wrapper(queries))
                response = self.get_response(request)
                self._tell(request, response, context, clock.monotonic() - begun, queries)
        finally:
            logs.current.reset(token)
        response.headers["X-Request-ID"] = context.id
        return response

    def _tell(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        context: logs.Context,
        seconds: float,
        queries: "Queries",
    ) -> None:
        match = request.resolver_match
        context.route = f"/{match.route}" if match else ("/static/" if request.path.startswith("/static/") else "none")
        context.actor = logs.hashed(getattr(getattr(request, "actor", None), "id", None))
        method = request.method if request.method in METHODS else "other"
        status = response.status_code
        watch.observe(
            "request_seconds",
            seconds,
            process="web",
            method=str(method),
            route=context.route,
            status=f"{status // 100}xx",
        )
        if tracing.on:
            tracing.finish(context.route, status, queries.count)
        asked_often = context.route.startswith("/healthz")
        level = logging.WARNING if seconds > SLOW or (status >= 500 and not asked_often) else logging.INFO
        if log.isEnabledFor(level):
            facts: dict[str, Any] = {"method": method, "status": status, "ms": round(seconds * 1000, 1)}
            log.log(level, "slow request" if seconds > SLOW else "request", extra=facts)


class Queries:
    """Counts statements of a request while it is traced."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)

"""Serving the application with waitress, until told to stop."""

import signal
import types
from collections.abc import Callable
from typing import TYPE_CHECKING

import waitress

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LARGEST_BODY = 65 * 1024 * 1024  # a little over the guard's own limit, so that the guard can say why


def serve(app: "WSGIApplication", host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is under way and returns; `ready` is told the port."""
    server = waitress.create_server(
        app,
        host=host,
        port=port,
        ident=None,
        threads=8,
        max_request_body_size=LARGEST_BODY,
        channel_timeout=120,
        clear_untrusted_proxy_headers=False,  # the application reads them, as far as it trusts (proxies.py)
    )

    def stop(number: int, frame: types.FrameType | None) -> None:
        raise SystemExit(0)

    # SystemExit out of the loop makes waitress finish the requests that its threads are at.
    signal.signal(signal.SIGTERM, stop)
    ready(int(server.effective_port))
    try:
        server.run()
    finally:
        server.close()

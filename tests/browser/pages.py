"""Every page that there is to look at, held against the routes: none is forgotten."""

from sqlalchemy import select
from werkzeug.routing import Map, Rule

from qbwc_service.db.engine import reading
from qbwc_service.db.jobs import jobs
from qbwc_service.web.page import Route
from qbwc_service.web.views import ROUTES
from tests.browser.world import IN_DOUBT, LAST, POSTED, REFUSED, WAITING, World

# Asked for by a page and no page, or seen only in the moment that a test of its own makes.
NO_PAGES = (
    "/",
    "/companies/<int:company_id>",
    "/companies/<int:company_id>/qwc",
    "/companies/<int:company_id>/setup/steps",
    "/companies/<int:company_id>/customers/matches",
    "/companies/<int:company_id>/orders/<path:part>/documents",
    "/companies/<int:company_id>/activity/<int:job_id>/progress",
    "/companies/<int:company_id>/activity/<int:job_id>/messages/<int:message_id>/<which>",
    "/enter/<token>",
    "/welcome/<token>",
    "/sign-in",
)


def pages_of(world: World) -> dict[str, str]:
    """-> the address of each page, by a name; those of the help's pictures have the picture's."""
    base = world.site.base
    refused = job_of(world, "Bill", "attention")
    return {
        "integrations": "/companies?name=",
        "setup": f"{world.second}/setup",
        "details": f"{base}/details",
        "accounts": f"{base}/accounts",
        "customers": f"{base}/customers",
        "customer search": f"{base}/customers?find=C-17&text=b",
        "orders": f"{base}/orders",
        "no such orders": f"{base}/orders?search=nothing+like+it",
        "no orders": f"{world.second}/orders",
        "order": f"{base}/orders/{POSTED}",
        "order refused": f"{base}/orders/{REFUSED}",
        "order in doubt": f"{base}/orders/{IN_DOUBT}",
        "send": f"{base}/orders/{LAST}/send",
        "send again": f"{base}/orders/{WAITING}/send?again=yes",
        "activity": f"{base}/activity",
        "attention": f"{base}/activity?state=attention",
        "lists": f"{base}/activity?state=lists",
        "job": f"{base}/activity/{refused}",
        "job in doubt": f"{base}/activity/{job_of(world, 'Invoice', 'in_doubt')}",
        "crm": f"{base}/crm/C-17?find=b",
        "all of crm": f"{base}/crm",
        "programs": f"{base}/api",
        "people": "/people",
        "invite": "/people/invite",
        "person": "/people/2",
        "team": "/people/teams/1",
        "audit": "/audit",
        "me": "/me",
        "prove": "/prove",
        "forgot": "/forgot",
        "help": "/help",
        "a page of the help": "/help/sending",
        "nowhere": "/nowhere",
    }


def job_of(world: World, kind: str, state: str) -> int:
    with reading(world.site.engine) as db:
        found: int = db.execute(select(jobs.c.id).where(jobs.c.kind == kind, jobs.c.state == state)).scalar_one()
    return found


def forgotten(paths: list[str]) -> list[str]:
    """-> the routes whose page none of these addresses shows."""
    rules = Map([Rule(route.path, endpoint=route, methods=["GET"]) for route in ROUTES if route.method == "GET"])
    seen: list[Route] = [rules.bind("").match(path.partition("?")[0])[0] for path in paths if path != "/nowhere"]
    shown = {route.path for route in seen}
    return [route.path for route in ROUTES if route.method == "GET" and route.path not in {*shown, *NO_PAGES}]

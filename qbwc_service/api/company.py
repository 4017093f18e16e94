"""The company that a token opens: how its connection stands, and how much is open."""

from ..db import companies, job_views, lists, notices
from ..db.states import State
from .call import Answer, Call, Route
from .parameters import Parameters


def show(call: Call) -> Answer:
    Parameters(call.request)
    company = call.company
    with call.reading() as db:
        connection = companies.connection_of(db, company.id)
        counts = job_views.open_counts(db, [company.id])[company.id]
        known = notices.open_of(db, company.id)
        reads, records = lists.read_of(db, company.id), lists.counts(db, company.id)
    return Answer(
        {
            "name": company.name,
            "every_minutes": company.every_minutes,
            "connection": {
                "last_contact": connection.called_at,
                "last_answer": connection.answer,
                "last_refusal": connection.refused_at,
                "problem": connection.problem,
                "connector_version": connection.connector_version,
                "quickbooks": connection.product,
                "qbxml_version": connection.qbxml_version,
                "quickbooks_company": connection.company_name,
                "quickbooks_file": connection.company_path,
            },
            "documents": {
                "waiting": sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT)),
                "in_doubt": counts.get(State.IN_DOUBT, 0),
                "attention": counts.get(State.ATTENTION, 0),
            },
            "lists": {
                word: {"read_at": reads[which].read_at if which in reads else None, "records": records.get(which, 0)}
                for word, which in lists.WORDS.items()
            },
            "notices": [{"kind": row.kind, "text": row.text, "raised_at": row.raised_at} for row in known],
            "token": {"name": call.token.name, "rights": sorted(call.rights)},
        }
    )


ROUTES = (Route("GET", "/company", show),)

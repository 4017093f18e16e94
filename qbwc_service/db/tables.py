"""All tables, gathered: what the migrations are compared with."""

from . import (
    audit,
    companies,
    jobs,
    lists,
    messages,
    notices,
    orders,
    parties,
    people,
    sessions,
    tokens,
    web_sessions,
    webhooks,
)
from .engine import metadata

__all__ = [
    "audit",
    "companies",
    "jobs",
    "lists",
    "messages",
    "metadata",
    "notices",
    "orders",
    "parties",
    "people",
    "sessions",
    "tokens",
    "web_sessions",
    "webhooks",
]

"""All tables, gathered: what the migrations are compared with."""

from . import companies, jobs, lists, messages, orders, sessions
from .engine import metadata

__all__ = ["companies", "jobs", "lists", "messages", "metadata", "orders", "sessions"]

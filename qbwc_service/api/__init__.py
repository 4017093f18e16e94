"""The JSON API `/api/v1`: what an order system's programmer hands orders over by, and learns their outcome."""

from .dispatch import application

__all__ = ["application"]

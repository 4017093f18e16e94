"""Open notices as they stand at the top of a company's pages, and on its card."""

from collections.abc import Iterable
from dataclasses import dataclass

from .. import notify
from ..db.engine import AnyRow
from ..db.notices import Kind


@dataclass(frozen=True)
class Banner:
    """A notice in the reader's language; `path` is the page on which it is mended."""

    company_id: int
    kind: Kind
    headline: str
    text: str
    path: str

    @property
    def is_for_admins(self) -> bool:
        """Whether its page is one that only admins see."""
        return self.kind is not Kind.FAILURES


def told(notices: Iterable[AnyRow], language: str) -> tuple[Banner, ...]:
    return tuple(
        Banner(
            notice.company_id,
            Kind(notice.kind),
            notify.headline(notice, language),
            notify.say(notice, language),
            notify.page_of(notice),
        )
        for notice in notices
    )

"""What is mailed to people about their way in. Each is a subject and a text, in a language."""

from .. import i18n
from ..db.people import User

Letter = tuple[str, str]


def invitation(language: str, user: User, link: str, by: User) -> Letter:
    text = i18n.texts(language)
    return text("Your invitation to qbwc"), _paragraphs(
        text("Hello %(name)s,") % {"name": user.name},
        text("%(name)s invites you to qbwc, which sends finished orders to QuickBooks.") % {"name": by.name},
        text("With this link you choose a password; it works once, for 7 days:"),
        link,
    )


def reset(language: str, user: User, link: str) -> Letter:
    text = i18n.texts(language)
    return text("A new password for qbwc"), _paragraphs(
        text("Hello %(name)s,") % {"name": user.name},
        text("With this link you choose a new password; it works once, for 2 hours:"),
        link,
        text("If you did not ask for it, do nothing: your password stays as it is."),
    )


def _paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"

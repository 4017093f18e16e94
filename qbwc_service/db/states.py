"""A job's states, and what may follow: one table (design.md part 3, style.md 2)."""

from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"  # for another job
    READY = "ready"  # to leave, perhaps after a rest
    IN_FLIGHT = "in_flight"  # in a message that left and has no answer yet
    IN_DOUBT = "in_doubt"  # left, and nobody knows what QuickBooks did
    POSTED = "posted"  # QuickBooks holds it
    ATTENTION = "attention"  # a person must act; the reason stands beside it
    CANCELLED = "cancelled"


class OrderState(StrEnum):
    """What became of an order: made from the states of its documents (design.md part 4)."""

    NEW = "new"  # not sent
    WAITING = "waiting"
    ATTENTION = "attention"  # a document of it needs a person
    POSTED = "posted"  # all of them are


class Event(StrEnum):
    """Why a job changed its state: what its history says."""

    ASKED = "it was sent from the order"
    FREED = "what it waited for is posted"
    CLAIMED = "sent to the Web Connector"
    SAVED = "QuickBooks saved it"
    ADOPTED = "found in QuickBooks"
    REFUSED = "QuickBooks refused it"
    UNFIT = "it cannot be sent as it stands"
    PASSING = "QuickBooks could not take it now"
    HELD_BACK = "something that it needs was not saved"
    SPLIT = "its message was refused as a whole"
    LOST = "no answer came"
    UNCLEAR = "the answer left open whether it was saved"
    ABSENT = "QuickBooks does not hold it"
    SENT_AGAIN = "the same message was sent again"
    AMBIGUOUS = "the evidence allows no decision"
    DOUBLED = "QuickBooks saved it twice"
    RETRIED = "a person had it tried again"
    ASK_AGAIN = "a person had QuickBooks asked again"
    CANCELLED = "a person cancelled it"
    REVIVED = "it was sent once more"
    DUE = "the list is due to be read"
    READ = "a page was read"
    RESTORED = "the database was restored from a backup"
    LOOK_FIRST = "QuickBooks may hold it of an earlier sending"


S, E = State, Event
NEXT: dict[State, dict[Event, State]] = {
    S.WAITING: {
        E.FREED: S.READY,
        E.RESTORED: S.IN_DOUBT,  # it may have left since the backup
        E.LOOK_FIRST: S.IN_DOUBT,
        E.CLAIMED: S.IN_FLIGHT,  # together with what it waits for
        E.ADOPTED: S.POSTED,
        E.SAVED: S.POSTED,  # a late answer
        E.UNFIT: S.ATTENTION,
        E.CANCELLED: S.CANCELLED,
    },
    S.READY: {
        E.CLAIMED: S.IN_FLIGHT,
        E.ADOPTED: S.POSTED,
        E.SAVED: S.POSTED,  # a late answer
        E.UNFIT: S.ATTENTION,
        E.CANCELLED: S.CANCELLED,
        E.RETRIED: S.READY,  # a rest is cut short
        E.RESTORED: S.IN_DOUBT,
        E.LOOK_FIRST: S.IN_DOUBT,
        E.READ: S.POSTED,
    },
    S.IN_FLIGHT: {
        E.SAVED: S.POSTED,
        E.ADOPTED: S.POSTED,  # the lists that were read hold it already
        E.UNFIT: S.ATTENTION,
        E.REFUSED: S.ATTENTION,
        E.PASSING: S.READY,
        E.HELD_BACK: S.WAITING,
        E.SPLIT: S.READY,
        E.LOST: S.IN_DOUBT,
        E.UNCLEAR: S.IN_DOUBT,
        E.DUE: S.READY,  # a list's page without an answer: it is asked for again
        E.READ: S.POSTED,
    },
    S.IN_DOUBT: {
        E.SAVED: S.POSTED,  # a late answer
        E.ADOPTED: S.POSTED,
        E.ABSENT: S.READY,
        E.SENT_AGAIN: S.IN_FLIGHT,
        E.REFUSED: S.ATTENTION,
        E.AMBIGUOUS: S.ATTENTION,
        E.PASSING: S.READY,
        E.HELD_BACK: S.WAITING,
        E.SPLIT: S.READY,
        E.UNCLEAR: S.IN_DOUBT,
    },
    S.ATTENTION: {
        E.RETRIED: S.READY,
        E.ASK_AGAIN: S.IN_DOUBT,  # where QuickBooks may hold it: it is looked up before it could be sent again
        E.CANCELLED: S.CANCELLED,
        E.SAVED: S.POSTED,  # a late answer
        E.ADOPTED: S.POSTED,
        E.DUE: S.READY,
    },
    S.CANCELLED: {E.REVIVED: S.READY, E.DUE: S.READY},
    S.POSTED: {E.DUE: S.READY, E.DOUBLED: S.ATTENTION},  # final, but for the reading of a list, and for bad news
}

CLAIMABLE = (State.WAITING, State.READY)
FINAL = (State.POSTED, State.CANCELLED)
# A job that needs one in these states cannot be sent, however soon it is its turn.
BLOCKING = (State.IN_DOUBT, State.ATTENTION, State.CANCELLED)


class Forbidden(Exception):
    """An event that a job's state does not allow: a fault of ours, never of the user's."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a job that is {state} cannot be told: {event}")


def after(state: State, event: Event) -> State:
    """-> the state that follows; raises Forbidden where none does."""
    try:
        return NEXT[state][event]
    except KeyError:
        raise Forbidden(state, event) from None

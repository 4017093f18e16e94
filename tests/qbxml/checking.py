"""Every message that a test renders is held against Intuit's own schema, where that lies beside the checkout."""

import functools
from types import ModuleType

import pytest

from tests.shared import oracle

_oracle = functools.cache(oracle)


def assert_valid(message: bytes) -> None:
    """Skips the test when there is no schema to hold it against."""
    schema: ModuleType = _oracle()
    faults = schema.validate(message)
    if faults:
        pytest.fail("\n".join([*faults, message.decode()]))

"""What the service asks of its system, in a process of its own each time."""

import ctypes
import subprocess
import sys

import pytest

MEMORY = """
import sys
from pathlib import Path
from qbwc_service import process

if sys.argv[1] == "asked":
    process.have_memory_given_back()

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

before = resident()
body = b"x" * 20_000_000  # once that was freed, glibc takes what is smaller from its heap
del body
answers, pins = [], []
for number in range(100):
    answers.append(b"x" * 1_000_000)
    pins.append(b"y" * (1000 + number))
answers.clear()
print((resident() - before) // 1024)
"""
DESCRIPTORS = """
import resource
import sys
from qbwc_service import process

resource.setrlimit(resource.RLIMIT_NOFILE, (100, int(sys.argv[1])))
process.ask_for_descriptors(300)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
process.ask_for_descriptors(50)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def told(script: str, argument: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, argument], capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="another C library than glibc")
def test_what_large_answers_took_is_given_back():
    assert int(told(MEMORY, "not asked")) > 80  # MB: else there is nothing to ask for any more
    assert int(told(MEMORY, "asked")) < 10


@pytest.mark.parametrize(("hard", "expected"), [("1000", "300 1000"), ("200", "200 200")])
def test_as_many_descriptors_are_asked_for_as_may_be_had_and_none_given_away(hard, expected):
    assert told(DESCRIPTORS, hard).splitlines() == [expected, expected]

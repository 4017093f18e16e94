"""A process that has imported the whole program, and forks one that runs a command of it whenever a test asks.

What it starts is a process like any other, with its own environment, output, signals and exit code; it only spares the
imports, which take longer than most of what a test has a service do. Tests of starting itself start it themselves.
"""

import functools
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from typing import Any

import qbwc_service


class Started:
    """What a test does with the process, in the words of subprocess.Popen."""

    def __init__(self, nursery: "_Nursery", pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        until = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("qbwc", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: list[str], environment: dict[str, str], out: str, error: str | None = None, given: str = os.devnull
) -> Started:
    """`qbwc` with these arguments, which reads the file `given` and writes to the end of `out` and, if that is another,
    of `error`."""
    nursery = _nursery()
    files = [given, out, error or out]
    return Started(nursery, int(nursery.ask(arguments=arguments, environment=environment, files=files)))


def close() -> None:
    """At the end of the tests."""
    if _nursery.cache_info().currsize:
        _nursery().close()
        _nursery.cache_clear()


class _Nursery:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.imported"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@functools.cache
def _nursery() -> _Nursery:
    return _Nursery()


# Within that process --------------------------------------------------------------------------------------------------


def _listen() -> dict[str, Any] | None:
    """-> in a child, what it is to run; None at the end, in the process itself."""
    for line in sys.stdin:
        question = json.loads(line)
        if "poll" in question:
            pid, status = os.waitpid(question["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if not answer:
                return dict(question)
        print(json.dumps(answer), flush=True)
    return None


def _become(asked: dict[str, Any]) -> None:
    for number, path in enumerate(asked["files"]):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["qbwc", *asked["arguments"]]


_ACT_WHEN_IMPORTED = {"qbwc_service.__main__", "qbwc_service.wsgi", "qbwc_service.deploy.gunicorn_settings"}


def _import_all() -> None:
    for module in pkgutil.walk_packages(qbwc_service.__path__, "qbwc_service."):
        if module.name not in _ACT_WHEN_IMPORTED:
            importlib.import_module(module.name)


if __name__ == "__main__":
    _import_all()
    if (asked := _listen()) is not None:
        _become(asked)
        importlib.import_module("qbwc_service.cli").main(prog_name="qbwc")

"""The service under test, as others meet it: its commands, its address, and the simulated connector that polls it."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from click.testing import CliRunner

from qbwc_service.cli import main
from tests import imported, migrated

Process: TypeAlias = "subprocess.Popen[bytes] | imported.Started"


class _Commands(ABC):
    """What is done with commands, however they are run."""

    @abstractmethod
    def run(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """-> what became of a command."""

    def ok(self, *arguments: str, stdin: str | None = None) -> str:
        """-> what a command prints, which must have succeeded."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def data(self, *arguments: str, stdin: str | None = None) -> Any:
        """-> what a command with --json prints."""
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))


class Qbwc(_Commands):
    """The `qbwc` command with an environment of its own; every call is a process, but for those by way of `here`."""

    def __init__(
        self,
        data_dir: pathlib.Path,
        database_url: str | None = None,
        executable: list[str] | None = None,
        cwd: pathlib.Path | None = None,
        *,
        forked: bool = True,
    ) -> None:
        """`forked`: from a process that has imported the program, unless another executable or folder is given."""
        self.cwd = cwd
        self._forks = forked and executable is None and cwd is None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.data_dir = data_dir
        self.executable = executable or [sys.executable, "-m", "qbwc_service"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("QBWC_", "DATABASE_"))}
        self.environment = {**inherited, "QBWC_DATA_DIR": str(data_dir), "PORT": str(self.port)}
        if database_url is not None:
            self.environment["DATABASE_URL"] = database_url

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def run(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        if self._forks:
            return self._forked(arguments, stdin or "")
        return subprocess.run(
            [*self.executable, *arguments],
            env=self.environment,
            cwd=self.cwd,
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _forked(self, arguments: tuple[str, ...], stdin: str) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as name:
            given, out, error = (pathlib.Path(name, each) for each in ("given", "out", "error"))
            given.write_text(stdin)
            process = imported.start(list(arguments), self.environment, str(out), str(error), str(given))
            code = process.wait(120)
            return subprocess.CompletedProcess(arguments, code, out.read_text(), error.read_text())

    @property
    def here(self) -> "Here":
        """-> the same command without a process of its own: for all but what a test is about."""
        return Here(self.environment)

    def init(self) -> str:
        """-> what `qbwc init` prints, which finds the tables there: making them takes most of its time."""
        if "DATABASE_URL" not in self.environment:
            migrated.make(self.data_dir / "qbwc.sqlite3")
        return self.here.ok("init")

    @contextmanager
    def serving(self) -> Iterator[Process]:
        """The service runs; it is stopped as an operator would stop it."""
        process = self.start()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)

    def start(self) -> Process:
        log, serve = self.data_dir / "serve.log", ["serve", "--port", str(self.port)]
        process: Process
        if self._forks:
            process = imported.start(serve, self.environment, str(log))
        else:
            with log.open("ab") as file:
                process = subprocess.Popen(
                    [*self.executable, *serve], env=self.environment, cwd=self.cwd, stdout=file, stderr=file
                )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return process
            except OSError:
                assert process.poll() is None, self.log()
                time.sleep(0.05)
        process.kill()
        raise AssertionError(f"the service is not ready:\n{self.log()}")

    def log(self) -> str:
        path = self.data_dir / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Here(_Commands):
    """The `qbwc` command within this process, with the same environment: starting a process takes most of the time."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def run(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        # What is not in the command's environment must not reach it from ours either.
        changed: dict[str, str | None] = {**dict.fromkeys(os.environ), **self._environment}
        done = CliRunner().invoke(main, arguments, input=stdin or "", env=changed, prog_name="qbwc")
        said = done.stderr
        if done.exc_info is not None and not isinstance(done.exception, SystemExit | None):
            said += "".join(traceback.format_exception(*done.exc_info))
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, said)

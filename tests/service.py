"""The service under test, as others meet it: its commands, its address, and the simulated connector that polls it."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Qbwc:
    """The `qbwc` command with an environment of its own; every call is a process."""

    def __init__(
        self,
        data_dir: pathlib.Path,
        database_url: str | None = None,
        executable: list[str] | None = None,
        cwd: pathlib.Path | None = None,
    ) -> None:
        self.cwd = cwd
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

    def ok(self, *arguments: str, stdin: str | None = None) -> str:
        """-> what a command prints, which must have succeeded."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def data(self, *arguments: str, stdin: str | None = None) -> Any:
        """-> what a command with --json prints."""
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The service runs; it is stopped as an operator would stop it."""
        process = self.start()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)

    def start(self) -> "subprocess.Popen[bytes]":
        with (self.data_dir / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.executable, "serve", "--port", str(self.port)],
                env=self.environment,
                cwd=self.cwd,
                stdout=log,
                stderr=log,
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

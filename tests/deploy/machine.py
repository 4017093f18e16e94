"""A machine on which an operator installs what `qbwc deploy` prints; its folders lie in a folder of the test's.

There is no systemd here that could run a unit, so its lines are carried out by this module, as systemd.exec(5) and
systemd.service(5) tell: specifiers, environment files, credentials, readiness, and a file system that can be written to
in the unit's own folders alone. Users and system call filters are left out; `systemd-analyze verify` reads those lines.
"""

import contextlib
import functools
import http.client
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.service import Qbwc

_SPECIFIER = re.compile("%(.)")


def free_port() -> int:
    """-> a port that nobody listens on, and that the system gives no outgoing connection in the meantime."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("", port))
            return port


def lines_of(unit: str) -> list[tuple[str, str, str]]:
    """-> section, name and value of each line that says something."""
    found, section = [], ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            assert equals, line
            found.append((section, name, value))
    return found


def values(unit: str, name: str) -> list[str]:
    return [value for _, called, value in lines_of(unit) if called == name]


def value(unit: str, name: str) -> str:
    """-> of a line that stands there once."""
    (found,) = values(unit, name)
    return found


@functools.cache
def _printed(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "qbwc_service", "deploy", *arguments],
        env=_unsaid(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def _unsaid() -> dict[str, str]:
    """-> the environment that the operator has, in which nothing is said to the service."""
    ours = ("QBWC_", "DATABASE_", "PORT", "GUNICORN", "PYTHON", "NOTIFY_")
    return {name: text for name, text in os.environ.items() if not name.startswith(ours)}


@dataclass
class Machine:
    root: pathlib.Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for folder in ("etc/qbwc", "var/lib", "credentials", "tmp", "log"):
            (self.root / folder).mkdir(parents=True)

    @property
    def etc(self) -> pathlib.Path:
        return self.root / "etc" / "qbwc"

    @property
    def state(self) -> pathlib.Path:
        return self.root / "var" / "lib"

    @property
    def outside(self) -> dict[str, str]:
        return _unsaid()

    def printed(self, *arguments: str) -> str:
        """-> what `qbwc deploy` prints, with this machine's folders."""
        text = _printed(*arguments)
        return text.replace("/etc/qbwc", str(self.etc)).replace("/var/lib/", f"{self.state}/")

    def has_secret_key(self) -> None:
        (self.etc / "secret.key").write_text("0123456789abcdef" * 4 + "\n")
        (self.etc / "secret.key").chmod(0o600)

    def has_settings(self, *arguments: str, **changed: str) -> None:
        """The printed settings, with what an operator would change in that file."""
        text = self.printed("env", "--port", str(self.port), *arguments)
        for name, said in changed.items():
            text = re.sub(f"^#?{name}=.*$", lambda _, line=f'{name}="{said}"': line, text, flags=re.MULTILINE)
            if f'{name}="{said}"' not in text:
                text += f'{name}="{said}"\n'
        (self.etc / "qbwc.env").write_text(text)

    # --- as systemd does it -------------------------------------------------------------------------------------------

    def environment(self, unit: str) -> dict[str, str]:
        """-> what a process of the unit finds; folders and credentials are made."""
        for name in value(unit, "StateDirectory").split():
            (self.state / name).mkdir(mode=int(value(unit, "StateDirectoryMode"), 8), exist_ok=True)
        for said in values(unit, "LoadCredential"):
            name, _, source = said.partition(":")
            shutil.copyfile(source, self.root / "credentials" / name)
        made = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": str(self.root / "tmp")}
        for said in values(unit, "Environment"):
            (word,) = shlex.split(self._expanded(said))
            name, _, made[name] = word.partition("=")
        for file in values(unit, "EnvironmentFile"):
            made |= environment_file(pathlib.Path(self._expanded(file)).read_text())
        return made

    def command(self, said: str) -> list[str]:
        """-> the words of an ExecStart."""
        return [word.replace("$$", "$") for word in shlex.split(self._expanded(said))]

    def _expanded(self, text: str) -> str:
        known = {"%": "%", "S": str(self.state), "d": str(self.root / "credentials")}
        return _SPECIFIER.sub(lambda found: known[found[1]], text)

    def once(self, unit: str) -> "list[subprocess.CompletedProcess[str]]":
        """Runs a unit of Type=oneshot. -> what became of each ExecStart, until one fails."""
        assert value(unit, "Type") == "oneshot"
        environment, done = self.environment(unit), []
        for said in values(unit, "ExecStart"):
            ran = subprocess.run(
                self.command(said),
                env=environment,
                cwd=self._expanded(value(unit, "WorkingDirectory")),
                umask=int(value(unit, "UMask"), 8),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            done.append(ran)
            if ran.returncode:
                break
        return done

    @contextmanager
    def running(self, unit: str, confined: bool = False) -> "Iterator[subprocess.Popen[bytes]]":
        """The unit runs, and is ready. At the end it is stopped as the unit says, and must have ended well in time."""
        environment = self.environment(unit)
        for said in values(unit, "ExecStartPre"):
            subprocess.run(self.command(said), env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
        command = self.command(value(unit, "ExecStart"))
        notified = self._listening(environment) if value(unit, "Type") == "notify" else None
        with (self.root / "log" / "service.log").open("ab") as log:
            process = subprocess.Popen(
                self.confined(command) if confined else command,
                env=environment,
                cwd=self._expanded(value(unit, "WorkingDirectory")),
                umask=int(value(unit, "UMask"), 8),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            if notified is not None:
                assert notified.recv(4096).startswith(b"READY=1"), self.log()
            self._wait(process)
            yield process
            if process.poll() is None:
                process.send_signal(signal.Signals[value(unit, "KillSignal")])
            assert process.wait(timeout=int(value(unit, "TimeoutStopSec"))) == 0, self.log()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if notified is not None:
                notified.close()

    def _listening(self, environment: dict[str, str]) -> socket.socket:
        environment["NOTIFY_SOCKET"] = str(self.root / "n")
        (self.root / "n").unlink(missing_ok=True)
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.bind(environment["NOTIFY_SOCKET"])
        notified.settimeout(60)
        return notified

    def confined(self, command: list[str]) -> list[str]:
        """-> the command as ProtectSystem=strict, PrivateTmp=, CapabilityBoundingSet= and NoNewPrivileges= have it."""
        may = [self.state, self.root / "tmp"]
        mounts = [f"mount --bind {shlex.quote(str(folder))} {shlex.quote(str(folder))}" for folder in may]
        above = next(str(folder) for folder in self.root.parents if folder.is_mount())
        mounts += [f"mount -o remount,bind,ro {shlex.quote(place)}" for place in sorted({"/", above})]
        first = " && ".join([*mounts, 'exec setpriv --no-new-privs --bounding-set=-all "$@"'])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", first, "sh", *command]

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if get(self.port, "/readyz") == 200:
                    return
            except OSError:
                assert process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(f"the service is not ready:\n{self.log()}")

    # --- what the operator sees ---------------------------------------------------------------------------------------

    def log(self) -> str:
        return (self.root / "log" / "service.log").read_text(errors="replace")

    def qbwc(self, unit: str) -> Qbwc:
        """-> the command with the unit's environment."""
        command = Qbwc(self.state / "qbwc")
        command.port = self.port
        command.environment = {**self.outside, **self.environment(unit)}
        return command


def environment_file(text: str) -> dict[str, str]:
    """-> the variables of an EnvironmentFile=, in which each value stands in quotes."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, said = line.partition("=")
            assert re.fullmatch(r'"[^"\\$`]*"', said), f"{line}: sh and systemd would not read the same"
            found[name] = said.strip('"')
    return found


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> int:
    """-> the status that the service itself answers with, without the proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    finally:
        connection.close()

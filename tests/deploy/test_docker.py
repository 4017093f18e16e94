"""The Dockerfile's steps, carried out in folders of the test's: there is no Docker here, so the image was never built.

Paths of the image lie below a folder; the base image's Python is this one; the user is not made. What is installed is
what the image would hold, and it is run by its CMD and asked by its HEALTHCHECK.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import yaml

from qbwc_service import settings
from tests.deploy.machine import Machine, free_port

ROOT = pathlib.Path(__file__).parents[2]
OURS = ("/src", "/opt/qbwc", "/data")


@dataclass
class Image:
    root: pathlib.Path
    folder: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def place(self, text: str) -> str:
        """-> a command or path with the image's folders where they lie here."""
        return re.sub(rf"(?<![\w./-])({'|'.join(OURS)})(?![\w-])", lambda found: f"{self.root}{found[1]}", text)

    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "HOME", "SSL_", "LANG"))}
        kept["PIP_NO_COMPILE"] = "1"  # what is used is compiled then, which is quicker here
        path = f"{self.root}/bin:{os.environ['PATH']}"
        own = {name: self.place(text).replace("$PATH", path) for name, text in self.environment.items()}
        return {**kept, "PIP_NO_COMPILE": "1", "PATH": path, **own}  # compiled when it is used, which is quicker here

    def run(self, command: list[str] | str, **more: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command if isinstance(command, list) else ["sh", "-c", self.place(command)],
            env={**self.env(), **more},
            cwd=self.place(self.folder),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def carried_out(dockerfile: str, root: pathlib.Path) -> Image:
    """-> the image of the last stage. Raises on an instruction that is not known here."""
    image = Image(root)
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(pathlib.Path(sys.base_prefix) / "bin" / "python3")
    for line in dockerfile.splitlines():
        instruction, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if instruction == "FROM":
            assert re.fullmatch(r"python:3\.\d+-slim( AS build)?", rest)
            image.folder, image.environment = "/", {}
        elif instruction == "WORKDIR":
            image.folder = rest
            pathlib.Path(image.place(rest)).mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY" and rest.startswith("--from=build"):
            _, source, target = rest.split()
            assert source == target  # a virtual environment works only where it was made
        elif instruction == "COPY":
            *sources, target = rest.split()
            for source in sources:
                goal = pathlib.Path(image.place(image.folder)) / target
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, goal, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copyfile(ROOT / source, goal / source)
        elif instruction == "RUN" and rest.startswith("useradd "):
            image.left_out.append(rest)
        elif instruction == "RUN":
            if os.geteuid() != 0:
                rest = re.sub("-[og] 10001", "", rest)
            pathlib.Path(image.place("/opt")).mkdir(exist_ok=True)
            (root / "opt").mkdir(exist_ok=True)
            done = image.run(rest)
            assert done.returncode == 0, f"{rest}\n{done.stdout}\n{done.stderr}"
        elif instruction == "ENV":
            name, _, image.environment[name] = rest.partition("=")
        elif instruction == "VOLUME":
            image.volumes = json.loads(rest)
        elif instruction == "USER":
            image.user = rest
        elif instruction == "HEALTHCHECK":
            image.check = json.loads(rest.partition(" CMD ")[2])
        elif instruction == "CMD":
            image.command = json.loads(rest)
        else:
            assert line in ("EXPOSE 8080", "STOPSIGNAL SIGTERM", "ENTRYPOINT []"), line
    return image


def test_what_the_dockerfile_installs_runs_is_found_healthy_and_ends(tmp_path):
    image = carried_out(Machine(tmp_path / "m").printed("docker"), tmp_path)
    assert image.user.partition(":")[0].isdecimal()
    assert image.user != "0"
    assert image.volumes == [image.environment["QBWC_DATA_DIR"]] == ["/data"]
    (made,) = image.left_out
    assert f"--uid {image.user.partition(':')[0]} " in made
    image.environment["PORT"] = str(free_port())
    assert image.run("gunicorn --version").returncode == 0
    assert (
        image.run(
            "python -c 'import psycopg, qbwc_service, sys; assert sys.prefix in qbwc_service.__file__'"
        ).returncode
        == 0
    )
    assert f"\nExecStart={tmp_path}/opt/qbwc/bin/qbwc serve " in image.run("qbwc deploy systemd").stdout
    assert image.run(image.check).returncode != 0
    process = subprocess.Popen(image.command, env=image.env(), cwd=image.place(image.folder), stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while (seen := image.run(image.check)).returncode != 0:
            assert process.poll() is None
            assert time.monotonic() < deadline, seen.stderr
        first = image.run("qbwc init")
        assert "/welcome/" in first.stdout, first.stderr
        assert {path.name for path in (tmp_path / "data").iterdir()} >= {"qbwc.sqlite3", "secret.key"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert image.run(image.check).returncode != 0


def test_the_compose_file_has_settings_that_hold_and_secrets_that_are_not_in_it(tmp_path):
    text = Machine(tmp_path / "m").printed("compose", "--server-name", "books.example.com", "--port", "8090")
    services = yaml.safe_load(text)["services"]
    ours = services["qbwc"]
    (tmp_path / "key").write_text("k" * 64)
    environment = {
        name: re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", "0123abcd", said) for name, said in ours["environment"].items()
    }
    assert environment.pop("QBWC_SECRET_KEY_FILE") == f"/run/secrets/{ours['secrets'][0]}"
    read = settings.read({**environment, "QBWC_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert read.public_url == "https://books.example.com"
    assert read.database_url == "postgresql+psycopg://qbwc:0123abcd@database/qbwc"
    assert ours["ports"] == ["127.0.0.1:8090:8080"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD}"
    named = set(re.findall(r"\$\{(\w+)", text))
    assert named == {"POSTGRES_PASSWORD"}

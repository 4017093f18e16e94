"""What `qbwc deploy` takes: only what stays one word in the file that it prints."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        ["nginx", "--server-name", "192.0.2.1"],
        ["nginx", "--server-name", "a; return 200"],
        ["nginx", "--server-name", "-a.example.com"],
        ["nginx", "--upstream", "127.0.0.1"],
        ["nginx", "--upstream", "127.0.0.1:8080; deny all"],
        ["nginx", "--certificate", "chain.pem"],
        ["nginx", "--certificate-key", "/a b"],
        ["nginx", "--tls-port", "0"],
        ["systemd", "--user", "a\nExecStart=/bin/sh"],
        ["systemd", "--unit", "qbwc-nightly.timer", "--gunicorn"],
        ["command", "--user", "$(id)"],
        ["env", "--user", 'a"b'],
        ["env", "--server-name", "a..b"],
        ["compose", "--server-name", "books.example.com/"],
    ],
    ids=" ".join,
)
def test_what_would_break_the_file_is_refused(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "qbwc_service", "deploy", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr

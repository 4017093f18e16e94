"""`python -m tests.faults --runs 10000 --seed 1`: that many schedules, each in a company of its own."""

import argparse
import pathlib
import sys
import tempfile
import time

from .schedule import play
from .world import fresh


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", help="URL; a temporary SQLite file otherwise")
    parser.add_argument("--show", action="store_true", help="print the steps of each schedule")
    arguments = parser.parse_args()
    print(f"seeds {arguments.seed} to {arguments.seed + arguments.runs - 1}")
    posted = attention = bad = 0
    with tempfile.TemporaryDirectory(prefix="qbwc-faults-") as folder:
        engine = fresh(arguments.database or f"sqlite:///{pathlib.Path(folder) / 'faults.sqlite3'}")
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            played = play(engine, seed)
            posted += played.verdict.posted
            attention += played.verdict.attention
            if arguments.show or played.verdict.faults:
                print(f"seed {seed}:", *played.steps, sep="\n    ")
            if played.verdict.faults:
                bad += 1
                print(f"seed {seed} FAILED:", *played.verdict.faults, sep="\n    ")
    print(f"{arguments.runs} schedules, {posted} documents posted, {attention} with a person, {bad} schedules failed")
    return 1 if bad else 0


sys.exit(main())

"""Makes the second golden log of a release, of everything people can do: python -m tests.golden.acts, as `make.py`.

Everything goes through the command line, on a training store whose clock is said: posts, an adopted calendar, a case
moved to another cycle, lots, a date extended, a step suspended, approval, waiver, declaration, a partner's entry cited,
a refusal, a fall back, what happened unlawfully and its judgement, a hold, its end, an erasure.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import cli
from engine import __version__, library, signing
from tests.golden.make import SEED
from tests.simulator import CAMDEN, shelf

CASE = "camden/2025-014"
ROOT = Path(__file__).parents[2]
GATE = """\
extends: commissioning
states: {plan: {gated: Through the gate}}
like: {gated: needs-assessed}
steps:
  pass-gate: {title: Pass the gate, from: [needs-assessed], to: gated, free: yes, why_free: A custom.}
"""


class Desk:
    """The command line on one training store; every command must end as it is said to."""

    def __init__(self, place: Path) -> None:
        self.place, self.receipts = str(place), list[str]()

    def __call__(self, at: str, *words: str, who: str = "ann", code: int = 0) -> Any:
        told = ["--database", self.place, "--clock", at, "--as", who]
        done = CliRunner().invoke(cli.main, [*told, *words])
        assert done.exit_code == code, (words, done.exit_code, done.output[:800])
        self.receipts += [each for each in done.output.split() if each.startswith("camden:") and len(each) > 30]
        return json.loads(done.stdout) if "json" in words else done.output

    def two(self, at: str, *words: str) -> None:
        """One proposes, another confirms."""
        self(at, *words)
        self(at, *words, "--confirm", who="mia")


@contextmanager
def cycle_of(source: str) -> Iterator[None]:
    """Camden has a cycle of its own, as a release before or after this one might give it."""
    now = library.shipped
    library.shipped = lambda cache=None: replace(shelf(), local_cycles={"workflows/local/camden.yaml": source})
    try:
        yield
    finally:
        library.shipped = now


def act(vires: Desk, folder: Path) -> None:
    """Nothing; the log has an entry of everything people do."""
    vires("2025-03-03 09:00", "init", "--training")
    with cycle_of(GATE):
        vires("2025-03-03 10:00", "case", "open", "camden", "--title", "An older case", "--id", "2025-001")
    vires("2025-03-04 10:00", "case", "migrate", "camden/2025-001", "--apply")
    vires(
        "2025-03-03 11:00", "case", "open", "camden", "--title", "Rough sleeping outreach", "--id", "2025-014", code=6
    )
    vires("2025-03-04 11:00", "case", "open", "camden", "--title", "Rough sleeping outreach", "--id", "2025-014")
    for gate in CAMDEN[:3]:
        if gate.records:
            vires(gate.put_right, "case", "record", CASE, *gate.records)
        for step, already in gate.notices:
            late = ("--already-done", already, "--reason", "sent by the central team") if already else ()
            vires(gate.put_right, "case", "advance", CASE, step, *late)
        for subject, answer in gate.judges:
            told = ("--role", "monitoring officer", "--reason", "read in the constitution")
            vires(gate.put_right, "case", "judge", CASE, subject, answer, *told, who="mo")
        vires(gate.taken, "case", "advance", CASE, gate.step)
    for login, post in (("bob", "director"), ("mo", "monitoring officer")):
        trained = ("--trained", "expert", "--trained-until", "2026-12-31")
        vires.two("2025-09-22 11:00", "post", "assign", login, post, "--authority", "camden", *trained)
    acting = ("--acting-for", "director", "--until", "2025-12-31")
    vires.two("2025-09-22 11:00", "post", "assign", "dan", "assistant director", "--authority", "camden", *acting)
    vires.two("2025-10-01 11:00", "post", "end", "dan", "assistant director", "--authority", "camden", *acting[:2])
    vires("2025-10-02 10:00", "case", "extend", CASE, "tenders.due", "2025-11-05 11:00", "--reason", "corrected")
    vires("2025-10-03 10:00", "case", "suspend", CASE, "close-tenders", "--reason", "a complaint")
    vires("2025-10-22 11:00", "case", "advance", CASE, "close-tenders", code=1)
    vires("2025-10-23 10:00", "case", "resume", CASE, "close-tenders", "--reason", "looked into")
    vires("2025-10-23 11:00", "case", "lot", "add", CASE, "north", "--value", "£4,000,000 incl VAT", "--title", "North")
    vires("2025-10-23 11:00", "case", "lot", "add", CASE, "south", "--value", "£6,416,000 incl VAT")
    vires("2025-10-24 11:00", "case", "lot", "move", CASE, "south", "withdrawn", "--reason", "no longer needed")
    vires("2025-11-05 11:00", "case", "advance", CASE, "close-tenders")
    vires("2025-11-06 09:00", "case", "record", CASE, "provider.name=A charity whose name is confidential")
    vires("2025-11-06 10:00", "case", "declare", CASE, "--interest", "none")
    vires("2025-11-06 11:00", "case", "waive", CASE, "--grounds", "extreme urgency", "--until", "2026-03-31", who="bob")
    vires("2025-11-06 12:00", "case", "approve", CASE, "award", who="bob")
    vires("2025-11-07 10:00", "case", "open", "merton", "--title", "Their part", "--id", "2025-001")
    joint = ("--mode", "lead buyer", "--lead", "camden", "--with", "merton")
    theirs = vires("2025-11-07 10:00", "case", "joint", "merton/2025-001", *joint, "--format", "json")
    vires("2025-11-07 11:00", "case", "joint", CASE, *joint)
    days = folder / "england-and-wales.yaml"
    days.write_text((ROOT / "rules/calendars/england-and-wales.yaml").read_text().replace("2025-08-25", "2025-08-26"))
    vires.two("2025-11-08 10:00", "rules", "adopt", str(days), "--authority", "camden")
    cited = ("--cites", theirs["receipt"])
    vires("2025-11-10 10:00", "case", "advance", CASE, "decide-award", *cited, code=1)
    late = ("--already-done", "2025-11-11", "--reason", "we were told to")
    done = vires("2025-11-12 10:00", "case", "advance", CASE, "decide-award", *late, "--format", "json")
    told = ("--role", "monitoring officer", "--reason", "it was not lawful", "--remedy", "it is taken back")
    vires("2025-11-13 10:00", "case", "judge", CASE, f"irregular:{done['entry']}", "noted", *told, who="mo")
    vires("2025-11-14 10:00", "case", "refer-back", CASE, "--step", "retender")
    vires("2025-12-01 10:00", "audit", "hold", CASE, "--reason", "letter before claim")
    vires("2031-11-13 10:00", "audit", "release", CASE, "--reason", "settled")
    asked = vires("2031-11-13 10:00", "audit", "erase", CASE, "provider.name", "--reason", "over", "--format", "json")
    vires("2031-11-14 10:00", "audit", "erase", CASE, "--confirm", str(asked["asked"]), who="mia")


def make(folder: Path) -> None:
    """Nothing; the folder holds the second golden log of this release."""
    folder.mkdir(parents=True)
    key = signing.signer("golden.example/vires/camden", SEED)
    at, files = "2031-11-14 11:00", {name: str(folder / name) for name in ("older.note", "camden.note")}
    with tempfile.TemporaryDirectory() as scratch:
        vires, secret = Desk(Path(scratch) / "store.db"), Path(scratch) / "officer.key"
        secret.touch(0o600)
        secret.write_text(f"{key.line}\n")
        act(vires, Path(scratch))
        receipts = list(vires.receipts)
        sign = ("audit", "checkpoint", "camden", "--key", str(secret))
        vires(at, *sign, "--out", files["older.note"])
        vires(at, "case", "record", CASE, "provider.sector=voluntary sector")
        vires(at, *sign, "--old", files["older.note"], "--out", files["camden.note"])
        noted = ("--checkpoint", files["camden.note"])
        vires(at, "audit", "bundle", "camden", "--all", *noted, "--out", str(folder / "camden.zip"))
        kept_back = ("--withhold", "all=foia-40", *noted)
        vires(at, "audit", "disclose", "camden", "--all", *kept_back, "--out", str(folder / "public.zip"))
        vires(at, "audit", "prove", "camden:3", *noted, "--out", str(folder / "3.tlog-proof"))
        proof = ("--from", files["older.note"], *noted, "--out", str(folder / "grown.proof"))
        vires(at, "audit", "prove", *proof)
        again = vires(at, "audit", "replay", "camden", "--format", "json")["decisions"]
        entries = len(vires(at, "audit", "log", "camden", "--format", "json")["entries"])
    (folder / "officer.pub").write_text(f"{key.verifier.line}\n")
    (folder / "receipts.txt").write_text("".join(f"{each}\n" for each in receipts))
    expected = {"entries": entries, "decisions": [[each["entry"], each["step"], each["answer"]] for each in again]}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    library.shipped = shelf
    make(Path(__file__).parent / (sys.argv[1] if len(sys.argv) > 1 else f"{__version__}-acts"))

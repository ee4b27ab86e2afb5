"""make demo: one real commission told with the program itself, in a training store that stays behind for you.

Every line after a `$` is a command run for real. Published facts of the case (ocds-h6vhtk-04fa0c) are as published;
what was not found is marked illustrative. The story fails loudly when an answer is not the one it tells.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

import cli  # noqa: E402

PLACE = sys.argv[1] if len(sys.argv) > 1 else "demo"  # where the stores go
STORE, OLD, COPY = f"{PLACE}/camden-2025.db", f"{PLACE}/camden-2007.db", f"{PLACE}/altered-copy.db"
CASE, CASE_2007 = "camden/2025-014", "camden/2007-003"
OFFICER, SOLICITOR = "Commissioning officer", "Borough Solicitor"


class Story:
    """Tells and runs: prose wrapped, commands echoed and run in this process, exit codes checked."""

    def __init__(self) -> None:
        self.store, self.clock, self.person = STORE, "", OFFICER

    def act(self, title: str) -> None:
        print(f"\n{'=' * 78}\n{title}\n{'=' * 78}")

    def say(self, prose: str) -> None:
        print("\n" + textwrap.fill(" ".join(prose.split()), 78))

    def on(self, clock: str, person: str = OFFICER) -> None:
        self.clock, self.person = clock, person

    def run(self, command: str, exit: int = 0) -> None:
        """Run a command of vires; `exit` is the exit code the story tells."""
        words = shlex.split(command)
        told = ["--clock", self.clock, "--as", self.person] if self.clock else []
        print(
            f"\n$ vires {shlex.join(words) if '(' in command else command}   # {self.clock}, {self.person}", flush=True
        )
        code = self.invoke([*told, *words])
        if code != exit:
            sys.exit(f"the story went wrong here: exit {code}, not {exit}")

    def invoke(self, words: list[str]) -> int:
        try:
            code = cli.main.main(["--database", self.store, *words], prog_name="vires", standalone_mode=True)
        except SystemExit as stop:
            code = stop.code
        sys.stdout.flush()
        return int(code or 0)

    def record(self, *facts: str, note: str = "") -> None:
        if note:
            print(f"\n  ({note})")
        self.run(f"case record {self.case} " + " ".join(shlex.quote(fact) for fact in facts))

    case = CASE


def today(story: Story) -> None:
    """Act one: Camden, rough sleeping outreach, 2025."""
    story.act("CAMDEN, ROUGH SLEEPING OUTREACH, 2025 (ocds-h6vhtk-04fa0c): a training store")
    story.say("""Published: planning notice 28 March 2025, strategy before Cabinet 16 July, tender notice 19 September,
        award notice 15 December with a voluntary standstill to the 29th. Everything else here is illustrative.""")
    story.on("2025-03-28 13:30")
    story.run("init --training")
    story.run(f'case open camden --title "Rough sleeping outreach" --id {CASE.split("/")[1]}')
    story.record(
        "contract.kind=light touch services",
        "contract.value=£10,416,000 incl VAT",
        "contract.cpv=85300000",
        "contract.health_service=no",
        "contract.starts=2026-04-01",
        "contract.ends=2032-03-31",
        "procurement.procedure=open",
    )
    story.run(
        f"case advance {CASE} publish-planned-notice --already-done '2025-03-28 13:00' "
        "--reason 'sent by the central team'"
    )
    story.run(f"case advance {CASE} assess-need")

    story.act("1. The strategy: the key decision notice came too late")
    story.on("2025-07-16 19:00")
    story.record(
        "strategy_key_notice.published=2025-06-20",
        "strategy_agenda.published=2025-07-08",
        "strategy_equality.considered=2025-07-02",
        "strategy.decided_by=cabinet",
        note="illustrative: notice, agenda and equality analysis were not found",
    )
    story.say(
        "Is the decision key? Camden's figure is not to be found in any source, so Vires does not guess: it refers."
    )
    story.run(f"case advance {CASE} decide-strategy", exit=3)
    story.on("2025-07-16 19:05", SOLICITOR)
    story.run(
        f"case judge {CASE} camden.key-decision.strategy yes --role 'monitoring officer' "
        "--reason 'Ten million pounds over six years, and effects in every ward'"
    )
    story.say("""Judged key, the 28 clear days bind. The notice of 20 June leaves 25: refused, with the two
        alternatives the law knows, the working of the days, and the earliest lawful date.""")
    story.on("2025-07-16 19:10")
    story.run(f"case advance {CASE} decide-strategy", exit=1)
    story.run(f"case why {CASE} decide-strategy --show-working", exit=1)
    story.say("""Put right: the notice had in fact gone out on 17 June, the last day for the Cabinet of 16 July
        (illustrative).
        The correction is a new entry; the wrong date stays on the log.""")
    story.record("strategy_key_notice.published=2025-06-17")
    story.run(f"case advance {CASE} decide-strategy")

    story.act("2. The tender notice: before call-in ended, and without a conflicts assessment")
    story.on("2025-07-24 10:00")
    story.record(
        "market_engagement.held=no",
        "tenders.due=2025-10-22 11:00",
        "contract.price_weight=30",
        "lots.considered=2025-07-17",
    )
    story.run(f"case advance {CASE} publish-tender-notice", exit=1)
    story.run(f"case why {CASE} publish-tender-notice --show-working", exit=1)
    story.say("""Three duties and one question: call-in ends on 25 July by an archived page of the council (so with a
        caution), conflicts and social value must come first, and the contract bands since 2008 are unknown: a person
        answers for them.""")
    story.on("2025-09-10 11:00")
    story.record(
        "conflicts_assessment.prepared=2025-09-01",
        "social_value.considered=2025-07-10",
        note="illustrative: not found among the published papers",
    )
    story.on("2025-09-10 11:30", "Head of Procurement")
    story.run(
        f"case judge {CASE} camden.bands.current met --role 'head of procurement' "
        "--reason 'Open tender at this value; Cabinet approved the strategy on 16 July'"
    )
    story.on("2025-09-19 16:00")
    story.run(f"case advance {CASE} publish-tender-notice")

    story.act("3. Tenders in, and the award")
    story.on("2025-10-22 10:30")
    story.run(f"case advance {CASE} close-tenders", exit=1)
    story.on("2025-10-22 11:05")
    story.run(f"case advance {CASE} close-tenders")
    story.on("2025-12-08 15:00")
    story.record(
        "exclusions.considered=2025-10-23",
        "award_equality.considered=2025-12-05",
        "award.decided_by=officer",
        note="illustrative: who decided the award, and when, was not found",
    )
    story.on("2025-12-08 15:05", SOLICITOR)
    story.run(
        f"case judge {CASE} camden.key-decision.award no --role 'monitoring officer' "
        "--reason 'Cabinet delegated the award within the approved maximum on 16 July'"
    )
    story.on("2025-12-08 16:00")
    story.run(f"case advance {CASE} decide-award")

    story.act("4. The award notice: before the assessment summaries")
    story.on("2025-12-12 09:00")
    story.record("standstill.stated=yes", "standstill.ends=2025-12-29", "provider.sector=voluntary sector")
    story.run(f"case advance {CASE} publish-award-notice", exit=1)
    story.run(f"case advance {CASE} send-assessment-summaries")
    story.on("2025-12-12 10:00", SOLICITOR)
    story.run(
        f"case judge {CASE} camden.call-in.award.officer met --role 'borough solicitor' "
        "--reason 'An officer award under delegation lies outside call-in; four members were told'"
    )
    story.on("2025-12-15 14:03")
    story.record("contract.award_value=£10,283,912 incl VAT")
    story.run(f"case advance {CASE} publish-award-notice")

    story.act("5. The contract: inside the stated standstill")
    story.on("2025-12-22 12:00")
    story.run(f"case advance {CASE} enter-contract", exit=1)
    story.run(f"case why {CASE} enter-contract --show-working", exit=1)
    story.on("2025-12-30 10:00")
    story.run(f"case advance {CASE} enter-contract")
    story.run(f"case show {CASE}")


def audit(story: Story) -> None:
    """Act two: the auditor."""
    story.act("6. The auditor: verify, replay, and one altered byte")
    story.on("2026-01-05 09:00", "Auditor")
    story.run("audit verify")
    story.run(f"audit replay {CASE}")
    story.say("Somebody with the database at hand alters one byte of one entry, in a copy:")
    altered = _alter(Path(STORE), Path(COPY))
    print(f"\n  entry {altered} of {COPY}: the answer of a refused step, one letter changed")
    story.store = COPY
    story.run("audit verify", exit=5)
    story.store = STORE


def _alter(store: Path, copy: Path) -> int:
    """Copy the store and change one byte of the first refused decision in the copy; its sequence."""
    shutil.copy(store, copy)
    with sqlite3.connect(copy) as connection:
        triggers = [name for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'")]
        for name in triggers:
            connection.execute(f'drop trigger "{name}"')
        table = next(
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
            if {"bytes", "leaf"} <= {row[1] for row in connection.execute(f'pragma table_info("{name}")')}
        )
        rows = connection.execute(f'select sequence, bytes from "{table}" where kind = "decision" order by sequence')
        sequence, data = next((number, data) for number, data in rows if b'"answer":"not met"' in data)
        changed = bytes(data).replace(b'"answer":"not met"', b'"answer":"nut met"', 1)
        connection.execute(f'update "{table}" set bytes = ? where sequence = ?', (changed, sequence))
    connection.close()
    return int(sequence)


def then(story: Story) -> None:
    """Act three: the same borough in 2007."""
    story.act("THE SAME BOROUGH IN 2007: the law of the day is data")
    story.say("""The report of 2007 found full tendering from £100,000 in Camden; the Public Contracts Regulations 2006
        bound Part B services lightly, and no standstill stood between award and signature. All figures here are
        illustrative.""")
    story.store, story.case = OLD, CASE_2007
    story.on("2007-03-01 10:00")
    story.run("init --training")
    story.run(f'case open camden --title "Day centre for older people" --id {CASE_2007.split("/")[1]}')
    story.record(
        "contract.kind=services",
        "contract.part=part B",
        "contract.value=£180,000",
        "contract.health_service=no",
    )
    story.run(f"case advance {CASE_2007} assess-need")
    story.on("2007-04-18 19:00")
    story.record(
        "strategy.decided_by=cabinet",
        "strategy_forward_plan.published=2007-03-15",
        "strategy_forward_plan.effective=2007-04-01",
        "strategy_agenda.published=2007-04-10",
        "strategy_equality.considered=2007-04-02",
    )
    story.on("2007-04-18 19:05", SOLICITOR)
    story.run(
        f"case judge {CASE_2007} camden.key-decision.strategy yes "
        "--role 'monitoring officer' --reason 'A borough-wide service'"
    )
    story.on("2007-04-18 19:10")
    story.say("""No 28 clear days: in 2007 the decision stood in a forward plan, and gender equality had joined race and
        disability twelve days before.""")
    story.run(f"case advance {CASE_2007} decide-strategy --all")
    story.on("2007-05-08 10:00")
    story.record("procurement.procedure=quotations", "tenders.due=2007-06-15 12:00")
    story.say("Quotations for £180,000? Camden asked full competitive tendering from £100,000, VAT or no VAT.")
    story.run(f"case advance {CASE_2007} publish-tender-notice", exit=1)
    story.record("procurement.procedure=restricted")
    story.run(f"case advance {CASE_2007} publish-tender-notice")
    story.on("2007-06-18 10:00")
    story.run(f"case advance {CASE_2007} close-tenders")
    story.record("award.decided_by=officer", "award_equality.considered=2007-06-18")
    story.on("2007-06-25 10:00", SOLICITOR)
    story.run(
        f"case judge {CASE_2007} camden.key-decision.award no "
        "--role 'monitoring officer' --reason 'Delegated by Cabinet on 18 April'"
    )
    story.on("2007-06-25 11:00")
    story.run(f"case advance {CASE_2007} decide-award")
    story.on("2007-06-26 10:00", SOLICITOR)
    story.run(
        f"case judge {CASE_2007} camden.call-in.award.officer.contract met --role 'borough solicitor' "
        "--reason 'Delegated to officers, outside call-in'"
    )
    story.on("2007-06-28 10:00")
    story.run(f"case advance {CASE_2007} enter-contract --all")
    story.on("2007-08-20 10:00")
    story.say("""Is an award notice owed to the Official Journal? The sterling threshold of 2006-07 rests on memory in
        every source found, so coverage refers. A person judges.""")
    story.run(f"case advance {CASE_2007} send-ojeu-award-notice", exit=3)
    story.on("2007-08-20 11:00", SOLICITOR)
    story.run(
        f"case judge {CASE_2007} pcr2006.coverage covered --role 'borough solicitor' "
        "--reason 'Above 211,000 euro at the rate published for the period'"
    )
    story.on("2007-08-20 12:00")
    story.say("It is owed within 48 days of 25 June, even for Part B. It is 20 August: too late.")
    story.run(f"case advance {CASE_2007} send-ojeu-award-notice", exit=1)
    story.say("It is sent all the same, as it should be, and recorded as it happened: never as lawful.")
    story.run(
        f"case advance {CASE_2007} send-ojeu-award-notice --already-done 2007-08-20 "
        "--reason 'Overlooked while the officer was away'"
    )
    story.run(f"audit replay {CASE_2007}")


def main() -> None:
    """Tell the whole story from nothing; the training stores stay behind."""
    os.chdir(ROOT)
    os.environ["COLUMNS"] = "80"
    for name in (STORE, OLD, COPY):
        for left in Path(name).parent.glob(f"{Path(name).name}*"):
            left.unlink()
    story = Story()
    today(story)
    audit(story)
    then(story)
    story.act("GO ON BY HAND, on that same file")
    print(f"""
  export VIRES_DATABASE={STORE} PATH="$PWD/.venv/bin:$PATH"
  vires case show {CASE}
  vires case check {CASE} --clock '2026-01-05 09:00' --as 'You'
  vires case why {CASE} publish-contract-details --on 2026-05-01 --show-working --clock '2026-01-05 09:00'
  vires case advance {CASE} publish-contract-details --clock '2026-01-05 10:00' --as 'You'
  vires audit log {CASE}
""")


if __name__ == "__main__":
    main()

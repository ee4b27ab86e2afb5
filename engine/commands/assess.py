"""vires assess: the pure question, without a store, of one case or of many."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from engine.commands.common import (
    day,
    finish,
    format_option,
    now,
    setting,
    shipped,
    show,
    show_json,
    show_json_line,
    width,
)

if TYPE_CHECKING:
    from engine.answers import Told
    from engine.law import Law
    from engine.library import Library
    from engine.model import Moment
    from engine.scenarios import Scenario, Unread
    from engine.workflow import Workflow


def _print_schema(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name and not ctx.resilient_parsing:
        from engine import library

        click.echo(library.schema(name), nl=False)
        ctx.exit()


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--authority", default="", help="Whose rules; a case of many may name its own.")
@click.option("--step", default="", help="Which step; a case of many may name its own.")
@click.option(
    "--on", default="", metavar="DATE", help="On which day; else the day FILE gives for the step, else today."
)
@click.option(
    "--question",
    default="lawful",
    show_default=True,
    help="lawful, duties, derive:FACT, earliest:MILESTONE or latest:MILESTONE.",
)
@click.option("--show-working", "working", is_flag=True, help="Count every period day by day.")
@click.option("--show-choice", "choice", is_flag=True, help="Say why this version, layer and figure of each rule.")
@click.option("--all", "every", is_flag=True, help="Show the rules that are met or not applicable too.")
@click.option(
    "--schema",
    type=click.Choice(["facts", "findings"]),
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of what goes in or comes out, and do nothing else.",
)
@format_option
def assess(
    file: str, authority: str, step: str, on: str, question: str, working: bool, choice: bool, every: bool, form: str
) -> None:
    """May this authority take this step, on these facts, on this day? No store, nothing written.

    FILE is YAML: one line for each fact or milestone, by its name in the vocabulary (vires vocabulary).

    \b
    contract.kind: light touch services
    contract.value: £10,416,000 incl VAT
    award_notice.published: 2025-12-15 14:03

    \b
    vires assess facts.yaml --authority camden --step enter-contract --on 2025-12-30

    Or it holds many cases (docs/formats/facts.md), as YAML or as one JSON object a line; - reads standard input.
    Each is answered in one line, and the exit code is that of the worst: 2 one could not be read, then 1, 3, 0.

    \b
    vires assess cases.yaml --authority camden --step enter-contract
    vires assess cases.jsonl --format json > findings.jsonl

    Other questions: what the tables derive for a fact, what binds each step, the first or last lawful day of a
    milestone.

    \b
    vires assess facts.yaml --authority camden --question derive:procurement.regime
    vires assess facts.yaml --authority camden --question duties
    vires assess facts.yaml --authority camden --question earliest:contract.entered
    vires assess facts.yaml --authority camden --question latest:contract_details.published
    vires assess --schema findings
    """
    from engine import library
    from engine.errors import UsageError

    given = setting()
    if given.clock or given.persona:
        raise UsageError("--clock and --as are for training stores", "say the day with --on")
    with click.open_file(file, "rb") as stream:
        many, cases = library.facts_file(
            "standard input" if file == "-" else file, cast("BinaryIO", stream), guess=file == "-"
        )
        options = {"authority": authority, "step": step, "on": on, "question": question}
        shown = {"every": every, "working": working, "choice": choice}
        desk = _Desk(shipped(), now(given).local, options, shown)
        finish(_answer_many(desk, cases, form) if many else _answer_one(desk, next(cases), form))


class _Desk:
    """What every case of a file is answered with: the library, the law of each authority once, what the options say."""

    def __init__(self, shelf: Library, today: Moment, options: dict[str, str], shown: dict[str, bool]) -> None:
        self.shelf, self.today, self.options, self.shown = shelf, today, options, shown
        self.records = {each.records: each.id for each in shelf.workflow.steps if each.records}
        self.width = width()
        self.laws: dict[str, Law] = {}

    def told(self, case: Scenario | Unread) -> Told | Unread:
        """The answer to a case, or everything that is wrong with it."""
        from engine.errors import UsageError
        from engine.markup import Problem
        from engine.scenarios import Unread

        if isinstance(case, Unread):
            return case
        try:
            return self._told(case)
        except UsageError as error:
            if not case.name:
                raise
            return Unread(case.name, (Problem(case.where, error.message, error.hint),))

    def _told(self, case: Scenario) -> Told | Unread:
        from engine import answers, outlook, questions, report
        from engine.scenarios import Unread

        said = {name: getattr(case, name) or option for name, option in self.options.items()}
        law, asked = self._law(said["authority"]), questions.parse(said["question"])
        cycle = self.shelf.cycle(said["authority"])
        step = outlook.known_step(cycle, said["step"]) if said["step"] else None
        facts, problems = questions.typed(law, case.facts)
        if problems:
            return Unread(case.name, problems)
        on = day(said["on"] or None, "on" if case.on else "--on")
        answer = self._answer(law, cycle, asked, step, facts, on)
        judged = answer.assessment if isinstance(answer, outlook.Outlook) else None
        every, working, choice = (self.shown[name] for name in ("every", "working", "choice"))
        view = report.View(law, judged, "", self.records, every, working, self.width, choice)
        return answers.Told(answer, said["authority"], asked, view, case.name)

    def _answer(self, law: Law, cycle: Workflow, asked: Any, step: Any, facts: Any, on: Moment | None) -> Any:
        from engine import questions
        from engine.errors import UsageError

        if asked.kind == questions.DERIVE:
            return questions.derive(law, asked.subject, step, facts, on, self.today)
        if asked.kind == questions.DUTIES:
            return questions.duties(law, (step,) if step else cycle.steps, facts, on, self.today)
        if asked.kind == questions.EARLIEST:
            return questions.soonest(law, cycle, asked.subject, facts, on, self.today)
        if asked.kind == questions.LATEST:
            return questions.last(law, cycle, asked.subject, facts, on, self.today)
        if step is None:
            raise UsageError("which step is it about?", "name it with --step; vires workflow show lists them")
        return questions.lawful(law, step, facts, on, self.today)

    def _law(self, authority: str) -> Law:
        from engine.errors import UsageError

        if not authority:
            raise UsageError(
                "whose rules are asked about?", "name the authority with --authority: vires authority list"
            )
        if authority not in self.laws:
            self.laws[authority] = self.shelf.law.for_authority(self.shelf.authority(authority))
        return self.laws[authority]


def _answer_one(desk: _Desk, case: Scenario | Unread, form: str) -> int:
    from engine import answers
    from engine.scenarios import Unread

    told = desk.told(case)
    if isinstance(told, Unread):
        for problem in told.problems:
            click.echo(f"vires: {problem}", err=True)
        return answers.UNREAD
    if form == "json":
        show_json(answers.plain(told))
    else:
        show(answers.lines(told))
    return answers.exit_code(told.answer)


def _answer_many(desk: _Desk, cases: Iterator[Scenario | Unread], form: str) -> int:
    from engine import answers
    from engine.scenarios import Unread

    codes: set[int] = set()
    if form == "table":
        show([answers.headings()])
    clear = "" if _uncounted() else "\r\x1b[K"  # a line of its own for what is wrong, and the count goes on below
    with _counted(cases) as counted:
        for case in counted:
            told = desk.told(case)
            if isinstance(told, Unread):
                codes.add(answers.UNREAD)
                for problem in told.problems:
                    said = f"{problem.where}: case {told.name}: {str(problem).partition(': ')[2]}"
                    click.echo(f"{clear}vires: {said}", err=True)
            else:
                codes.add(answers.exit_code(told.answer))
            if form == "json":
                show_json_line(answers.unread_plain(told) if isinstance(told, Unread) else answers.plain(told))
            else:
                show([answers.unread_line(told) if isinstance(told, Unread) else answers.line(told)])
    return answers.worst(codes)


def _counted(cases: Iterator[Scenario | Unread]) -> Any:
    """The cases, counted on the terminal where their answers go elsewhere."""
    shown: Any = {"label": "cases", "show_pos": True, "update_min_steps": 20, "hidden": _uncounted()}
    return click.progressbar(cases, file=sys.stderr, **shown)


def _uncounted() -> bool:
    return setting().terminal or not setting().watched


def add_to(group: click.Group) -> None:
    """Register the command."""
    group.add_command(assess)

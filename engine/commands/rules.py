"""vires rules: what the packs say, whether they are well written, and whether their worked cases hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands import adopting, rulebook
from engine.commands.common import ViresGroup, day, finish, format_option, setting, shipped, show, show_json, width

if TYPE_CHECKING:
    from engine.law import Law
    from engine.library import Library
    from engine.markup import Problem
    from engine.mutants import Tried


@click.group(cls=ViresGroup)
def rules() -> None:
    """The rules as law: list, read, check and try them."""


def _library(path: str | None) -> Library:
    from pathlib import Path

    from engine import library

    shelf = shipped()
    return shelf if path is None else library.alone(shelf, Path(path))


@rules.command("list")
@click.option("--pack", default="", help="Only one pack.")
@click.option("--step", default="", help="Only the rules that bind one step.")
@format_option
def list_(pack: str, step: str, form: str) -> None:
    """Every rule, with its citation.

    \b
    vires rules list
    vires rules list --step enter-contract
    """
    from engine import listing, report
    from engine.errors import UsageError
    from engine.schema import nearest

    law = shipped().law
    for word, known, what in ((pack, law.packs, "pack"), (step, law.steps, "step with rules")):
        if word and word not in known:
            raise UsageError(f"there is no {what} {word!r}", nearest(word, known))
    chosen = [
        rule for rule in law.rules.values() if (not pack or rule.pack == pack) and (not step or step in rule.binds)
    ]
    if form == "json":
        show_json([listing.rule_plain(rule) for rule in chosen])
        return
    rows = [(rule.id, rule.cite) for rule in sorted(chosen, key=lambda rule: rule.id)]
    show(report.table(("rule", "cite"), rows, width()))


@rules.command("show")
@click.argument("name")
@click.option("--on", metavar="DATE", help="Also which version is in force that day, and the figures it uses.")
@format_option
def show_(name: str, on: str | None, form: str) -> None:
    """One rule, table or parameter, in words: when it applies, what it requires, its source and its cases.

    \b
    vires rules show pa2023.threshold.light_touch
    vires rules show governance.key-decision.notice.strategy
    vires rules show pa2023.coverage --on 2026-01-01
    """
    from engine import library, listing
    from engine.errors import UsageError
    from engine.schema import nearest

    shelf = shipped()
    law = shelf.law
    if name not in law.subjects and name not in law.parameters:
        hint = nearest(name, [*law.subjects, *law.parameters]) or "see: vires rules list"
        raise UsageError(f"no rule, table or parameter is called {name!r}", hint)
    law = library.of_pack(shelf, name.partition(".")[0]).book  # with its worked cases
    known = {**law.subjects, **law.parameters}
    asked = day(on, "--on")
    if form == "json":
        at = {"as_at": listing.day_plain(known[name], law, asked.day)} if asked else {}
        show_json(listing.subject_plain(known[name]) | at)
    else:
        dated = listing.day_lines(known[name], law, asked.day, width()) if asked else []
        show([*listing.subject_lines(known[name], law, width()), *dated])


@rules.command()
@click.argument("path", required=False, type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "github"]),
    default="table",
    show_default=True,
    help="For people, machines, or the annotations of a GitHub workflow.",
)
def lint(path: str | None, form: str) -> None:
    """Everything wrong in the packs, all at once, as file:line:column; with PATH, a folder that holds a pack.

    Exit 4 where the packs cannot be used as they are; 1 where they can, and there is something to look at: gaps and
    overlaps of tables, rules that no case reaches or that a rule above leaves without effect, figures nobody checked.

    \b
    vires rules lint
    vires rules lint rules/local/camden
    vires rules lint --format github
    """
    from pathlib import Path

    from engine import library, listing

    shelf = _library(path)
    law, problems = shelf.check()
    own = "" if path is None else library.pack_in(shelf, Path(path))
    found = () if problems else _remarks(law, own)
    if form == "json":
        show_json(
            [listing.problem_plain(each, "error") for each in problems]
            + [listing.problem_plain(each, "remark") for each in found]
        )
    elif form == "github":
        show([listing.problem_github(each, "error") for each in problems])
        show([listing.problem_github(each, "warning") for each in found])
    else:
        for problem in (*problems, *found):
            click.echo(str(problem))
        if not problems:
            show([listing.linted(law.only({own}) if own else law, len(found))])
    finish(4 if problems else 1 if found else 0)


def _remarks(law: Law, pack: str) -> tuple[Problem, ...]:
    from engine import lint as linting

    return linting.remarks(law, setting().instant.date().toordinal(), pack)


@rules.command()
@click.argument("path", required=False, type=click.Path())
@click.option("--uncovered", is_flag=True, help="Also list the answers, rows and figures that no case reached.")
@click.option("--strict", is_flag=True, help="Fail when there are any.")
@click.option("--mutate", is_flag=True, help="Change the rules, one thing at a time, and list what no case notices.")
@format_option
def test(path: str | None, uncovered: bool, strict: bool, mutate: bool, form: str) -> None:
    """Run every worked case of the packs, by both evaluators; with PATH, of one folder that holds a pack.

    \b
    vires rules test
    vires rules test rules/local/camden --uncovered
    vires rules test rules/local/camden --mutate
    """
    from pathlib import Path

    from engine import cases, library

    shelf = _library(path)
    law, chosen = shelf.book, ""
    if path is not None:
        chosen = library.pack_in(shelf, Path(path))
    quiet = form == "json" or not setting().terminal
    with click.progressbar(length=len(law.cases), label="cases", hidden=quiet) as bar:
        results = cases.run_all(law, shelf.milestones, lambda: bar.update(1))
    wrong = [result for result in results if result.wrong]
    reached = cases.coverage(law, results, chosen)
    tried = _mutate(shelf, chosen, quiet) if mutate and not wrong else None
    if form == "json":
        show_json(
            {
                "cases": [
                    {"case": each.case.name, "subject": each.case.subject, "answer": each.answer, "wrong": each.wrong}
                    for each in results
                ],
                "coverage": reached.plain(),
                **({"mutants": tried.plain()} if tried else {}),
            }
        )
    else:
        for result in wrong:
            click.echo(f"{result.case.where}: {result.case.name}: {result.wrong}")
        for branch in reached.missed if uncovered or strict else ():
            click.echo(f"{branch.where}: {branch.subject}: no case reached {branch.what}")
        for mutant in tried.survivors if tried else ():
            click.echo(str(mutant))
        mark = "✗" if wrong else "✓"
        lines = [f"{mark} {len(results) - len(wrong)} of {len(results)} cases pass", str(reached)]
        if tried:
            lines.append(f"{'✗' if tried.survivors else '✓'} {tried}")
        elif mutate:
            lines.append("✗ no mutant was tried: the cases must pass first")
        show(lines)
    finish(1 if wrong or (strict and reached.missed) or (tried and tried.survivors) else 0)


def _mutate(shelf: Library, pack: str, quiet: bool) -> Tried:
    from engine import mutants
    from engine.errors import PackError

    excuses, problems = mutants.equivalents(shelf.folders.values())
    if problems:
        raise PackError("equivalent.yaml is broken", str(problems[0]), problems)
    on = shelf.bench
    entries = on.of(pack)
    with click.progressbar(length=len(entries), label="mutants", hidden=quiet) as bar:
        return mutants.tried(entries, on, excuses, lambda: bar.update(1))


def add_to(group: click.Group) -> None:
    """Register the commands."""
    rulebook.add_to(rules)
    adopting.add_to(rules)
    group.add_command(rules)

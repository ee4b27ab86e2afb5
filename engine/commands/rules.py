"""vires rules: what the packs say, whether they are well written, and whether their worked cases hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import ViresGroup, finish, format_option, setting, show, show_json, width

if TYPE_CHECKING:
    from engine.library import Library


@click.group(cls=ViresGroup)
def rules() -> None:
    """The rules as law: list, read, check and try them."""


def _library(path: str | None) -> Library:
    from pathlib import Path

    from engine import library

    shelf = library.shipped()
    return shelf if path is None else library.with_folder(shelf, Path(path))


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
    from engine import library, listing, report
    from engine.errors import UsageError
    from engine.schema import nearest

    law = library.shipped().law
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
@format_option
def show_(name: str, form: str) -> None:
    """One rule, table or parameter, in words: when it applies, what it requires, its source and its cases.

    \b
    vires rules show pa2023.threshold.light_touch
    vires rules show governance.key-decision.notice.strategy
    """
    from engine import library, listing
    from engine.errors import UsageError
    from engine.schema import nearest

    law = library.shipped().law
    known = {**law.subjects, **law.parameters}
    if name not in known:
        raise UsageError(
            f"no rule, table or parameter is called {name!r}", nearest(name, known) or "see: vires rules list"
        )
    if form == "json":
        show_json(listing.subject_plain(known[name]))
    else:
        show(listing.subject_lines(known[name], law, width()))


@rules.command()
@click.argument("path", required=False, type=click.Path())
@format_option
def lint(path: str | None, form: str) -> None:
    """Everything wrong in the packs, all at once, as file:line:column; with PATH, a folder that holds a pack.

    \b
    vires rules lint
    vires rules lint rules/local/camden
    """
    from engine import cases

    law, problems = _library(path).check()
    if form == "json":
        show_json([{**each.where._asdict(), "what": each.what, "instead": each.instead} for each in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
        if not problems:
            thin = cases.uncovered(law)
            for subject in thin:
                click.echo(f"{law.subjects[subject].where}: {subject} has no cases on both sides of its edge")
            counted = (
                f"{len(law.packs)} packs, {len(law.rules)} rules, {len(law.tables)} tables, {len(law.cases)} cases"
            )
            show(
                [
                    f"{'?' if thin else '✓'} {counted}: no problems"
                    + (f", {len(thin)} without both sides" if thin else "")
                ]
            )
            finish(1 if thin else 0)
    finish(4 if problems else 0)


@rules.command()
@click.argument("path", required=False, type=click.Path())
@format_option
def test(path: str | None, form: str) -> None:
    """Run every worked case of the packs, by both evaluators; with PATH, of one folder that holds a pack.

    \b
    vires rules test
    vires rules test rules/local/camden
    """
    from dataclasses import replace
    from pathlib import Path

    from engine import cases, library

    shelf = _library(path)
    law = shelf.law
    if path is not None:
        chosen = library.pack_in(shelf, Path(path))
        law = replace(law, cases=tuple(case for case in law.cases if law.subjects[case.subject].pack == chosen))
    quiet = form == "json" or not setting().terminal
    with click.progressbar(length=len(law.cases), label="cases", hidden=quiet) as bar:
        results = cases.run_all(law, shelf.milestones, lambda: bar.update(1))
    wrong = [result for result in results if result.wrong]
    if form == "json":
        show_json(
            [
                {"case": each.case.name, "subject": each.case.subject, "answer": each.answer, "wrong": each.wrong}
                for each in results
            ]
        )
    else:
        for result in wrong:
            click.echo(f"{result.case.where}: {result.case.name}: {result.wrong}")
        mark = "✗" if wrong else "✓"
        show([f"{mark} {len(results) - len(wrong)} of {len(results)} cases pass"])
    finish(1 if wrong else 0)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(rules)

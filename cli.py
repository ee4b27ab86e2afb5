"""The command line: parse, call, print, exit. The only reader of the clock, the environment and the terminal."""

from __future__ import annotations

import gc
import os
import sys

gc.disable()  # until a command runs: what is imported while it starts is never garbage

import click

from engine import __version__
from engine.commands import (
    acting,
    assess,
    audit,
    authority,
    case,
    joining,
    lots,
    post,
    redating,
    rules,
    store,
    vocabulary,
    workflow,
)
from engine.commands.common import Setting, ViresGroup

HELP = """Vires: may this authority take this step, in this case, on this day, and under which rule?

\b
Start:     vires init --training
Then:      vires case open camden --title "Rough sleeping outreach"
           vires case record camden/2026-001 contract.kind='light touch services'
           vires case check camden/2026-001
Ask only:  vires assess facts.yaml --authority camden --step enter-contract

Exit codes: 0 may proceed, or done; 1 must not proceed, or a check found something;
2 wrong usage; 3 refer to a person, or facts missing; 4 a pack or workflow is broken;
5 a log, proof or receipt does not verify; 6 the store cannot be used, nothing was written.
"""


def _login() -> str:
    """Who the operating system says is here; never a variable or a flag."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as in a container
        return f"uid {os.getuid()}"


def _cache() -> str:
    """The folder for compiled packs: VIRES_CACHE (`off` for none), else the user's folder for caches."""
    said = os.environ.get("VIRES_CACHE")
    if said is not None:
        return "" if said in ("", "off") else said
    home = os.environ.get("XDG_CACHE_HOME") or (
        os.path.join(os.environ["HOME"], ".cache") if "HOME" in os.environ else ""
    )
    return os.path.join(home, "vires") if home else ""


@click.group(cls=ViresGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vires")
@click.option("--database", metavar="URL", help="The store: a path or sqlite:///path. Default: VIRES_DATABASE.")
@click.option("--clock", metavar="'DATE HH:MM'", help="Training stores only: the local time it is.")
@click.option("--as", "persona", metavar="NAME", help="Training stores only: who is at the keyboard.")
@click.pass_context
def main(ctx: click.Context, database: str | None, clock: str | None, persona: str | None) -> None:
    from datetime import UTC, datetime

    gc.enable()
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj = Setting(
        instant=datetime.now(tz=UTC),
        login=_login,
        database=database or os.environ.get("VIRES_DATABASE") or "",
        clock=clock,
        persona=persona,
        terminal=sys.stdout.isatty(),
        watched=sys.stderr.isatty(),
        debug=bool(os.environ.get("VIRES_DEBUG")),
        cache=_cache(),
    )


store.add_to(main)
authority.add_to(main)
case.add_to(main)
acting.add_to(case.case)
redating.add_to(case.case)
joining.add_to(case.case)
lots.add_to(case.case)
post.add_to(main)
assess.add_to(main)
vocabulary.add_to(main)
rules.add_to(main)
workflow.add_to(main)
audit.add_to(main)

if __name__ == "__main__":
    main()

"""What every command needs: the setting cli.py read, the office, errors as one line, and printing."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from engine.errors import PackError, UsageError, ViresError

if TYPE_CHECKING:
    from datetime import datetime

    from engine.bundles import Bundle
    from engine.library import Library
    from engine.model import Moment
    from engine.service import Now, Office

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT = "vires.db"
CLOCK_ZONE = "Europe/London"
ASCII = {"✓": "+", "✗": "x", "£": "GBP ", "·": "-", "→": "->"}  # for a terminal that cannot show the sign itself


class Setting(NamedTuple):
    """What cli.py read from the world: one instant, who is here, which store, the terminal."""

    instant: datetime
    login: Callable[[], str]
    database: str
    clock: str | None
    persona: str | None
    terminal: bool
    watched: bool = False  # whether somebody sees what goes to standard error
    debug: bool = False
    cache: str = ""


class Failure(click.ClickException):
    """A ViresError as click shows it: one line, its hint, its exit code."""

    def __init__(self, error: ViresError) -> None:
        super().__init__(error.message)
        self.error = error
        self.exit_code = error.status  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        if isinstance(self.error, PackError) and self.error.problems:
            for problem in self.error.problems:
                click.echo(str(problem), err=True)
            click.echo(f"vires: {self.error.message}", err=True)
            return
        hint = f"; {self.error.hint}" if self.error.hint else ""
        click.echo(f"vires: {self.error.message}{hint}", err=True)


class ViresGroup(click.Group):
    """A group that turns every ViresError into one line and its exit code, and offers the nearest command."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Click's, with wrong usage in one line, and streams that know what to write where they lack a character."""
        codecs.register_error("vires", _in_ascii)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="vires")
        if not extra.pop("standalone_mode", True):
            return super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        try:
            code = super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "vires"
            click.echo(f"vires: {error.format_message()} See: {where} --help", err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("stopped; what was not acknowledged was not written", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ViresError as error:
            raise Failure(error) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            kind = UsageError if error.filename else ViresError  # a path that was given, or the stream written to
            raise Failure(kind(": ".join(filter(None, (error.filename, error.strerror))))) from error
        except Exception as error:
            if ctx.find_root().obj and ctx.find_root().obj.debug:
                raise
            what = f"{type(error).__name__}: {error}"
            raise Failure(
                ViresError(f"a fault of Vires itself: {what}", "VIRES_DEBUG=1 shows where; please report it")
            ) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from engine.schema import nearest

            hint = nearest(args[0], self.commands)
            raise click.UsageError(f"{error.message} {hint}".strip(), ctx) from error


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(ASCII.get(sign, "?") for sign in lost), error.end


def store_options(command: F) -> F:
    """--database, --clock and --as on a command too, so that they may stand before or after its name."""
    for option in (
        click.option("--as", "persona", metavar="NAME", help="Training stores only: who is at the keyboard."),
        click.option("--clock", metavar="'DATE HH:MM'", help="Training stores only: the local time it is."),
        click.option("--database", metavar="URL", help="The store: a path or sqlite:///path."),
    ):
        command = option(command)
    return command


def format_option(command: F) -> F:
    """--format table|json."""
    choice = click.Choice(["table", "json"])
    return click.option(
        "--format", "form", type=choice, default="table", show_default=True, help="For people or machines."
    )(command)


def setting(database: str | None = None, clock: str | None = None, persona: str | None = None) -> Setting:
    """The setting, with what stands after the command's name put over what stands before it."""
    found = click.get_current_context().obj
    assert isinstance(found, Setting)
    return found._replace(
        database=database or found.database or DEFAULT,
        clock=clock or found.clock,
        persona=persona or found.persona,
    )


def shipped() -> Library:
    """The library that came with the program, read from the cache where it was compiled before."""
    from pathlib import Path

    from engine import library

    kept = setting().cache
    return library.shipped(Path(kept) if kept else None)


@contextmanager
def office(given: Setting, doubtful: bool = False) -> Iterator[Office]:
    """An open office: the store, the shipped library, the time and the person (training stores may be told both).

    A `doubtful` one opens also where some logs are for training and some are not, and nobody is told then.
    """
    import gc

    first = "engine.store" not in sys.modules
    if first:
        gc.disable()  # what is imported is never garbage: looking for it there takes a fifth of a command's time
    from engine import service, store

    if first:
        gc.freeze()
        gc.enable()
    with store.open_store(given.database) as opened:
        told = given.clock is not None or given.persona is not None
        training = service.kinds(opened) == {True} if doubtful else service.is_training(opened)
        if told and not training:
            raise UsageError("--clock and --as are for training stores", "this store is for real use: leave them out")
        desk = service.Office(opened, shipped(), now(given), given.persona or given.login())
        if training:
            click.get_current_context().meta["vires.training"] = True
        yield desk


def now(given: Setting) -> Now:
    """The one reading of the clock, as people see it and as the log records it."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from engine.model import moment
    from engine.service import Now
    from engine.vocabulary import parse_moment

    zone, instant = ZoneInfo(CLOCK_ZONE), given.instant
    if given.clock is not None:
        told = parse_moment(given.clock, "--clock")
        local = datetime.fromisoformat(told.iso if told.minute is not None else f"{told.iso}T09:00")
        instant = local.replace(tzinfo=zone).astimezone(UTC)
    return Now(
        moment(instant.astimezone(zone).isoformat()[:16]),
        f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z",
    )


def day(said: str | None, option: str) -> Moment | None:
    """The moment an option gives, or None."""
    from engine.vocabulary import parse_moment

    return None if said is None else parse_moment(said, option)


def case_name(said: str) -> tuple[str, str]:
    """The authority and case of `camden/2025-014`."""
    authority, slash, case = said.partition("/")
    if not (authority and slash and case):
        raise UsageError(f"{said!r} is not a case", "write authority/case, such as camden/2026-001")
    return authority, case


def show(lines: Sequence[str]) -> None:
    """Lines for people; coloured by their mark on a terminal only, and marked TRAINING in a training store."""
    if click.get_current_context().meta.get("vires.training"):
        click.secho("TRAINING store: nothing here is a real decision", dim=True, err=False)
    colours = {"✓": "green", "✗": "red", "?": "yellow"}
    for line in lines:
        colour = colours.get(line[:1])
        click.echo(click.style(line, fg=colour, bold=True) if colour else line)


def show_json(value: object) -> None:
    """The value as JSON, which says TRAINING in a training store; escaped where the encoding lacks a character."""
    import json

    if click.get_current_context().meta.get("vires.training") and isinstance(value, dict):
        value = {"training": True, **value}
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    click.echo(text)


def show_json_line(value: object) -> None:
    """The value as one line of JSON Lines: nothing in it ends a line, whatever reads it."""
    import json

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, separators=(",", ":"))
    click.echo(text.translate({sign: f"\\u{sign:04x}" for sign in (0x85, 0x2028, 0x2029)}))


def width() -> int:
    """The columns of the terminal, from 40 to 100; 80 where there is none."""
    import shutil

    return max(40, min(100, shutil.get_terminal_size((80, 24)).columns))


def taken_away(name: str | None) -> Bundle | None:
    """The bundle in the file named, verified by itself; None where the name is not that of a bundle."""
    if name is None or not name.endswith(".zip"):
        return None
    from engine import auditing, filing

    found = auditing.sound_bundle(filing.read(name, "bundle"))
    if found.training:
        click.get_current_context().meta["vires.training"] = True
    return found


def finish(code: int) -> None:
    """Leave with an exit code."""
    if code:
        sys.stdout.flush()
        click.get_current_context().exit(code)

"""The files of a new authority's pack from the template in `rules/local/_template`. Pure: text in, text out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from engine.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")


def authority(template: Mapping[str, str], name: str, title: str, today: str) -> dict[str, str]:
    """The template's files (by name) with the authority's name, title and today's date put in."""
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is not the name of an authority", "write small letters, digits and -, as in merton")
    if not title.strip() or not title.isprintable():
        raise UsageError(
            "the title is empty or holds signs that cannot be shown", "write the authority's name in words"
        )
    filled = {"<name>": name, "<title>": json.dumps(title.strip(), ensure_ascii=False), "<today>": today}
    return {file: _fill(source, filled) for file, source in template.items()}


def _fill(source: str, filled: Mapping[str, str]) -> str:
    return re.sub("|".join(map(re.escape, filled)), lambda match: filled[match[0]], source)

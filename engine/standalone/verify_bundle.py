"""Checks a Vires bundle without Vires: the standard library, and `cryptography` for the signature of the checkpoint.

    python verify_bundle.py BUNDLE.zip [--signed-by KEY or FILE.pub]

Prints numbered steps; exit 0 when all hold, 5 when one does not, 2 for wrong usage. The formats are specified in
docs/formats (bundle, entry, checkpoint) of Vires. Do not run the copy inside a bundle unless you trust whoever made the
bundle: take this file from Vires itself, or compare its SHA-256 with the one Vires publishes. It is short: read it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

FIXED = {
    *("bundle.json", "entries.jsonl", "leaves.txt", "openings.jsonl", "withheld.jsonl", "README.md"),
    *("verify_bundle.py", "checkpoint"),
}
KINDS = "log-opened|actor|case-opened|recorded|decision|judgement|fault|adoption|post|retention|migration"
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
TEXTS = {  # the members of an entry that are text, and how each is written
    "actor": "[0-9a-f]{16}",
    "authority": "[a-z0-9][a-z0-9-]{0,62}",
    "case": "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "format": "vires/entry/1",
    "happened": f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T{TIME})?",
    "kind": KINDS,
    "previous": "[0-9a-f]{64}",
    "recorded": f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{TIME}:[0-5][0-9]Z",
}
MEMBERS = {*TEXTS, "body", "digests", "sequence"}
ABOUT = {"about": str, "authority": str, "entries": int, "files": dict, "format": str, "made": str}
ABOUT |= {"size": int, "training": bool}
ID = re.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
SIGNED = re.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})")
CODE = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
KEPT = re.compile(r"kept/([0-9a-f]{64})\.json")
HEX = re.compile(r"[0-9a-f]{64}")
LARGEST, MOST, RATIO = 1 << 30, 20_000, 200  # bytes unpacked, files, and bytes unpacked for one byte packed


class Wrong(Exception):
    """The bundle is not what it should be."""


def must(good: object, why: str) -> None:
    """Nothing; Wrong unless it is good. (Not `assert`, which Python leaves out when asked to be quick.)"""
    if not good:
        raise Wrong(why)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical(data: bytes) -> Any:
    """The value of JSON that is in the canonical form of RFC 8785; Wrong for any other bytes."""
    value = json.loads(data, parse_float=_refuse, parse_constant=_refuse, parse_int=_whole)
    must(written(value) == data, "not in canonical form")
    must(depth(value) <= 64, "nested too deep")
    return value


def written(value: Any) -> bytes:
    return json.dumps(_in_order(value), ensure_ascii=False, separators=(",", ":")).encode()


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def _in_order(value: Any) -> Any:
    must(value is not None, "null is not canonical here")
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _refuse(text: str) -> Any:
    raise Wrong(f"{text} is not a whole number")


def _whole(text: str) -> int:
    must(len(text) < 18 and abs(int(text)) < 1 << 53, "a number is too large")
    return int(text)


def unpack(path: str) -> dict[str, bytes]:
    """Step 1: only files of the format, each once, none a link, none larger than it may be, digests as listed."""
    found: dict[str, bytes] = {}
    total = 0
    with zipfile.ZipFile(path) as archive:
        listed = archive.infolist()
        must(len(listed) <= MOST, "too many files")
        for each in listed:
            name, kind = each.filename, stat.S_IFMT(each.external_attr >> 16)
            must(name in FIXED or KEPT.fullmatch(name), f"a bundle has no file {name!r}")
            must(name not in found, f"{name} stands twice")
            must(kind in (0, stat.S_IFREG) and not each.flag_bits & 1, f"{name} is a link or encrypted")
            total += each.file_size
            packed_well = each.file_size <= 1 << 20 or each.file_size <= RATIO * each.compress_size
            must(total <= LARGEST and packed_well, "it unpacks to more than a bundle may")
            found[name] = archive.read(each)
        must(all_told(path, archive.start_dir, listed), "the zip holds bytes that belong to no file of it")
    must(FIXED - {"checkpoint"} <= found.keys(), "a file of the format is missing")
    digests = canonical(found["bundle.json"])["files"]
    must(digests.keys() == found.keys() - {"bundle.json"}, "its files are not those that bundle.json lists")
    for name, digest in digests.items():
        must(sha256(found[name]).hex() == digest, f"{name} does not have the digest that bundle.json lists")
    return found


def all_told(path: str, directory: int, listed: list[zipfile.ZipInfo]) -> bool:
    """Whether every byte belongs to a file, one after the other, or to the directory after them."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    for each in listed:
        name = each.filename.encode()
        start = at + 30 + len(name)
        packed = data[start : start + each.compress_size]
        inflated = zlib.decompressobj(-zlib.MAX_WBITS)
        if each.compress_type == zipfile.ZIP_DEFLATED:
            inflated.decompress(packed, each.file_size + 1)
        plain = each.compress_type == zipfile.ZIP_STORED and len(packed) == each.file_size
        bare = not each.extra and not each.comment and data[start - len(name) - 2 : start] == b"\0\0" + name
        if each.header_offset != at or not bare or not (plain or (inflated.eof and not inflated.unused_data)):
            return False
        at = start + each.compress_size
    return directory == at and len(data) == at + sum(46 + len(each.filename.encode()) for each in listed) + 22


def unbase64(text: str) -> bytes:
    """What base64 says, in its one spelling."""
    data = base64.b64decode(text, validate=True)
    must(base64.b64encode(data).decode() == text, f"{text[:20]!r} is not base64")
    return data


def lines(data: bytes) -> Iterator[bytes]:
    must(not data or data.endswith(b"\n"), "a file is cut short")
    return iter(data.split(b"\n")[:-1])


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def seals(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "sealed" in value:
            must(value.keys() == {"sealed"} and is_hex(value["sealed"]), "an object is no seal and says that it is")
            yield value["sealed"]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from seals(each)


def is_hex(value: Any) -> bool:
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def well_formed(entry: Any) -> None:
    """Nothing; Wrong unless a canonical value is an entry (docs/formats/entry.md, Members)."""
    must(isinstance(entry, dict) and entry.keys() | {"case", "previous"} == MEMBERS, "an entry has other members")
    for name, pattern in TEXTS.items():
        said = entry.get(name, "")
        must(name not in entry or (isinstance(said, str) and re.fullmatch(pattern, said)), f"an entry's {name}")
    date.fromisoformat(entry["happened"][:10])
    date.fromisoformat(entry["recorded"][:10])
    number, kind = entry["sequence"], entry["kind"]
    must(type(number) is int and number > 0, "a sequence is a whole number")
    must(("previous" in entry) is (number > 1), f"entry {number} names one before it, or none")
    must(kind not in ("log-opened", "actor", "adoption", "post") or "case" not in entry, f"entry {number} has a case")
    must(kind != "case-opened" or "case" in entry, f"entry {number} has no case")
    must((kind == "log-opened") is (number == 1), "the log is opened by entry 1 and no other")
    must(isinstance(entry["body"], dict) and isinstance(entry["digests"], dict), f"entry {number} has no body")
    for what, named in entry["digests"].items():
        digests = named.items() if isinstance(named, dict) else [("one", named)]
        must(re.fullmatch(TEXTS["authority"], what), f"entry {number} has a digest of {what!r}")
        must(all(ID.fullmatch(key) and is_hex(digest) for key, digest in digests), f"entry {number}: no digest")
    list(seals(entry["body"]))


class Bundle:
    """The steps, in the order they run; each returns what it showed; Wrong when it fails."""

    def __init__(self, path: str, key: str) -> None:
        self.path, self.key = path, key

    def files(self) -> str:
        self.found = unpack(self.path)
        self.about = canonical(self.found["bundle.json"])
        must(self.about["format"] == "vires/bundle/1", "not the format vires/bundle/1")
        must({name: type(value) for name, value in self.about.items()} == ABOUT, "bundle.json has other members")
        return f"{len(self.found)} files{', TRAINING' if self.about['training'] else ''}"

    def entries(self) -> str:
        """Every entry is canonical, of this log, once, in its order; the first is the one that opened the log."""
        self.log, before = {}, 0
        for line in lines(self.found["entries.jsonl"]):
            entry = canonical(line)
            well_formed(entry)
            number = entry["sequence"]
            must(entry["authority"] == self.about["authority"], f"entry {number} is of another log")
            must(number > before, f"entry {number} is out of order")
            self.log[number], before = (line, entry), number
        must(len(self.log) == self.about["entries"], "bundle.json counts other entries")
        must(1 in self.log and self.log[1][1]["body"].get("training") is self.about["training"], "entry 1")
        return f"{len(self.log)} of the {self.about['size']} entries of the log of {self.about['authority']}"

    def leaves(self) -> str:
        """Each entry has the leaf hash listed in its place and names the one before."""
        listed = [line.decode() for line in lines(self.found["leaves.txt"])]
        must(len(listed) == self.about["size"] and all(map(HEX.fullmatch, listed)), "leaves.txt is not a line an entry")
        self.tree = [bytes.fromhex(each) for each in listed]
        recorded = ""
        for number, (line, entry) in self.log.items():
            own = sha256(b"\x00" + line).hex()
            must(number <= len(listed) and own == listed[number - 1], f"entry {number} is another")
            before = listed[number - 2] if number > 1 else None
            must(entry.get("previous") == before, f"entry {number} does not follow the one before")
            must(entry["recorded"] >= recorded, f"entry {number} was recorded before the one it follows")
            recorded = entry["recorded"]
        return "each entry stands in its place"

    def checkpoint(self) -> str:
        """The root over all leaves is the one in the checkpoint, and the key given signed it."""
        if "checkpoint" not in self.found:
            must(not self.key, "--signed-by says who must have signed it, and there is no checkpoint to sign")
            return f"none: root {base64.b64encode(root(self.tree)).decode()} is consistent, not proved"
        note = self.found["checkpoint"]
        must(len(note) <= 65_536, "the checkpoint is too long")
        text, _, block = note.decode().rpartition("\n\n")
        must(all(text.split("\n")) and not any(sign < " " for sign in text if sign != "\n"), "the checkpoint's text")
        origin, size, said = text.split("\n")[:3]
        must(block.endswith("\n") and block.count("\n") <= 64, "the checkpoint is cut short")
        signatures = [SIGNED.fullmatch(line) for line in block.split("\n")[:-1]]
        must(signatures and all(each and len(unbase64(each[2])) > 4 for each in signatures), "a line is no signature")
        must(origin.removesuffix("/training").rpartition("/")[2] == self.about["authority"], f"it is of {origin}")
        must(origin.endswith("/training") is self.about["training"], f"it is of {origin}")
        must(size == str(len(self.tree)) and unbase64(said) == root(self.tree), "its root is another")
        if not self.key:
            return f"root equal at {size} entries; no --signed-by given: the signature is NOT verified"
        self.verify(f"{text}\n".encode(), [(each[1], unbase64(each[2])) for each in signatures if each], origin)
        return f"root equal at {size} entries, signed by {self.key.split('+')[0]}"

    def verify(self, text: bytes, signatures: list[tuple[str, bytes]], origin: str) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        name, _, public = self.key.split("+", 2)
        raw = unbase64(public)
        known = sha256(name.encode() + b"\n" + raw)[:4]
        must(raw[0] == 1 and known.hex() == self.key.split("+")[1], "--signed-by is not an Ed25519 key")
        own = name if name.rpartition("/")[2] == self.about["authority"] else f"{name}/{self.about['authority']}"
        must(origin.removesuffix("/training") == own, f"{name} signs for {own}, and this is of {origin}")
        good = 0
        for who, signature in signatures:
            if who == name and signature[:4] == known:
                try:
                    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], text)
                except InvalidSignature:
                    raise Wrong("the signature does not verify") from None
                good += 1
        must(good, f"not signed by {name}")

    def openings(self) -> str:
        """Every opening opens a seal of these entries; those withheld are sealed here and not opened."""
        sealed = {each for _, entry in self.log.values() for each in seals(entry["body"])}
        opened, withheld = set(), {}
        for line in lines(self.found["openings.jsonl"]):
            one = canonical(line)
            must(one.keys() == {"commitment", "salt", "value"}, "a line is not an opening")
            salt = bytes.fromhex(one["salt"])
            commitment = sha256(salt + written(one["value"])).hex()
            must(salt.hex() == one["salt"] and len(salt) == 16, "a salt is not 32 hex digits")
            must(commitment == one["commitment"], "an opening is forged")
            must(commitment in sealed and commitment not in opened, "an opening opens no seal here, or stands twice")
            opened.add(commitment)
        for line in lines(self.found["withheld.jsonl"]):
            one = canonical(line)
            commitment = one["commitment"]
            must(one.keys() == {"code", "commitment"}, "a line is not a code and a commitment")
            must(CODE.fullmatch(one["code"]) and commitment not in withheld, "a line is no code, or stands twice")
            must(commitment in sealed and commitment not in opened, "what is withheld is not sealed here, or is open")
            withheld[commitment] = one["code"]
        codes = ", ".join(sorted(set(withheld.values())))
        gone = len(sealed) - len(opened) - len(withheld)
        return f"{len(opened)} open, {len(withheld)} withheld{f' ({codes})' if codes else ''}, {gone} erased or lost"

    def kept(self) -> str:
        """The packs, calendars, vocabulary and workflows that the entries name are here, each with its digest."""
        named = {name[5:-5] for name in self.found if KEPT.fullmatch(name)}
        wanted: set[str] = set()
        for _, entry in self.log.values():
            for value in entry["digests"].values():
                wanted.update(value.values() if isinstance(value, dict) else [value])
            adopted = entry["body"].get("digest") if entry["kind"] == "adoption" else None
            wanted.update([adopted] if isinstance(adopted, str) and HEX.fullmatch(adopted) else [])
        must(wanted == named, f"{len(wanted - named)} missing, {len(named - wanted)} that no entry names")
        for digest in named:
            files = canonical(self.found[f"kept/{digest}.json"])
            must(isinstance(files, dict) and files, "not a pack")
            must(not any(name.endswith(".cases.yaml") or name == "equivalent.yaml" for name in files), "not a pack")
            pairs = [[name, sha256(text.encode()).hex()] for name, text in sorted(files.items())]
            must(sha256(written(pairs)).hex() == digest, f"{digest[:16]} has another digest")
        return f"{len(wanted)} of {len(wanted)} here, digests equal"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a Vires bundle without Vires.")
    parser.add_argument("bundle")
    parser.add_argument(
        "--signed-by", default="", metavar="KEY", help="the verifier key, or the .pub file that holds it"
    )
    given = parser.parse_args()
    key = given.signed_by
    if key and "+" not in key:
        with open(key, encoding="utf-8") as file:
            key = file.read().strip()
    bundle = Bundle(given.bundle, key)
    steps: list[Callable[[], str]] = [
        *(bundle.files, bundle.entries, bundle.leaves, bundle.checkpoint, bundle.openings, bundle.kept)
    ]
    for number, step in enumerate(steps, 1):
        try:
            print(f"  {number} {step.__name__:<11} {step()}")
        except Exception as error:  # whatever goes wrong, the bundle is not shown to be sound
            print(f"x {number} {step.__name__:<11} {str(error) or type(error).__name__}\nx the bundle does not verify")
            return 5
    print("ok: nothing is out of place; whether entries were left out of the bundle, or came later, it cannot say")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Makes the golden log of a release: python -m tests.golden.make, once, when it is released; never changed after.

One commission, refused and allowed, judged, irregular, held, erased; a whole bundle, one with openings withheld, two
checkpoints, an entry's proof, a proof that the log grew, receipts; what replay must come to, in expected.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine import __version__, attesting, auditing, bundling, erasing, library, signing
from tests.simulator import NAME, Council

SEED = bytes(range(32))  # nobody trusts this key: it is here for all to see
NAME_OF_KEY = "golden.example/vires/camden"


def make(folder: Path) -> None:
    """Nothing; the folder holds the golden log of this release."""
    folder.mkdir(parents=True)
    key = signing.signer(NAME_OF_KEY, SEED)
    council = Council.after("decide-strategy")
    council.record("2025-07-17 10:00", "provider.name=A charity", "contract.value=£10,416,000 incl VAT")
    council.advance("2025-07-18 16:00", "publish-tender-notice")
    older = attesting.checkpoint(council.store, "camden", True, key).encode()
    late = council.advance("2025-07-20 10:00", "publish-tender-notice", already="2025-07-19", reason="we were told to")
    if late.irregular:
        council.judge("2025-07-21 10:00", f"irregular:{late.written.entry}", "noted", remedy="it was withdrawn")
    erasing.hold(council.office("2025-08-01 10:00"), "camden", NAME, "letter before claim")
    erasing.release(council.office("2031-07-16 10:00"), "camden", NAME, "settled")
    asked = erasing.ask(council.office("2031-07-16 10:00"), "camden", NAME, ["provider.name"], "six years are over")
    done, _ = erasing.confirm(council.office("2031-07-17 10:00", "bob"), "camden", NAME, asked.written.entry)
    council.receipts.append(done.receipt)
    write(folder, council, older, "2031-07-17 10:00")


def write(folder: Path, council: Council, older: bytes, at: str) -> None:
    """Nothing; the files of the council's log stand in the folder, signed at a moment."""
    key = signing.signer(NAME_OF_KEY, SEED)
    note = attesting.checkpoint(council.store, "camden", True, key, [older]).encode()
    script = library.bundle_script()
    made = council.office(at).now.recorded
    whole = bundling.gather(council.store, "camden", None, "the whole log", made, note)
    public = bundling.gather(council.store, "camden", None, "the whole log", made, note, lambda _: "foia-40")
    files = {
        "camden.zip": bundling.write(whole, script),
        "public.zip": bundling.write(public, script),
        "camden.note": note,
        "older.note": older,
        "officer.pub": f"{key.verifier.line}\n".encode(),
        "3.tlog-proof": attesting.prove_entry(council.store, "camden", 3, note),
        "grown.proof": attesting.prove_from(council.store, "camden", older, note),
        "receipts.txt": "".join(f"{each}\n" for each in council.receipts).encode(),
    }
    again = list(auditing.take_again(council.store, "camden"))
    assert again and not any(each.differs for each in again)
    expected = {"entries": len(whole.leaves), "decisions": [[each.entry, each.step, each.answer] for each in again]}
    files["expected.json"] = (json.dumps(expected, indent=1) + "\n").encode()
    for name, data in files.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    make(Path(__file__).parent / (sys.argv[1] if len(sys.argv) > 1 else __version__))

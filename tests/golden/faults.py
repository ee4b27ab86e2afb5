"""Makes the third golden log of a release, with an entry of kind `fault`: python -m tests.golden.faults, as `make.py`.

No honest store writes one while the evaluators agree, so the second evaluator is handed in and is wrong once: it says
of a rule that is met that it is not. The step is refused, then taken by the evaluators as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine import __version__, attesting, signing
from tests.golden.make import NAME_OF_KEY, SEED, write
from tests.simulator import CAMDEN, Council, put_right


def make(folder: Path) -> None:
    """Nothing; the folder holds the third golden log of this release."""
    folder.mkdir(parents=True)
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    older = attesting.checkpoint(council.store, "camden", True, signing.signer(NAME_OF_KEY, SEED)).encode()
    honest, council.runner = council.runner, lambda program, ctx: frozenset({"governance.agenda.strategy:0:not met"})
    refused = council.advance("2025-07-16 19:00", "decide-strategy")
    assert refused.outlook.decision.fault and refused.state == "needs-assessed"
    council.runner = honest
    assert council.advance("2025-07-16 19:10", "decide-strategy").state == "strategy-decided"
    write(folder, council, older, "2025-07-17 10:00")


if __name__ == "__main__":
    make(Path(__file__).parent / (sys.argv[1] if len(sys.argv) > 1 else f"{__version__}-faults"))

"""One function for each thing an officer, a procurement unit or an auditor does: open, call the core, append, return.

An `Office` is one open store, one library, one clock reading and one person. Everything it returns is a value; what
it writes, it writes in one append.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from engine import __version__, adoption, auditing, canonical, checkpoints, duties, ledger, packs, posts, replay, roles
from engine.adoption import Adopted
from engine.anchoring import Anchors
from engine.decide import Runner, assess, derive_all, rests_on
from engine.errors import ConflictError, LedgerError, RefusedError, StoreError, UsageError
from engine.law import Law, Rule, Table
from engine.ledger import Draft, Entry, Head, Opening, Write
from engine.library import Library
from engine.model import (
    EXPLAINABLE,
    MET,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    Facts,
    Moment,
    Unsure,
    Value,
)
from engine.outlook import EVENING, Outlook, known_step, later, outlook
from engine.posts import Held, Register
from engine.replay import CaseState, Replayed
from engine.schema import nearest
from engine.signing import Verifier
from engine.vocabulary import Term, parse_value, to_plain
from engine.workflow import Step, Workflow

if TYPE_CHECKING:  # sqlmodel comes with the store; asking without a store does without both
    from engine.store import CaseRow, Store

EXPLAINED = "explained"
IRREGULAR = "irregular:"
NOTED = "noted"  # the one answer to an irregular step; what is thought of it stands in the reasons, sealed
CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RETRIES = 8  # how often other people's appends may come first


class Now(NamedTuple):
    """One reading of the clock: the local moment people see (Europe/London) and the UTC second the log records."""

    local: Moment
    recorded: str


class Written(NamedTuple):
    """What an acknowledged act left on the log: its receipt and its last entry."""

    receipt: str
    entry: int


class Advanced(NamedTuple):
    """A step taken or refused, what was written, and whether it went on the log as irregular."""

    outlook: Outlook
    written: Written
    irregular: bool
    state: str


@dataclass
class Office:
    """An open store with the law, the time and the person at the keyboard."""

    store: Store
    library: Library
    now: Now
    login: str
    runner: Runner | None = None
    _laws: dict[str, Law] = field(default_factory=dict)
    _workflows: dict[str, Workflow] = field(default_factory=dict)
    _folded: dict[tuple[str, str], CaseState] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)
    _adopted: dict[str, Adopted] = field(default_factory=dict)
    _posts: dict[str, Register] = field(default_factory=dict)
    _shelves: dict[str, Library] = field(default_factory=dict)
    _heads: dict[str, Head | None] = field(default_factory=dict)
    _actors: dict[tuple[str, str], str] = field(default_factory=dict)

    # Reading ------------------------------------------------------------------------------------------------------

    def law(self, authority: str) -> Law:
        """The law that speaks to the authority."""
        if authority not in self._laws:
            shelf = self.shelf(authority)
            self._laws[authority] = shelf.law.for_authority(shelf.authority(authority))
        return self._laws[authority]

    def adopted(self, authority: str) -> Adopted:
        """The packs and calendars this authority adopted, and what is proposed."""
        if authority not in self._adopted:
            rows = self.store.rows(authority, "")
            self._adopted[authority] = adoption.folded(auditing.readable(rows))
        return self._adopted[authority]

    def shelf(self, authority: str) -> Library:
        """The library as this authority has it: what it adopted in place of what came with the program."""
        if authority not in self._shelves:
            self._shelves[authority] = auditing.shelf(self.store, self.library, self.adopted(authority).in_force)
        return self._shelves[authority]

    def actor(self, authority: str) -> str | None:
        """The opaque id of the person at the keyboard in this log, None until their first act."""
        return self._actor(authority)

    def posts(self, authority: str) -> Register:
        """Who holds which post of this authority, and what is proposed."""
        if authority not in self._posts:
            self._posts[authority] = posts.folded(auditing.readable(self.store.rows(authority, "")))
        return self._posts[authority]

    def held(self, authority: str) -> Mapping[str, Held]:
        """The posts that the person at the keyboard may act in today."""
        return self.posts(authority).of(self._actor(authority), self.now.local)

    def who_may(self, authority: str, act: str, facts: Facts) -> tuple[str, ...]:
        """The roles that alone may do an act here today; none where anyone may, as where no post was ever assigned."""
        return roles.who_may(self.law(authority), act, facts, self.now.local) if self.posts(authority).kept else ()

    def not_theirs(self, authority: str, act: str, facts: Facts) -> RefusedError | None:
        """Why an act is not for the person at the keyboard, and who may; None where it is."""
        allowed = self.who_may(authority, act, facts)
        if not allowed or not set(self.held(authority)).isdisjoint(allowed):
            return None
        return RefusedError(*roles.refused(act, authority, allowed, self._holders(authority, allowed)))

    def _must_hold(self, authority: str, act: str, facts: Facts) -> None:
        if (refusal := self.not_theirs(authority, act, facts)) is not None:
            raise refusal

    def _holders(self, authority: str, allowed: Sequence[str]) -> list[str]:
        """Who holds any of these roles today, by login, as far as it was not erased."""
        found = [
            each.login
            for each in self.posts(authority).held
            if each.on(self.now.local) and not {each.post, each.acting_for}.isdisjoint(allowed)
        ]
        openings = self.store.openings(authority, found) if found else {}
        return sorted({str(canonical.decode(each.value)) for each in openings.values()})

    def append(
        self,
        authority: str,
        items: Sequence[Item],
        artifacts: Mapping[str, tuple[str, bytes]],
        logins: Mapping[str, str] | None = None,
    ) -> Written:
        """Items that belong to no case, in one append; `logins` are people the log had no opaque id for yet."""
        written = self._append(authority, items, artifacts=artifacts, logins=logins)
        for known in (self._adopted, self._posts, self._shelves, self._laws):
            known.pop(authority, None)
        return written

    def case(self, authority: str, case: str) -> CaseState:
        """The case, folded from its own entries; UsageError with the nearest id when there is none."""
        known = self._folded.get((authority, case))
        rows = self.store.rows(authority, case, after=known.sequence if known else 0)
        entries = [auditing.decoded(row, authority, case) for row in rows]
        if known is None and not entries:
            ids = [f"{row.authority}/{row.case}" for row in self.store.cases()]
            raise UsageError(
                f"there is no case {authority}/{case}", nearest(f"{authority}/{case}", ids) or "see: vires case list"
            )
        if entries:
            known = auditing.folded(entries, auditing.openings_of(self.store, authority, entries), known)
            self._folded[authority, case] = known
        assert known is not None
        return known

    def workflow(self, digest: str) -> Workflow:
        """The workflow a case pins, from the bytes kept with it."""
        if digest not in self._workflows:
            self._workflows[digest] = auditing.kept_workflow(self.store.artifacts([digest]), digest)
        return self._workflows[digest]

    def outlook(self, authority: str, case: str, step: str, on: Moment | None = None) -> Outlook:
        """What the rules say to a step on a day: today's, the day given, or the day planned for it."""
        state, law = self.case(authority, case), self.law(authority)
        cycle = self.workflow(state.workflow)
        described = known_step(cycle, step)
        facts = state.for_looking_ahead()
        planned = facts.values.get(described.records or "")
        if on is None and isinstance(planned, Moment) and (described.records or "") in facts.planned:
            on = planned if planned.minute is not None else Moment(planned.day, EVENING)
        return outlook(law, cycle, state.state, facts, step, on or self.now.local, self.runner)

    def prospect(self, authority: str, case: str, step: str, already_done: Moment | None = None) -> Outlook:
        """What `advance` would decide now, on what has happened alone; UsageError where it would not decide at all."""
        state, law = self.case(authority, case), self.law(authority)
        cycle = self.workflow(state.workflow)
        described = known_step(cycle, step)
        if already_done is not None:
            self._must_be_past(described, already_done, state)
        at = already_done or self.now.local
        return outlook(law, cycle, state.state, state.for_step(), step, at, self.runner)

    def workflow_of(self, authority: str, case: str) -> Workflow:
        """The workflow a case pins."""
        return self.workflow(self.case(authority, case).workflow)

    def steps_from(self, authority: str, case: str) -> tuple[str, ...]:
        """The steps of the machine from where the case stands."""
        from engine.machine import machine_of

        return machine_of(self.workflow_of(authority, case)).steps_from(self.case(authority, case).state)

    def must_have_log(self, authority: str, anchored: bool = False) -> None:
        """Nothing, or UsageError with the nearest authority when this store has no log of that name.

        LedgerError where there was one: where somebody holds an anchor of it, or other tables still speak of it.
        """
        known = self.store.authorities()
        if authority not in known:
            if anchored or authority in self.store.spoken_of():
                raise LedgerError(f"this store has no entry of {authority}'s log, and had: the whole log is gone")
            raise UsageError(f"this store has no log of {authority!r}", nearest(authority, known) or ", ".join(known))

    def must_know(self, receipts: Sequence[str], authorities: Sequence[str]) -> None:
        """Nothing, or LedgerError when a receipt is of a log that is not looked at."""
        for text in receipts:
            if (found := ledger.parse_receipt(text)).authority not in authorities:
                raise LedgerError(f"{text} is a receipt of {found.authority}'s log, which is not among those verified")

    def append_to(self, state: CaseState, item: Item, artifacts: Mapping[str, tuple[str, bytes]]) -> Written:
        """One item of a case that leaves it in its state, in one append."""
        after = (state.case, state.sequence)
        return self._append(state.authority, [item], after, self._projected(state), artifacts)

    def must_know_checkpoints(self, notes: Sequence[bytes], authorities: Sequence[str]) -> None:
        """Nothing, or LedgerError when a checkpoint is of a log that is not looked at."""
        for note in notes:
            found = checkpoints.read(note)[0]
            if not any(checkpoints.stands_for(found, name) for name in authorities):
                raise LedgerError(f"a checkpoint is of {found.origin}, which is not among the logs verified")

    # Writing ------------------------------------------------------------------------------------------------------

    def open_log(self, authority: str, training: bool) -> Written:
        """The first entry of an authority's log: what kind of store it is, for good."""
        body: dict[str, object] = {"training": training, "engine": __version__}
        return self._append(authority, [("log-opened", None, self.now.local, body, {}, ())])

    def open_case(self, authority: str, title: str, case: str = "") -> tuple[str, Written]:
        """A new case at the start of the cycle, and its id: the one given, or the next of the year."""
        from engine.store import CaseRow

        logs = self.store.authorities()
        if logs and authority not in logs and authority in self.library.authorities():
            self.open_log(authority, is_training(self.store))  # its pack came after the store was made
        self.must_have_log(authority)
        self.shelf(authority).authority(authority)
        self._must_hold(authority, roles.START, Facts({}))
        title = " ".join(_plain(title, "the title").split())
        cycle, source = self.library.cycle(authority), self.library.cycle_files(authority)
        taken = {row.case for row in self.store.cases(authority)}
        if not case:
            return self._open_next(authority, title, taken)
        if not CASE_ID.fullmatch(case):
            raise UsageError(f"{case!r} cannot be the id of a case", "write letters, digits, dot, _ and -: 2025-014")
        if case in taken:
            raise UsageError(f"{authority}/{case} is open already", "leave --id out to get the next number")
        digest = packs.digest(source)
        seal, opening = ledger.seal(title, secrets.token_bytes(16))
        body: dict[str, object] = {"title": seal, "workflow": cycle.id, "state": cycle.initial}
        item = ("case-opened", case, self.now.local, body, {"workflow": digest}, (opening,))
        projection = CaseRow(authority, case, title, cycle.initial, self.now.recorded, self.now.recorded, 0)
        artifacts = {digest: ("workflow", packs.archive(source))}
        written = self._append(authority, [item], (case, 0), projection, artifacts)
        return case, written

    def _open_next(self, authority: str, title: str, taken: set[str]) -> tuple[str, Written]:
        """A case opened under the next number of the year that nobody else takes meanwhile."""
        for _ in range(RETRIES):
            case = _next_id(self.now.local, taken)
            try:
                return self.open_case(authority, title, case)
            except ConflictError:
                taken.add(case)
        raise StoreError(f"the log of {authority} is too busy; nothing was written", "try again")

    def record(
        self,
        authority: str,
        case: str,
        given: Sequence[tuple[str, str]],
        planned: bool,
        dry_run: bool = False,
        beside: Mapping[str, object] | None = None,
        reason: str = "",
    ) -> tuple[list[Kept], Written | None]:
        """Facts and milestones recorded, one entry each in one append; nothing is written unless all are good.

        `beside` is what each entry says more, and `reason` why, sealed.
        """
        state, law = self.case(authority, case), self.law(authority)
        if beside is None and not all(name.startswith(roles.OWN) for name, _ in given):
            self._must_hold(authority, roles.RUN, state.for_step())
        owners = {step.records: step.id for step in self.workflow(state.workflow).steps if step.records}
        values: dict[str, Value] = dict((state.for_looking_ahead() if planned else state.for_step()).values)
        items: list[Item] = []
        shown: list[Kept] = []
        for name, said in given:
            term = law.vocabulary.get(name)
            self._may_record(term, owners, planned, state)
            if beside is None and duties.in_a_post(name) and self.posts(authority).kept:
                how = f"vires case approve or waive {authority}/{case}"
                raise RefusedError(f"{name} is for whoever holds the post: {authority} keeps posts", how)
            value = parse_value(term, _plain(said, name))
            self._must_fit(term, value, values, planned)
            values[name] = value
            items.append(self._recorded(case, term, value, planned, beside or {}, reason))
            shown.append(Kept(name, value, state.facts[name].entry if name in state.facts else None))
        if dry_run:
            return shown, None
        return shown, self._append(authority, items, (case, state.sequence), self._projected(state))

    def _may_record(self, term: Term, owners: Mapping[str, str], planned: bool, state: CaseState) -> None:
        case, kept = f"{state.authority}/{state.case}", state.facts.get(term.name)
        if term.derived:
            raise UsageError(f"{term.name} is worked out, nobody records it", f"see: vires case show {case}")
        if planned and not term.milestone:
            raise UsageError(f"{term.name} is not a milestone, it cannot be planned", "leave out --planned")
        if term.name in owners and not planned:
            raise UsageError(
                f"{term.name} is recorded by taking its step", f"vires case advance {case} {owners[term.name]}"
            )
        if term.name in owners and kept is not None and not kept.planned:
            raise UsageError(f"{term.name} happened already (entry {kept.entry}), it cannot be planned again")

    def _must_fit(self, term: Term, value: Value, values: Mapping[str, Value], planned: bool) -> None:
        """A milestone that happened is not in the future, and not before what it must follow."""
        if not term.milestone or not isinstance(value, Moment):
            return
        if not planned and later(value, self.now.local):
            raise UsageError(f"{term.name}: {value} has not come yet", "add --planned, or correct the date")
        for name in term.after:
            earlier = values.get(name)
            if isinstance(earlier, Moment) and later(earlier, value):
                raise UsageError(f"{term.name}: {value} is before {name}, {earlier}", "correct one of the two dates")
        for other in self.library.law.vocabulary.terms.values():
            follower = values.get(other.name) if term.name in other.after else None
            if isinstance(follower, Moment) and later(value, follower):
                raise UsageError(
                    f"{term.name}: {value} is after {other.name}, {follower}", "correct one of the two dates"
                )

    def _recorded(
        self, case: str, term: Term, value: Value, planned: bool, beside: Mapping[str, object], reason: str
    ) -> Item:
        plain = to_plain(value)
        openings: tuple[Opening, ...] = ()
        if not term.public or term.type == "text":
            plain, opening = ledger.seal(plain, secrets.token_bytes(16))
            openings = (opening,)
        body: dict[str, object] = {"name": term.name, "type": term.type, "value": plain}
        if planned:
            body["planned"] = True
        body |= beside
        if reason:
            body["reason"], opening = ledger.seal(_plain(reason, "the reason"), secrets.token_bytes(16))
            openings = (*openings, opening)
        happened = value if term.milestone and isinstance(value, Moment) and not planned else self.now.local
        return ("recorded", case, happened, body, {}, openings)

    def advance(
        self,
        authority: str,
        case: str,
        step: str,
        already_done: Moment | None = None,
        reason: str = "",
        cites: Sequence[Mapping[str, object]] = (),
    ) -> Advanced:
        """The step taken, refused, or set down as having happened unlawfully; each is an entry.

        `cites` are entries of partners' logs that it rests on.
        """
        state, law = self.case(authority, case), self.law(authority)
        cycle = self.workflow(state.workflow)
        described = known_step(cycle, step)
        self._must_hold(authority, roles.RUN, state.for_step())
        at = already_done or self.now.local
        if already_done is not None:
            reason = _plain(reason, "the reason")
        looked = self.prospect(authority, case, step, already_done)
        decision, openings = looked.decision, list[Opening]()
        digests: Digests = {**law.digests, "workflow": state.workflow}
        if decision.fault:
            body: dict[str, object] = {"step": step, "at": at.iso, "detail": decision.fault, "engine": __version__}
            fault = ("fault", case, at, body, digests, ())
            kept = self._artifacts(authority, law)
            written = self._append(authority, [fault], (case, state.sequence), self._projected(state), kept)
            return Advanced(looked, written, False, state.state)
        body = {**replay.plain_decision(decision), "engine": __version__}
        if cites:
            body["cites"] = [dict(each) for each in cites]
        target = decision.target
        irregular = already_done is not None and decision.answer == NOT_MET and looked.assessment is not None
        if irregular:  # a breach: what is only missing or to be judged is asked for first
            from engine.machine import machine_of

            target = machine_of(cycle).move(state.state, step)
        if already_done is not None:
            seal, opening = ledger.seal(reason, secrets.token_bytes(16))
            body["irregular" if irregular else "late"] = seal
            openings.append(opening)
        if target is not None:
            body["to"] = target
            if described.records:
                body["records"] = described.records
        item = ("decision", case, replay.dated(law, described, at), body, digests, tuple(openings))
        projection = self._projected(state)._replace(state=target or state.state)
        written = self._append(authority, [item], (case, state.sequence), projection, self._artifacts(authority, law))
        return Advanced(looked, written, irregular, target or state.state)

    def _must_be_past(self, step: Step, day: Moment, state: CaseState) -> None:
        if later(day, self.now.local):
            raise UsageError(f"{day} has not come yet", "--already-done is for what has happened")
        values = state.for_step().values
        term = self.law(state.authority).vocabulary.terms.get(step.records or "")
        if term is not None:
            self._must_fit(term, day, values, False)

    def judge(
        self, authority: str, case: str, subject: str, answer: str, role: str, reasons: str, extra: Mapping[str, str]
    ) -> Written:
        """A person's answer where a rule or table refers, resting on the rule and the facts as they are now."""
        state, law = self.case(authority, case), self.law(authority)
        role = _plain(role, "the role")
        if self.posts(authority).kept and role not in self.held(authority):
            mine = ", ".join(self.held(authority)) or "none"
            raise RefusedError(f"you do not hold the post {role!r} in {authority} today; yours: {mine}")
        body: dict[str, object] = {"rule": subject, "role": role, "answer": answer, "rests_on": ""}
        if subject.startswith(IRREGULAR):
            self._must_hold(authority, roles.REVIEW, state.for_step())
            allowed = self.who_may(authority, roles.REVIEW, state.for_step())
            if allowed and role not in allowed:
                raise RefusedError(f"{subject} is not reviewed as {role}", f"add --role '{allowed[0]}'")
            body["rests_on"] = self._irregular_entry(state, subject)
            if answer != NOTED:
                raise UsageError(
                    f"{answer!r} is not an answer to {subject}", f"write {NOTED}, the view is the --reason"
                )
        else:
            body |= self._judged(state, law, subject, answer)
        openings = []
        for name, said in {"reasons": reasons, **extra}.items():
            body[name], opening = ledger.seal(_plain(said, f"the {name}"), secrets.token_bytes(16))
            openings.append(opening)
        item = ("judgement", case, self.now.local, body, law.digests, tuple(openings))
        return self._append(
            authority, [item], (case, state.sequence), self._projected(state), self._artifacts(authority, law)
        )

    def _irregular_entry(self, state: CaseState, subject: str) -> str:
        """The leaf of the irregular step that a monitoring officer's view is about."""
        number = subject.removeprefix(IRREGULAR)
        known = [str(step.entry) for step in state.steps if step.irregular]
        if number not in known:
            raise UsageError(
                f"entry {number} is not an irregular step of this case", f"irregular: {', '.join(known) or 'none'}"
            )
        row = next(iter(self.store.rows(state.authority, state.case, after=int(number) - 1)))
        return row.leaf.hex()

    def _judged(self, state: CaseState, law: Law, subject: str, answer: str) -> dict[str, object]:
        if subject not in law.subjects:
            raise UsageError(f"no rule or table is called {subject!r}", nearest(subject, law.subjects))
        found, facts = law.subjects[subject], state.for_step()
        derived = derive_all(law, facts, self.now.local)
        digest = rests_on(found, law, derived, facts.values.keys())
        if isinstance(found, Table):
            known = derived.get(found.decides)
            asked = isinstance(known, Unsure) and known.source == found.id
            if not asked and not any(each.rule == subject for each in state.judgements):
                said = "facts it needs are missing" if known is None else "it decides by itself"
                raise UsageError(f"{subject} does not refer to a person here: {said}")
            value = parse_value(law.vocabulary.terms[found.decides], answer)
            return {"rests_on": digest, "answer": answer, "value": to_plain(value)}
        self._must_refer(law, facts, found, state, answer)
        return {"rests_on": digest}

    def _must_refer(self, law: Law, facts: Facts, rule: Rule, state: CaseState, answer: str) -> None:
        explains = rule.effect in EXPLAINABLE
        answers = (EXPLAINED,) if explains else (MET, NOT_MET, NOT_APPLICABLE)
        if answer not in answers:
            raise UsageError(f"{answer!r} is not an answer to {rule.id}", f"write one of: {', '.join(answers)}")
        cycle = self.workflow(state.workflow)
        records = {step.id: step.records for step in cycle.steps}
        from engine.machine import machine_of

        here = machine_of(cycle).steps_from(state.state)
        looks = [  # at the steps that lead on from here, or else at the first that the rule binds
            each
            for step in [step for step in rule.binds if step in here] or rule.binds[:1]
            for each in assess(law, facts, step, self.now.local, records.get(step), self.runner).findings
            if each.rule == rule.id
        ]
        if not looks:
            raise UsageError(f"{rule.id} is not in force on this case today")
        finding = next((each for each in looks if each.blocks), looks[0])
        if finding.answer != REFER and not (explains and finding.answer == NOT_MET):
            raise UsageError(f"{rule.id} does not refer to a person here: it is {finding.answer}")
        if rule.id not in finding.needs and finding.answer == REFER:
            raise UsageError(f"{rule.id} waits for another judgement", f"judge {', '.join(finding.needs)} instead")

    def plain(self, said: str, what: str) -> str:
        """What a person wrote; UsageError when it is blank or cannot be shown."""
        return _plain(said, what)

    def set_down(
        self, authority: str, case: str, item: Item, title: str | None = None, erased: Sequence[str] = ()
    ) -> Written:
        """One entry about a case that moves it nowhere; with it the openings of `erased` are gone for good."""
        state = self.case(authority, case)
        projection = self._projected(state)
        projection = projection if title is None else projection._replace(title=title)
        written = self._append(authority, [item], (case, state.sequence), projection, erased=erased)
        if erased:
            self._folded.pop((authority, case), None)
        return written

    # Appending ----------------------------------------------------------------------------------------------------

    def _append(
        self,
        authority: str,
        items: Sequence[Item],
        case_after: tuple[str, int] | None = None,
        projection: CaseRow | None = None,
        artifacts: Mapping[str, tuple[str, bytes]] | None = None,
        logins: Mapping[str, str] | None = None,
        erased: Sequence[str] = (),
    ) -> Written:
        """The items on the log in one append; entries of other cases that came in between do not stand in the way."""
        if posts.AUDITOR in self.held(authority):
            raise RefusedError(f"you are {posts.AUDITOR} of {authority}: an auditor reads and writes nothing")
        for _ in range(RETRIES):
            try:
                return self._append_once(
                    authority, items, case_after, projection, artifacts or {}, logins or {}, erased
                )
            except ConflictError as conflict:
                self._heads.pop(authority, None)
                rows = [row for row in conflict.rows if isinstance(row, ledger.Row)]
                ours = [row for row in rows if case_after is not None and row.case == case_after[0]]
                if ours or not rows:
                    raise _told(authority, ours or rows) from conflict
        raise StoreError(f"the log of {authority} is too busy; nothing was written", "try again")

    def _append_once(
        self,
        authority: str,
        items: Sequence[Item],
        case_after: tuple[str, int] | None,
        projection: CaseRow | None,
        artifacts: Mapping[str, tuple[str, bytes]],
        introduced: Mapping[str, str],
        erased: Sequence[str],
    ) -> Written:
        if authority not in self._heads:
            self._heads[authority] = self.store.head(authority)
        expected, actor = self._heads[authority], self._actor(authority)
        logins = dict(introduced)
        if actor is None:
            actor = logins.setdefault(self.login, secrets.token_hex(8))
            items = items if items[0][0] == "log-opened" else [self._introduction(), *items]
        writes = self._composed(expected, authority, actor, items)
        last = writes[-1]
        if projection is not None:
            projection = projection._replace(changed=self.now.recorded, sequence=last.entry.sequence)
        self.store.append(
            authority,
            expected,
            writes,
            case_after=case_after,
            projection=projection,
            artifacts=artifacts,
            logins=logins,
            erased=erased,
        )
        self._heads[authority] = ledger.head_after(last)
        self._kept.update(artifacts)
        return Written(ledger.receipt(last.entry, last.leaf), last.entry.sequence)

    def _actor(self, authority: str) -> str | None:
        """The opaque id of the person at the keyboard in this log, None until their first act."""
        if (authority, self.login) not in self._actors:
            found = self.store.actor(authority, self.login)
            if found is None:
                return None
            self._actors[authority, self.login] = found
        return self._actors[authority, self.login]

    def _introduction(self) -> Item:
        seal, opening = ledger.seal(self.login, secrets.token_bytes(16))
        return ("actor", None, self.now.local, {"login": seal}, {}, (opening,))

    def _composed(self, head: Head | None, authority: str, actor: str, items: Iterable[Item]) -> list[Write]:
        writes: list[Write] = []
        for kind, case, happened, body, digests, openings in items:
            draft = Draft(case, kind, actor, happened.iso, body, digests)
            entry = ledger.compose(head, authority, draft, self.now.recorded)
            writes.append(ledger.write(entry, openings))
            head = ledger.head_after(writes[-1])
        return writes

    def _projected(self, state: CaseState) -> CaseRow:
        from engine.store import CaseRow

        return CaseRow(state.authority, state.case, state.title, state.state, state.opened, "", 0)

    def _artifacts(self, authority: str, law: Law) -> dict[str, tuple[str, bytes]]:
        """The bytes of packs, calendars and vocabulary that this office has not seen kept yet."""
        wanted = {digest for value in law.digests.values() for digest in (auditing.named(value) or [str(value)])}
        known = self.shelf(authority).artifacts
        return {digest: known[digest] for digest in wanted - self._kept}

    # The auditor --------------------------------------------------------------------------------------------------

    def entries(self, authority: str, case: str | None = None) -> Iterator[Entry]:
        """The entries of a log, or of one case, in order."""
        return auditing.entries(self.store, authority, case)

    def verify(
        self,
        authority: str,
        receipts: Sequence[str] = (),
        notes: Sequence[bytes] = (),
        keys: Sequence[Verifier] = (),
        watch: Callable[[], object] | None = None,
    ) -> tuple[ledger.Step, ...]:
        """The numbered steps of verification, held against receipts and signed checkpoints; `watch` sees each entry."""
        return auditing.verify(self.store, authority, Anchors(receipts, notes, keys), watch)

    def replay(self, authority: str, case: str | None = None) -> Iterator[Replayed]:
        """Every decision of a case, or of the whole log, taken again under the law of its day."""
        if case is not None:
            self.case(authority, case)
        return auditing.take_again(self.store, authority, case)


Digests = Mapping[str, str | Mapping[str, str]]
Item = tuple[str, str | None, Moment, Mapping[str, object], Digests, tuple[Opening, ...]]


class Kept(NamedTuple):
    """A fact as it was recorded, and the entry it supersedes."""

    name: str
    value: Value
    supersedes: int | None


def initialise(url: str, library: Library, now: Now, login: str, training: bool) -> tuple[str, ...]:
    """A new store with a log opened for every authority of the library; the authorities."""
    from engine.store import create

    names = tuple(sorted(library.authorities()))
    with create(url) as made:
        office = Office(made, library, now, login)
        try:
            for name in names:
                office.open_log(name, training)
        except BaseException:
            made.discard()
            raise
    return names


def sealed(said: str) -> tuple[dict[str, str], Opening]:
    """A seal for the body of an entry, and what opens it."""
    return ledger.seal(said, secrets.token_bytes(16))


def new_person() -> str:
    """An opaque id for somebody the log has none for yet."""
    return secrets.token_hex(8)


MIXED = "some logs of this store are for training and some are not"


def kinds(opened: Store) -> frozenset[bool]:
    """What the first entries of the logs say of training: one answer, unless somebody altered one of them."""
    firsts = (opened.rows(authority, before=2) for authority in opened.authorities())
    return frozenset(bool(entry.body.get("training")) for rows in firsts for entry in auditing.readable(rows))


def is_training(opened: Store) -> bool:
    """Whether the logs of this store say they are for training; LedgerError when they do not agree."""
    said = kinds(opened)
    if len(said) > 1:
        raise LedgerError(MIXED, "vires audit verify says what each log is worth")
    return said == {True}


def _told(authority: str, rows: Sequence[ledger.Row]) -> ConflictError:
    """The conflict in words: which entries came first."""
    said = []
    for entry in auditing.readable(rows):
        what = entry.body.get("step") or entry.body.get("name") or entry.body.get("rule") or ""
        said.append(f"entry {entry.sequence}, {entry.kind} {what} at {entry.recorded}".replace("  ", " "))
    first = rows[0].case if rows else ""
    return ConflictError(
        f"somebody else changed {authority}/{first} first: {'; '.join(said)}; nothing was written",
        f"look again: vires case show {authority}/{first}",
        rows,
    )


def _plain(said: str, what: str) -> str:
    """What a person wrote; UsageError when it is blank or holds characters that no terminal should be sent."""
    if not said.strip():
        raise UsageError(f"{what}: nothing was given", "write it in a few words")
    if not "".join(said.split()).isprintable():
        raise UsageError(f"{what} holds characters that cannot be shown", "write it as plain UTF-8 text")
    return said.strip()


def _next_id(today: Moment, taken: set[str]) -> str:
    year = today.iso[:4]
    number = 1 + max((int(case[5:]) for case in taken if case.startswith(f"{year}-") and case[5:].isdigit()), default=0)
    return f"{year}-{number:03d}"

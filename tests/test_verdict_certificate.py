"""Certificates for verdicts: the rules are true of every run, proofs are found and checked, false ones refused."""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from helpers import REFERENCE, bac, parsed

from bac.model import documents
from bac.model.architecture import Architecture, Verb
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, LimitReached
from bac.model.guard import Fault, Presence
from bac.model.plan import Plan
from bac.model.recovery import OPTIONS
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, Event, Label, State, System, backed, logged, pending
from bac.proofs.certificates import certify, verdict_certificate
from bac.proofs.certificates.certificate import Verified, checked, verify
from bac.proofs.certificates.certify import Clauses, Refuter
from bac.proofs.certificates.order_rules import (
    BEFORE_DISASTER,
    KNOWN,
    RULES,
    Clause,
    Literal,
    NotCovered,
    OrderRules,
    Unjustified,
)
from bac.proofs.certificates.verdict_certificate import Questions
from bac.proofs.check import check
from bac.proofs.engine import NotApplicable
from bac.proofs.precedence.engine import Precedence
from bac.proofs.precedence.events import Events
from bac.proofs.results import PlanResult, Verdict
from bac.properties.qualities import Property
from bac.testing.generator import problem

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

# The rules are true of every run

NEVER = 10**9
REDONE = {
    ActionKind.DELIVER: "deliver",
    ActionKind.REPLAY: "replay",
    ActionKind.RESUME: "resume",
    ActionKind.RETRY: "retry",
}


class RandomRun:
    """A random run of a system to its end, and the truth of literals in it at each index."""

    def __init__(self, rules: OrderRules, random: Random, instances: int) -> None:
        self.rules = rules
        self.system = system(rules.architecture, rules.plan, instances)
        self.labels, self.states = walk(self.system, random)
        kinds = [label.kind for label in self.labels]
        self.disaster = kinds.index(ActionKind.DISASTER) if ActionKind.DISASTER in kinds else None

    @property
    def complete(self) -> bool:
        return self.disaster is None or self.system.settled(self.states[-1])

    @property
    def at_rest(self) -> bool:
        return self.disaster is not None and self.labels[self.disaster].at_rest

    def applies(self, name: str) -> bool:
        """Whether a rule speaks of such runs."""
        return (name in BEFORE_DISASTER or self.disaster is not None) and (name != "rest" or self.at_rest)

    def times(self, index: int) -> dict[str, int]:
        """The instants of points."""
        rules, found = self.rules, {"E": len(self.labels), "Z": len(self.labels)}
        for number, label in enumerate(self.labels):
            events = [rules.number(event) for event in label.events if event.index == index]
            for service in map(rules.service_number.__getitem__, label.services):
                if label.kind is ActionKind.SNAPSHOT:
                    second = found.get(rules.snapshot(service), number) < number
                    found.setdefault(rules.newer(service) if second else rules.snapshot(service), number)
                    if rules.group(service).mode.locks:
                        found.setdefault(rules.newer_lock(service) if second else rules.lock(service), number)
            match label.kind:
                case ActionKind.SNAPSHOT:
                    found.setdefault("F", number)
                case ActionKind.SNAPSHOT_BROKER:
                    found["B"] = number
                case ActionKind.DISASTER:
                    found["D"] = number
                case ActionKind.STEP if events:
                    found[f"e{events[0]}"] = number
                case ActionKind.SWEEP if events:
                    found["E"] = min(number, found["E"])
                case ActionKind.BACKFILL if events:
                    found[f"b{events[0]}"] = number
                case ActionKind.RECONSTRUCT if events:
                    found[f"c{events[0]}"] = number
                case ActionKind.UNDO if events:
                    found[f"u{events[0]}"] = number
                case ActionKind.COLLECT if events:
                    found[f"g{events[0]}"] = number
                case ActionKind.REPEAT if events:
                    found.setdefault(f"v{events[0]}", number)
                case kind if kind in REDONE and events:
                    found[f"r{events[0]}"] = number
        return found

    def words(self, index: int, times: dict[str, int]) -> set[tuple[str | int, ...]]:
        """The atoms that are true, but those about instants."""
        if self.disaster is None:
            return set()
        rules, label, after, end = (
            self.rules,
            self.labels[self.disaster],
            self.states[self.disaster + 1],
            self.states[-1],
        )
        restored = set(rules.setting.widened(label.services))
        found: set[tuple[str | int, ...]] = {("hit", rules.service_number[name]) for name in restored}
        for number, crash in enumerate(rules.crash_sets or ()):
            if {rules.services[service] for service in crash} == set(label.services):
                found.add(("set of services", number))
        for number, (case, step) in enumerate(rules.places):
            event = Event(case.name, step.number, index)
            found |= {("cut", number)} if logged(event) in after else set()
            found |= {("set", number)} if logged(event) in self.states[times["E"]] else set()
            found |= {("end", number)} if logged(event) in end else set()
            found |= {("backed", number)} if backed(event) in end else set()
            for sender in rules.predecessors(number):
                other = Event(case.name, rules.places[sender][1].number, index)
                head = rules.blocks[sender][0]
                found |= {("message", sender, number)} if pending(other, event) in after else set()
                late = any(pending(other, event) in state for state in self.states[self.disaster + 1 :])
                if late or not times.keys().isdisjoint({f"r{head}", f"v{head}", f"c{sender}"}):
                    found.add(("pending", sender, number))
            there = Presence(rules.architecture, index, frozenset(rules.recovery.collect))
            for place, link in enumerate(step.links):
                found |= {("link", number, place)} if there.holds(link).holds(end) else set()
            fault = Fault(rules.architecture, frozenset())
            if step.verb is Verb.CREATE:
                excuse = fault.excused_orphan(step.entity, index)
                found |= {("excused", number)} if excuse.holds(end) else set()
                for place, part in enumerate(sorted(excuse.disjunctions, key=sorted)):
                    found |= {("excuse", number, place)} if any((fact in end) == so for fact, so in part) else set()
        for action in self.labels:
            if action.kind in REDONE and action.events[0].index == index:
                found.add((REDONE[action.kind], rules.number(action.events[0])))
        return found

    def truth(self, index: int) -> Any:
        """Whether a literal is true."""
        times = self.times(index)
        words = self.words(index, times)

        def true(literal: Literal) -> bool:
            if isinstance(literal, bool):
                return literal
            atom, wanted = literal
            if atom[0] != "<":
                return (atom in words) == wanted
            return (times.get(str(atom[1]), NEVER) < times.get(str(atom[2]), NEVER)) == wanted

        return true


def walk(found: System, random: Random) -> tuple[list[Label], list[State]]:
    """A run that goes on until nothing more can happen; the disaster comes early or late."""
    state, labels, states, patience = INITIAL, list[Label](), [INITIAL], random.choice([1, 3, 8])
    while actions := list(found.enabled(state)):
        early = [action for action in actions if action.label.kind is not ActionKind.DISASTER]
        action = random.choice(early if early and random.randrange(patience + 1) else actions)
        state = action.apply(state)
        labels.append(action.label)
        states.append(state)
    return labels, states


def all_clauses(rules: OrderRules) -> Iterator[tuple[str, Clause]]:
    """Every clause that the rules make."""
    numbers = range(max(len(rules.places), len(rules.services), len(rules.crash_sets or ())))
    for name, (_, count) in RULES.items():
        for arguments in product(numbers, repeat=count):
            try:
                yield name, rules.clause(name, arguments)
            except (Unjustified, IndexError):
                continue


def hold_rules_to_runs(seeds: range, runs: int) -> Counter[str]:
    """Check every clause in random runs of generated specifications; count what was checked."""
    seen = Counter[str]()
    for seed in seeds:
        random = Random(seed)
        specification = parsed(problem(random))
        try:
            rules = OrderRules(specification.architecture, specification.plan("p"))
            clauses = list(all_clauses(rules))
            for _ in range(runs):
                instances = random.choice([1, 1, 2])
                run = RandomRun(rules, random, instances)
                for index in range(1, instances + 1) if run.complete else ():
                    true = run.truth(index)
                    for name, clause in clauses:
                        if run.applies(name):
                            seen[name] += 1
                            assert any(map(true, clause)), (seed, name, clause, run.labels)
                    seen["denied"] += hold_denials_to_run(rules, run, index)
        except (NotCovered, LimitReached):
            continue
    return seen


def hold_denials_to_run(rules: OrderRules, run: RandomRun, index: int) -> int:
    """Check what is said to be true when a call is denied; count the calls."""
    denials = [
        (number, label.events[0])
        for number, label in enumerate(run.labels)
        if label.kind is ActionKind.DENY and label.events[0].index == index
    ]
    for number, event in denials:
        times = run.times(index) | {"N": number}
        for literal in rules.denial(rules.number(event)):
            assert not isinstance(literal, bool)
            (_, one, other), wanted = literal
            assert (times.get(str(one), NEVER) < times.get(str(other), NEVER)) == wanted, (literal, run.labels)
    return len(denials)


def test_every_rule_is_true_of_random_runs() -> None:
    seen = hold_rules_to_runs(range(300), 3)
    assert {*RULES} - {*seen} <= {"no-way-back", "collected-once", "marker"}
    assert seen["denied"] > 5


@pytest.mark.slow
def test_every_rule_is_true_of_many_random_runs() -> None:
    assert not {*RULES} - {*hold_rules_to_runs(range(10_000, 20_000), 8)}


def test_the_rules_speak_of_every_option() -> None:
    """A new option is refused until somebody has looked at each rule, and names it."""
    assert {option.name for option in OPTIONS} == KNOWN


# Certificates


def results(text: str | object, *plans: str, engine: str = "auto") -> tuple[Architecture, list[Plan], list[PlanResult]]:
    specification = parsed(text)
    chosen = [specification.plan(name) for name in plans] or list(specification.plans)
    found = [check(specification.architecture, plan, engine=engine) for plan in chosen]
    return specification.architecture, chosen, found


def made(text: str | object, *plans: str, engine: str = "auto") -> Any:
    """The certificate for plans of a specification, as a file has it."""
    return json.loads(json.dumps(certify.to_json(*results(text, *plans, engine=engine))))


def said(document: Any) -> Verified:
    return checked(json.dumps(document).encode())


def refusal(document: Any) -> BacError:
    with pytest.raises(BacError) as caught:
        said(document)
    assert "\n" not in str(caught.value)
    return caught.value


def code(document: Any) -> int:
    """The exit code of a check: 0 if everything is confirmed."""
    try:
        said(document)
    except BacError as error:
        return error.exit_code
    return 0


@pytest.mark.parametrize("name", ["figure-3", "figure-4", "figure-5", "figure-6", "sales"])
def test_every_verdict_of_an_example_is_certified(name: str) -> None:
    text = (EXAMPLES / f"{name}.bac.yaml").read_text(encoding="utf-8")
    document = made(text)
    found = said(document)
    assert found.kind == "verdicts"
    assert not found.open
    assert found.confirmed.count("availability") == len(document["plans"])


@pytest.mark.parametrize("engine", ["explicit", "smt", "precedence"])
def test_proofs_are_found_whichever_engine_decided(engine: str) -> None:
    assert not said(made(REFERENCE, "locked", "resume", engine=engine)).open


def test_the_claim_names_the_verdicts() -> None:
    found = said(made(REFERENCE, "locked"))
    assert found.confirmed == (
        "plan 'locked': backup holds, availability is violated, consistency holds, no-extra-loss holds"
        " (12 excluded by proofs, 1 shown by runs)"
    )
    assert "docs/semantics.md" in found.trusted
    assert "interpreter" in found.trusted


def test_what_is_not_covered_is_left_open() -> None:
    document = made(REFERENCE + "  newest: {recovery: {from: newest, broker: backup}}\n", "newest")
    found = said(document)
    assert found.open
    assert all("no certificate covers from: newest with broker: backup" in each for each in found.open)
    assert "consistency holds" not in found.confirmed


def certified(seeds: range) -> Counter[str]:
    """Certify generated specifications that the precedence engine decides, and count the answers."""
    seen = Counter[str]()
    for seed in seeds:
        document = problem(Random(seed))
        architecture, (plan,), (result,) = results(document, "p")
        try:
            Precedence(architecture, plan), OrderRules(architecture, plan)
        except (NotApplicable, NotCovered):
            continue
        if any(each.verdict is Verdict.UNKNOWN for each in result.properties.values()):
            continue
        found = certify.to_json(architecture, [plan], [result])
        confirmed = said(found)
        seen["excluded"] += len(found["plans"][0]["never"])
        seen["shown"] += len(found["plans"][0]["runs"])
        for each in confirmed.open:
            covered = "no certificate covers" not in each and not each.startswith("plan 'p': backup")
            seen["no proof" if covered else "not covered"] += 1
    return seen


def test_generated_specifications_are_certified() -> None:
    seen = certified(range(120))
    assert seen["excluded"] > 100
    assert seen["shown"] > 20
    assert seen["no proof"] <= seen["excluded"] // 50


@pytest.mark.slow
def test_many_generated_specifications_are_certified() -> None:
    seen = certified(range(50_000, 56_000))
    assert seen["no proof"] <= seen["excluded"] // 100


# What is false has no proof


def test_what_some_run_shows_has_no_proof() -> None:
    for seed in range(80):
        specification = parsed(problem(Random(seed)))
        architecture, plan = specification.architecture, specification.plan("p")
        try:
            questions, engine = Questions(architecture, plan), Precedence(architecture, plan)
            for asked, formula in questions.formulas.items():
                assert asked.timing is not None
                translation = questions.translation()
                wanted = questions.part(asked, translation)
                clauses = Clauses(questions.rules, asked.timing == "at-rest", before_disaster=False)
                if engine.shortest(formula, asked.timing) is not None:
                    assert Refuter(clauses, wanted).proof() is None, (seed, asked)
        except (NotApplicable, NotCovered):
            continue


def test_an_engine_with_an_edge_that_does_not_exist_gets_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine believes that every event needs the last one of the use case before it."""
    real = Events.guard

    def wrong(self: Events, event: int) -> tuple[set[int], set[int]]:
        needs, forbids = real(self, event)
        return needs | ({event + 1} if event + 1 < len(self.steps) else set()), forbids

    monkeypatch.setattr(Events, "guard", wrong)
    document = made(REFERENCE, "independent", engine="precedence")
    assert document["plans"][0]["verdicts"]["consistency"] == "holds"
    found = said(document)
    assert found.open
    assert all("no proof was found" in each for each in found.open)
    assert "consistency holds" not in found.confirmed


def test_a_proof_with_a_reason_that_does_not_exist_is_refused() -> None:
    """An edge that is made up gives proofs of what is false; the check asks the specification."""
    rules = OrderRules(parsed(REFERENCE).architecture, parsed(REFERENCE).plan("independent"))
    questions = Questions(rules.architecture, rules.plan)
    asked = next(each for each in questions.formulas if each.kind == "broken-link")

    class Faulty(OrderRules):
        def clause(self, rule: str, numbers: tuple[int, ...]) -> Clause:
            if rule == "needs":
                return self.absent(numbers[0]), self.before("D", self.at(numbers[0]))
            return super().clause(rule, numbers)

    translation = questions.translation()
    wanted = questions.part(asked, translation)
    proof = Refuter(
        Clauses(Faulty(rules.architecture, rules.plan), at_rest=False, before_disaster=False), wanted
    ).proof()
    assert proof is not None
    with pytest.raises(Unjustified):
        questions.refute([asked], "; ".join(proof))


# Tampering


def changed(document: Any, *place: str | int, to: Any) -> Any:
    document = copy.deepcopy(document)
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = to
    return document


def without(document: Any, *place: str | int) -> Any:
    document = copy.deepcopy(document)
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    del inside[place[-1]]
    return document


def test_no_step_of_a_proof_can_be_left_out_or_changed() -> None:
    """Of each proof of a plan under a lock; what is still accepted proves the same (a disjunction has other names)."""
    document = made(REFERENCE, "locked")
    answers = Counter[int]()
    for place, entry in enumerate(document["plans"][0]["never"]):
        steps = entry["proof"].split("; ")
        if entry["property"] == "backup":
            continue
        for number, step in enumerate(steps):
            words = step.split()
            others = [" ".join([*words[:-1], str(value)]) for value in (0, 1, 2, 99)] + ["needs 1 1", "", "split or 0"]
            for tampered in [[], *([each] for each in others if each != step)]:
                proof = "; ".join([*steps[:number], *tampered, *steps[number + 1 :]])
                answers[code(changed(document, "plans", 0, "never", place, "proof", to=proof))] += 1
    assert answers.keys() == {0, 1}
    assert answers[1] > 20 * answers[0]


def test_no_question_can_be_left_out_or_answered_twice() -> None:
    document = made(REFERENCE, "independent", "locked")
    for plan, answers in enumerate(document["plans"]):
        for part in ("never", "runs"):
            for place, entry in enumerate(answers[part]):
                assert refusal(without(document, "plans", plan, part, place)).exit_code == 1
                twice = [*answers[part], entry]
                assert refusal(changed(document, "plans", plan, part, to=twice)).exit_code == 1
                for other in range(len(answers[part])):
                    if "timings" in entry and len(entry["timings"]) > 1:
                        assert refusal(without(document, "plans", plan, part, place, "timings", 0)).exit_code == 1
                    if part == "never" and answers[part][other]["proof"] != entry["proof"]:
                        moved = changed(document, "plans", plan, part, place, "proof", to=answers[part][other]["proof"])
                        assert refusal(moved).exit_code == 1


def test_verdicts_cannot_be_swapped() -> None:
    document = made(REFERENCE, "independent", "locked")
    opposite = {"holds": "violated", "violated": "holds"}
    for plan, answers in enumerate(document["plans"]):
        for which, verdict in answers["verdicts"].items():
            assert refusal(changed(document, "plans", plan, "verdicts", which, to=opposite[verdict])).exit_code == 1
            less = without(document, "plans", plan, "verdicts", which)
            if which == "availability" and verdict == "holds":  # nothing can be held back: there is no question
                assert "availability" not in said(less).confirmed.split("plan ")[plan + 1]
            else:
                assert refusal(less).exit_code == 1
    assert refusal(changed(document, "plans", 1, "plan", to="shared")).exit_code in (1, 2)
    assert refusal(changed(document, "plans", 1, "plan", to="independent")).exit_code == 2


def test_another_specification_is_noticed() -> None:
    document = made(REFERENCE, "locked")
    groups = document["specification"]["plans"]["locked"]["groups"]
    assert groups
    weaker = changed(document, "specification", "plans", "locked", to={})
    assert refusal(weaker).exit_code == 1
    turned = changed(document, "specification", "references", to=["b -> a"])
    assert refusal(turned).exit_code == 1
    more = changed(document, "specification", "references", to=["a -> b", "b -> a"])
    assert refusal(more).exit_code == 1


def test_a_run_in_place_of_a_proof_is_replayed() -> None:
    document = made(REFERENCE, "independent")
    for place, run in enumerate(document["plans"][0]["runs"]):
        actions = run["actions"].split("; ")
        for number in range(len(actions)):
            less = "; ".join([*actions[:number], *actions[number + 1 :]])
            assert refusal(changed(document, "plans", 0, "runs", place, "actions", to=less)).exit_code == 1
        timing = "at-rest" if run["shows"]["timing"] == "any-time" else "any-time"
        assert refusal(changed(document, "plans", 0, "runs", place, "shows", "timing", to=timing)).exit_code == 1
        assert refusal(changed(document, "plans", 0, "runs", place, "crash", to="s0")).exit_code == 2
        for part in ("", "s0", "s0 u0", "s0 s9 u0", "s0 s1 u7", "u0"):
            assert refusal(changed(document, "plans", 0, "runs", place, "part", to=part)).exit_code == 2
        for line in ("fly", "step e9", "step x1", "step e0#0", "snapshot s7", "disaster u0", "step e٣", "; ;"):
            assert refusal(changed(document, "plans", 0, "runs", place, "actions", to=line)).exit_code == 2


def test_malformed_certificates_are_refused_in_one_line() -> None:
    document = made(REFERENCE, "locked")
    never = document["plans"][0]["never"]
    malformed = [
        without(document, "plans"),
        changed(document, "plans", to=[]),
        changed(document, "version", to=2),
        changed(document, "specification", to={}),
        changed(document, "plans", 0, "plan", to="no such plan"),
        changed(document, "plans", 0, "never", to=7),
        changed(document, "plans", 0, "never", 0, "proof", to=7),
        changed(document, "plans", 0, "never", 0, "timings", to=[]),
        changed(document, "plans", 0, "verdicts", "consistency", to="unknown"),
        changed(document, "plans", 0, "runs", 0, "actions", to="other"),
        changed(document, "plans", 0, "runs", 0, "actions", to=["step e0"]),
    ]
    for each in malformed:
        assert refusal(each).exit_code == 2
    for proof in (
        "needs",
        "needs 0",
        "needs -1 0",
        "needs 1 ٣",
        "path",
        "path D",
        "or",
        "or 99",
        "split",
        "\u2028",
        ";",
    ):
        assert refusal(changed(document, "plans", 0, "never", 0, "proof", to=proof)).exit_code == 1
    long = changed(document, "plans", 0, "never", -1, "proof", to="; ".join(["needs 0 0"] * 200_000))
    assert "too many steps" in str(refusal(long))
    assert never


def test_packed_files_are_read_within_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = certify.to_json(*results(REFERENCE, "locked"))
    plain, packed = tmp_path / "plain.json", tmp_path / "packed.json.gz"
    certify.save(plain, document)
    certify.save(packed, document)
    assert verify(plain).confirmed == verify(packed).confirmed
    assert packed.stat().st_size < plain.stat().st_size / 2
    content = packed.read_bytes()
    for wrong in (content[:-9], content[:40], b"\x1f\x8b", content + content):
        packed.write_bytes(wrong)
        with pytest.raises(MalformedDocument):
            verify(packed)
    packed.write_bytes(gzip.compress(b" " * 100_000))
    monkeypatch.setattr(documents, "LARGEST_FILE", 10_000)
    with pytest.raises(MalformedDocument, match="larger than"):
        verify(packed)


# The command line


def test_the_command_line_writes_and_verifies(tmp_path: Path) -> None:
    spec, file = tmp_path / "spec.bac.yaml", tmp_path / "certificate.json.gz"
    spec.write_text(REFERENCE, encoding="utf-8")
    written = bac("check", spec, "--plan", "locked", "--certificate", file)
    assert f"certificate saved in {file}" in written.stderr
    verified = bac("verify", file)
    assert verified.exit_code == 0
    assert "plan 'locked': backup holds" in verified.stdout
    assert "the one you mean" in verified.stdout
    meant = bac("verify", file, "--spec", spec)
    assert meant.exit_code == 0
    assert "the one you mean" not in meant.stdout
    spec.write_text(REFERENCE.replace("a -> b", "b -> a"), encoding="utf-8")
    assert bac("verify", file, "--spec", spec).exit_code == 1
    spec.write_text(
        REFERENCE.replace("locked: {groups: [{mode: locked", "locked: {groups: [{mode: stopped"), encoding="utf-8"
    )
    assert bac("verify", file, "--spec", spec).exit_code == 1


def test_what_is_open_is_told_twice(tmp_path: Path) -> None:
    spec, file = tmp_path / "spec.bac.yaml", tmp_path / "certificate.json"
    spec.write_text(REFERENCE + "  newest: {recovery: {from: newest, broker: backup}}\n", encoding="utf-8")
    assert "questions are left open" in bac("check", spec, "--plan", "newest", "--certificate", file).stderr
    verified = bac("verify", file)
    assert verified.exit_code == 3
    assert "open: plan 'newest': " in verified.stdout


def test_a_certificate_is_about_one_specification(tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    spec = EXAMPLES / "figure-3.bac.yaml"
    assert bac("check", spec, spec, "--certificate", file).exit_code == 2
    assert not file.exists()


def test_questions_are_those_of_the_properties() -> None:
    specification = parsed(REFERENCE)
    questions = Questions(specification.architecture, specification.plan("locked"))
    assert {str(each.kind) for each in questions.formulas} == {
        "broken-link",
        "orphan-state",
        "missing-state",
        "extra-loss",
    }
    assert [each.subject for each in questions.of(Property.AVAILABILITY, violated=False)] == ["a -> b.1", "a -> b.2"]
    assert verdict_certificate.FORMAT == "bac-verdicts"

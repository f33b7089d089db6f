"""A system as a TLA+ module that TLC runs: a set of events or services for each kind of fact, an operator per action.

Source: L. Lamport, Specifying Systems (2002), chapters 14 and 15; docs/exports.md, "TLA+".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bac.exports.exported import FLAGS, Exported
from bac.exports.notation import TLA
from bac.exports.statements import Statement
from bac.exports.tla_words import HEAD, MEANINGS, RESERVED
from bac.model.errors import BacError
from bac.model.system import RECOVERED, Action, Clause, Fact, FactKind, System
from bac.properties.formula import Atom, Formula, Not, Or

COMMENT = "\\* "
SETTLED = "recovered /\\ ~ENABLED Next"


class NotAModuleName(BacError):
    """The text cannot be the name of a TLA+ module."""


def module_name(text: str) -> str:
    """Return the text if it can be the name of a module (and thus of its file).

    Raises:
        NotAModuleName: it cannot.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) or text in RESERVED or text[:3] in ("WF_", "SF_"):
        raise NotAModuleName(f"{text}: the file's name must be a name in TLA+: letters, digits and underscores")
    return text


def tla(exported: Exported, module: str = "Model") -> str:
    """Return the text of the module, which has the same states as the system, and as many."""
    return "\n".join(Module(exported, module).lines()) + "\n"


def configuration(exported: Exported, checked: Iterable[Statement] = ()) -> str:
    """Return TLC's configuration, which checks these statements and lists the others as comments."""
    wanted = list(checked)
    lines = ["SPECIFICATION Spec"]
    for name, statement in exported.statements:
        lines.append(f"{'' if statement in wanted else COMMENT}INVARIANT {name}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Module:
    """The lines of one module."""

    exported: Exported
    name: str

    @property
    def system(self) -> System:
        """Return the system that the module describes."""
        return self.exported.system

    @property
    def kinds(self) -> tuple[FactKind, ...]:
        """Return the variables, one for each kind of fact."""
        return self.exported.kinds

    @cached_property
    def elements(self) -> dict[Fact, str]:
        """Return the element that stands for each fact in the set of its kind."""
        return {fact: element(self.exported.about(fact)) for fact in self.system.facts if fact.kind not in FLAGS}

    @cached_property
    def every(self) -> dict[FactKind, frozenset[str]]:
        """Return all elements that the set of each kind can have."""
        table: dict[FactKind, set[str]] = {}
        for fact, element in self.elements.items():
            table.setdefault(fact.kind, set()).add(element)
        return {kind: frozenset(elements) for kind, elements in table.items()}

    @cached_property
    def logs(self) -> dict[frozenset[str], str]:
        """Return the names of the sets that have one: the events of each service."""
        table: dict[frozenset[str], str] = {}
        for service, events in self.exported.logs.items():
            if len(events) > 1:
                table[frozenset(map(quoted, events))] = f"Of_{service}"
        return table

    # The parts of the module

    def lines(self) -> Iterator[str]:
        """Yield the lines of the module."""
        yield f"---- MODULE {self.name} ----"
        yield HEAD.format(title=self.exported.title, module=self.name)
        yield from self.legend()
        yield from self.variables()
        for name, action in zip(self.exported.actions, self.system.actions, strict=True):
            yield f"\\* {self.exported.action_in_words(action)}"
            yield f"{name} =="
            yield from (f"  /\\ {part}" for part in [*self.guards(action), *self.effects(action)])
            yield ""
        yield "Next =="
        yield from (f"  \\/ {name}" for name in self.exported.actions)
        if not self.system.actions:
            yield "  FALSE /\\ UNCHANGED vars"
        yield "\nSpec == Init /\\ [][Next]_vars\n"
        yield from self.properties()
        yield "===="

    def legend(self) -> Iterator[str]:
        """Yield the meaning of the strings in the sets, and the sets that have a name."""
        for element, words in self.exported.legend:
            yield f"\\* {quoted(element)}  {words}"
        yield ""
        for elements, name in self.logs.items():
            yield f"{name} == {braces(elements)}"
        yield ""

    def variables(self) -> Iterator[str]:
        """Yield the variables, and the initial state, in which no fact is true."""
        for kind in self.kinds:
            yield f"VARIABLE {kind}  \\* {MEANINGS[kind]}"
        yield f"\nvars == <<{', '.join(self.kinds)}>>\n"
        yield "Init =="
        yield from (f"  /\\ {kind} = {'FALSE' if kind in FLAGS else '{}'}" for kind in self.kinds)
        yield ""

    def guards(self, action: Action) -> Iterator[str]:
        """Yield the conditions under which the action can happen."""
        for kind in self.kinds:
            for facts, one, several in (
                (action.require, "{} \\in {}", "{} \\subseteq {}"),
                (action.forbid, "{} \\notin {}", "{} \\cap {} = {{}}"),
            ):
                found = sorted(fact for fact in facts if fact.kind is kind)
                if kind in FLAGS and found:
                    yield kind if facts is action.require else f"~{kind}"
                elif len(found) == 1:
                    yield one.format(self.elements[found[0]], kind)
                elif found:
                    yield several.format(self.set_of(found), kind)
        yield from map(self.clause, action.clauses)

    def clause(self, clause: Clause) -> str:
        """Return the disjunction of the literals of a clause."""
        negative = (Not(Atom(fact)) for fact in sorted(clause.negative))
        return self.formula(Or((*map(Atom, sorted(clause.positive)), *negative)))

    def effects(self, action: Action) -> Iterator[str]:
        """Yield the next value of every variable."""
        unchanged = []
        for kind in self.kinds:
            value = self.flag_after(kind, action) if kind in FLAGS else self.set_after(kind, action)
            if value == str(kind):
                unchanged.append(kind)
            else:
                yield f"{kind}' = {value}"
        if unchanged:
            yield f"UNCHANGED <<{', '.join(unchanged)}>>"

    def flag_after(self, kind: FactKind, action: Action) -> str:
        """Return the next value of a Boolean variable."""
        if any(fact.kind is kind for fact in action.add):
            return "TRUE"
        if any(fact.kind is kind for fact in action.delete):
            return "FALSE"
        copied = [source for source, destination in action.copy if destination.kind is kind]
        return self.formula(Atom(copied[0])) if copied else str(kind)

    def set_after(self, kind: FactKind, action: Action) -> str:
        """Return the next value of a variable that is a set."""
        copies = [(source, destination) for source, destination in action.copy if destination.kind is kind]
        gone = [fact for fact in action.delete if fact.kind is kind] + [destination for _, destination in copies]
        added = sorted(fact for fact in action.add if fact.kind is kind)
        parts = [] if self.names(gone) == self.every[kind] else [f"({kind} \\ {self.set_of(gone)})" if gone else kind]
        parts += self.copied(copies)
        parts += [self.set_of(added)] if added else []
        return " \\cup ".join(parts) or "{}"

    def copied(self, copies: list[tuple[Fact, Fact]]) -> Iterator[str]:
        """Yield the sets that copying adds to a set; events that keep their name come from another set all at once."""
        for kind in dict.fromkeys(source.kind for source, _ in copies):
            alike = [s for s, d in copies if s.kind is kind and self.elements.get(s, "") == self.elements[d]]
            if alike:
                whole = self.names(alike) == self.every[kind]
                yield str(kind) if whole else f"({kind} \\cap {self.set_of(alike)})"
            for source, destination in copies:
                if source.kind is kind and source not in alike:
                    there = self.formula(Atom(source))
                    yield f"(IF {there} THEN {{{self.elements[destination]}}} ELSE {{}})"

    def properties(self) -> Iterator[str]:
        """Yield the definition of settled states, and the statements."""
        yield "\\* Recovery is over: disaster has struck, and nothing more happens."
        yield f"Settled == {SETTLED if RECOVERED in self.system.facts else 'FALSE'}\n"
        for name, statement in self.exported.statements:
            where = "Settled => " if statement.settled else ""
            yield f"\\* {statement.words}"
            yield f"{name} == {where}~{self.formula(statement.violation)}\n"

    # Terms

    def set_of(self, facts: Iterable[Fact]) -> str:
        """Return the set of the elements for these facts, by its name if it has one."""
        names = self.names(facts)
        return self.logs.get(names) or braces(names)

    def names(self, facts: Iterable[Fact]) -> frozenset[str]:
        """Return the elements for these facts."""
        return frozenset(self.elements[fact] for fact in facts)

    def formula(self, formula: Formula) -> str:
        """Return the formula as a term in parentheses; facts that the system does not have are false."""
        return TLA.formula(formula, self.literal)

    def literal(self, fact: Fact, positive: bool) -> str:
        """Return the term for a fact or for its negation."""
        if fact in self.elements:
            relation = "\\in" if positive else "\\notin"
            return f"({self.elements[fact]} {relation} {fact.kind})"
        term = str(fact.kind) if fact.kind in self.kinds and fact.kind in FLAGS else "FALSE"
        return term if positive else TLA.negation.format(term)


def element(about: list[str]) -> str:
    """Return the element for a fact about one thing (a string) or two (a pair of strings)."""
    return quoted(about[0]) if len(about) == 1 else f"<<{', '.join(map(quoted, about))}>>"


def quoted(text: str) -> str:
    """Return a string of TLA+."""
    return f'"{text}"'


def braces(elements: Iterable[str]) -> str:
    """Return a set, its elements in a fixed order."""
    return f"{{{', '.join(sorted(elements))}}}"

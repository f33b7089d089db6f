"""A system as Promela, for SPIN: one process that repeats guarded commands, each of them one step.

Source: https://spinroot.com/spin/Man/promela.html; docs/exports.md, "Promela".
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bac.exports.exported import Exported
from bac.exports.names import in_comment
from bac.exports.notation import PROMELA
from bac.exports.statements import Statement
from bac.model.system import RECOVERED, Action, Fact
from bac.properties.formula import And, Atom, Formula, condition

COPIED = "copied_"
"""The prefix of the variables that hold copies within one step."""

_HEAD = """\
/* {title}

   Every reachable state, counted:

       spin -o2 -a {file} && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m1000000

   -o2 matters: without it SPIN silently drops variables that are written and never read, and so counts fewer states.
   -DNOREDUCE: there is one process, and so nothing for partial-order reduction to leave out.

   One property, and a shortest run that violates it:

       spin -o2 -a -DPROPERTY=NAME {file} && gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan
       spin -t -p -DPROPERTY=NAME {file}

   "errors: 0" means that it holds; "at depth 6" means a run of 5 actions, as the assertion is the last step.  The names
   are defined below.  Whether a backup stays possible is no property of single states, and not among them.
*/
"""


def promela(exported: Exported, file: str = "model.pml") -> str:
    """Return the model; ``file`` is its name in the commands of its head.

    It has one bit for each fact and no other state, so SPIN stores one state for each state of the system.  (Measured,
    SPIN is faster and needs less memory with bits than with bytes or masks over words.)
    """
    parts = (_head(exported, file), _variables(exported), _properties(exported), _process(exported))
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(exported: Exported, file: str) -> Iterator[str]:
    yield _HEAD.format(title=exported.title, file=in_comment(shlex.quote(file)))


def _variables(exported: Exported) -> Iterator[str]:
    for fact, name in exported.facts.items():
        yield f"bit {name}; /* {exported.fact_in_words(fact)} */"
    for number in range(max((len(_saved(action)) for action in exported.system.actions), default=0)):
        yield f"hidden byte {COPIED}{number}; /* a fact that is copied and overwritten in the same step */"
    yield ""


def _properties(exported: Exported) -> Iterator[str]:
    """Yield a number for each property, and the meaning of ``VIOLATED`` for the one that is chosen."""
    yield "#ifdef PROPERTY"
    for number, (name, statement) in enumerate(exported.statements, 1):
        yield f"#define {name} {number} /* {statement.words} */"
    for number, (_, statement) in enumerate(exported.statements, 1):
        yield f"#{'el' if number > 1 else ''}if PROPERTY == {number}"
        yield f"#define {'IN_SETTLED_STATES' if statement.settled else 'IN_ALL_STATES'}"
        yield f"#define VIOLATED ({_violation(exported, statement)})"
    yield "#else\n#error there is no property of this name\n#endif\n#endif\n"


def _violation(exported: Exported, statement: Statement) -> str:
    settled = statement.settled
    parts = [Atom(RECOVERED), statement.violation] if settled else [statement.violation]
    return expression(And(tuple(parts)), exported.facts)


def _process(exported: Exported) -> Iterator[str]:
    yield "active proctype model()\n{\nend:\tdo"
    for action in exported.system.actions:
        yield f"\t/* {exported.action_in_words(action)} */"
        yield f"\t:: d_step {{ {expression(condition(action), exported.facts)} -> {_effects(action, exported.facts)} }}"
    if not exported.system.actions:
        yield "\t:: false"
    yield "#ifdef IN_SETTLED_STATES\n\t:: else -> assert(!VIOLATED)\n#endif"
    yield "#ifdef IN_ALL_STATES\n\t:: VIOLATED -> assert(false)\n#endif"
    yield "\tod\n}"


def _effects(action: Action, names: dict[Fact, str]) -> str:
    """Return the assignments in sequence; every copy reads the value from before all of them."""
    saved = {fact: f"{COPIED}{number}" for number, fact in enumerate(_saved(action))}
    assignments = [f"{place} = {names[fact]}" for fact, place in saved.items()]
    assignments += [f"{names[to]} = {saved.get(source, names[source])}" for source, to in action.copy]
    assignments += [f"{names[fact]} = 1" for fact in sorted(action.add)]
    assignments += [f"{names[fact]} = 0" for fact in sorted(action.delete)]
    return "; ".join(assignments) or "skip"


def _saved(action: Action) -> list[Fact]:
    """Return the facts that an action both copies and overwrites."""
    overwritten = action.written
    return sorted({source for source, _ in action.copy if source in overwritten})


def expression(formula: Formula, names: dict[Fact, str]) -> str:
    """Return the formula as an expression; facts without a name are false."""
    return PROMELA.formula(formula, PROMELA.literals(lambda fact: names.get(fact, "false")))

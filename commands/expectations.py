"""``bac check --update-expect``: write what was found into the specification, as what is expected from now on."""

from __future__ import annotations

from pathlib import Path

from bac.commands.terminal import notify
from bac.model.files import write_text
from bac.model.plan import INDEPENDENT, Expectation, Plan
from bac.model.specification.expectations import with_expectations
from bac.proofs.results import PlanResult
from bac.properties.qualities import Property
from bac.reports.checked import Checked
from bac.reports.expectations import found_expectation


def update(checked: Checked) -> bool:
    """Write the verdicts on all plans that were checked into the file; return whether all of them are known.

    Raises:
        NotEditable: the file is written in a way that is not edited.
        UnwritableFile: the file cannot be written.
    """
    specification = checked.specification
    found: dict[str, Expectation] = {}
    complete = True
    for result in checked.results:
        if result.plan == INDEPENDENT.name:
            continue  # It is in no file.
        try:
            expect = found_expectation(result, checked.architecture.named)
        except ValueError as error:
            notify(f"{error}: its expectation was not written")
            complete = False
        else:
            found[result.plan] = merged(specification.plan(result.plan), expect, result)
    if found:
        path = Path(specification.file)
        text = path.read_bytes().decode()
        write_text(path, with_expectations(text, found))
        notify(f"{path}: expectations of {len(found)} plan{'s' * (len(found) != 1)} written")
    elif complete:
        notify(f"{specification.file}: no expectations written, because no plan of the file was checked")
    return complete


def merged(plan: Plan, found: Expectation, result: PlanResult) -> Expectation:
    """Return what was found, and what was expected before of the properties that were not checked."""
    if plan.expect is None:
        return found
    old = tuple(each for each in plan.expect.verdicts if Property(each[0]) not in result.properties)
    anomalies = found.anomalies if Property.CONSISTENCY in result.properties else plan.expect.anomalies
    return Expectation(old + found.verdicts, anomalies)

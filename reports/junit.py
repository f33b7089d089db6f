"""The report as JUnit XML: a test suite for each plan, a test case for each property."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from bac.proofs.results import PlanResult, PropertyResult, Verdict
from bac.properties.explanation import explain, listing
from bac.reports.checked import Checked, View, worst_first
from bac.reports.expectations import Mismatch


def render(checked: Sequence[Checked], view: View, several: bool) -> str:
    """Return the XML document.

    A test case passes if its property is as expected; without expectations, if it holds.  What is not as expected is a
    failure, and what is unknown an error.  A violated property of which nothing is expected is skipped.
    """
    name = "bac" if several else checked[0].architecture.name
    root = ElementTree.Element("testsuites", name=name)
    for each in checked:
        for result in each.results:
            SuiteWriter(each, view, result).write(root)
    count(root)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def count(suite: ElementTree.Element) -> None:
    """Write the numbers of test cases, failures, errors and skipped ones below an element onto it."""
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(list(suite.iter(tag)))))


class SuiteWriter:
    """Writes the test suite of one plan."""

    def __init__(self, checked: Checked, view: View, result: PlanResult) -> None:
        """Compare the results on the plan with what is expected of it."""
        self.checked, self.view, self.result = checked, view, result
        self.expected, self.mismatches = checked.expectation(result.plan), checked.judged(result)

    def write(self, root: ElementTree.Element) -> None:
        """Add the suite to the document."""
        name = f"{self.checked.architecture.name}: {self.result.plan}"
        suite = ElementTree.SubElement(root, "testsuite", name=name, time=f"{self.result.statistics.seconds:.3f}")
        for each in self.result.properties.values():
            self.property_case(self.case(suite, str(each.property)), each)
        if self.expected is not None and self.expected.any_violated:
            self.fail(self.case(suite, "violated as expected"), self.mismatches)
        count(suite)

    def case(self, suite: ElementTree.Element, name: str) -> ElementTree.Element:
        """Add a test case to the suite, with the place of the plan."""
        specification, plan = self.checked.specification, self.result.plan
        place = {"file": specification.file, "line": str(specification.place(plan).line)}
        return ElementTree.SubElement(suite, "testcase", {"classname": plan, "name": name} | place)

    def property_case(self, case: ElementTree.Element, found: PropertyResult) -> None:
        """Fill the test case of a property."""
        own = [mismatch for mismatch in self.mismatches if mismatch.property is found.property]
        violated = found.verdict is Verdict.VIOLATED
        if own:
            failure = self.fail(case, own)
            if violated and failure is not None:
                failure.text = "\n\n".join(self.evidence(found))
        elif found.verdict is Verdict.UNKNOWN:
            ElementTree.SubElement(case, "error", type="unknown", message=found.reason or "")
        elif violated and (self.expected is None or self.expected.verdict(found.property) is None):
            ElementTree.SubElement(case, "skipped", message="violated; nothing is expected of this property")
        elif violated:
            ElementTree.SubElement(case, "system-out").text = "violated, as expected"
        elif found.vacuous:
            ElementTree.SubElement(case, "system-out").text = f"holds vacuously: {found.reason}"

    def fail(self, case: ElementTree.Element, mismatches: Sequence[Mismatch]) -> ElementTree.Element | None:
        """Add a failure to a test case if there are mismatches: an error if all of them are unknown."""
        if not mismatches:
            return None
        unknown = all(mismatch.unknown for mismatch in mismatches)
        kind, type_ = ("error", "unknown") if unknown else ("failure", "mismatch")
        message = "; ".join(mismatch.message for mismatch in mismatches)
        return ElementTree.SubElement(case, kind, type=type_, message=message)

    def evidence(self, found: PropertyResult) -> Iterator[str]:
        """Yield each counterexample, as an explanation and a listing."""
        if found.trace is not None:
            yield "\n".join([explain(found.trace).sentence, *listing(found.trace)])
        selected = (each for each in found.anomalies if self.view.selects(each, self.checked.architecture))
        for anomaly in worst_first(selected)[: self.view.top]:
            trace = self.view.run(anomaly)
            yield "\n".join([explain(trace).sentence, *listing(trace)])

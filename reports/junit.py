"""The report as JUnit XML: a test suite for each plan, a test case for each property."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from bac.proofs.results import PlanResult, PropertyResult, Verdict
from bac.properties.explanation import explain
from bac.reports.groups import groups
from bac.reports.listing import listing


def junit(name: str, results: Iterable[PlanResult], expected: Verdict = Verdict.HOLDS) -> str:
    """The XML document.

    A violated property is a failure, an unknown one an error; one that holds for want of any recovery says so.  Where
    violation is expected, violated properties pass, and the suite has one more test case: that something was violated.
    """
    root = ElementTree.Element("testsuites", name=name)
    for result in results:
        suite = ElementTree.SubElement(
            root, "testsuite", name=f"{name}: {result.plan}", time=f"{result.statistics.seconds:.3f}"
        )
        for each in result.properties.values():
            case = ElementTree.SubElement(suite, "testcase", classname=result.plan, name=str(each.property))
            if each.verdict is Verdict.UNKNOWN:
                ElementTree.SubElement(case, "error", type="unknown", message=each.reason or "")
            elif each.verdict is Verdict.VIOLATED and expected is Verdict.HOLDS:
                failure = ElementTree.SubElement(
                    case, "failure", type="violated", message=f"{each.property} is violated"
                )
                failure.text = "\n\n".join(evidence(each))
            elif each.vacuous:
                ElementTree.SubElement(case, "system-out").text = each.reason
        if expected is Verdict.VIOLATED:
            case = ElementTree.SubElement(suite, "testcase", classname=result.plan, name="violated as expected")
            if result.verdict is not Verdict.VIOLATED:
                ElementTree.SubElement(case, "failure", type="not violated", message=f"the verdict is {result.verdict}")
        count(suite)
    count(root)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def count(suite: ElementTree.Element) -> None:
    """Write the numbers of test cases, failures and errors below an element onto it."""
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        suite.set(attribute, str(len(list(suite.iter(tag)))))


def evidence(result: PropertyResult) -> Iterable[str]:
    """Each counterexample, as an explanation and a listing."""
    if result.trace is not None:
        yield "\n".join([explain(result.trace).sentence, *listing(result.trace)])
    for alike in groups(result.anomalies):
        trace, others = alike.example.shown, len(alike.members) - 1
        more = [f"and {others:,} more like it"] if others else []
        yield "\n".join([explain(trace).sentence, *more, *listing(trace)])

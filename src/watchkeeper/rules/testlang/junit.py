"""Outcomes of unit tests as JUnit's XML, which build servers read."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from watchkeeper.rules.testlang.outcome import FileOutcome, failure_lines


def junit_xml(outcomes: Iterable[FileOutcome]) -> str:
    """A suite for each file, a case for each test; a file that could not be run is a suite with one error."""
    root = ET.Element("testsuites")
    for outcome in outcomes:
        failed = sum(bool(test.failures) for test in outcome.tests)
        name = _clean(outcome.file)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(max(len(outcome.tests), int(bool(outcome.error)))),
            failures=str(failed),
            errors=str(int(bool(outcome.error))),
            time=f"{sum(test.seconds for test in outcome.tests):.3f}",
        )
        for test in outcome.tests:
            case = ET.SubElement(suite, "testcase", classname=name, name=_clean(test.name), time=f"{test.seconds:.3f}")
            for failure in test.failures:
                found = ET.SubElement(case, "failure", message=_clean(failure.what))
                found.text = _clean("\n".join(failure_lines(outcome.file, failure)))
        if outcome.error:
            case = ET.SubElement(suite, "testcase", classname=name, name=name)
            found = ET.SubElement(case, "error", message="the file could not be run")
            found.text = _clean(outcome.error)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _clean(text: str) -> str:
    """Without the characters that XML can't hold."""
    return "".join(
        char
        if char in "\t\n\r" or (char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff")
        else "\ufffd"
        for char in text
    )

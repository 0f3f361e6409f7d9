"""Reads a JUnit report with junitparser, and prints what it understands as JSON.

    python junit_reader.py REPORT
"""

import json
import sys

from junitparser import JUnitXml

report = JUnitXml.fromfile(sys.argv[1])
suites = list(report) if report._tag == "testsuites" else [report]
print(
    json.dumps(
        [
            {
                "suite": suite.name,
                "tests": suite.tests,
                "failures": suite.failures,
                "skipped": suite.skipped,
                "cases": [[case.name, [type(result).__name__ for result in case.result]] for case in suite],
                "messages": [result.message for case in suite for result in case.result if result.message],
            }
            for suite in suites
        ]
    )
)

"""The files a report is written to: checked before the run, written after it, each whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.output import check_writable, write_whole


@dataclass(frozen=True)
class Outputs:
    """Where each form goes; None is nowhere."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None

    def check(self) -> None:
        """Raise BadInput, before anything is run, for a file that cannot be written."""
        for path in (self.json, self.junit, self.html):
            if path is not None:
                check_writable(path)

    def write(self, report: Report) -> None:
        """Write every form that was asked for. Raises BadInput with the path and the remedy."""
        # Imported here: templates cost a tenth of a second, and most runs write none.
        from rekeyspec.conformance.report.html import as_html  # noqa: PLC0415
        from rekeyspec.conformance.report.json_form import as_json  # noqa: PLC0415
        from rekeyspec.conformance.report.junit import as_junit  # noqa: PLC0415

        for path, form in ((self.json, as_json), (self.junit, as_junit), (self.html, as_html)):
            if path is not None:
                write_whole(path, form(report))

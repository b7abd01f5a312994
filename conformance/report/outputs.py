"""The files a report is written to: checked before the run, written after it, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.output import check_directory, check_writable, write_whole
from rekeyspec.conformance.target import BadInput


@dataclass(frozen=True)
class Outputs:
    """Where each form goes; None is nowhere. `badge` is a file, for one target; `badges` a directory."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    markdown: Path | None = None
    badge: Path | None = None
    badges: Path | None = None

    def check(self, targets: int = 1) -> None:
        """Raise BadInput, before anything is run, for a file that cannot be written, two forms for one file, or one
        badge for several targets."""
        if self.badge is not None and targets > 1:
            raise BadInput(
                f"--badge {self.badge}: read {targets} targets, expected one, which the badge is about; "
                "give --badges DIR, which writes one for each"
            )
        files = [path for path in (self.json, self.junit, self.html, self.markdown, self.badge) if path is not None]
        for path in files:
            check_writable(path)
        if self.badges is not None:
            check_directory(self.badges)
        ordinary = [path.resolve() for path in files if path.is_file() or not path.exists()]
        if twice := next((path for path in ordinary if ordinary.count(path) > 1), None):
            raise BadInput(f"{twice}: read two forms for this file, expected one; give each form a file of its own")

    def write(self, report: Report) -> None:
        """Write every form that was asked for. Raises BadInput with the path and the remedy."""
        for path, form in self._forms():
            write_whole(path, form(report))
        if self.badges is not None:
            from rekeyspec.conformance.report.badge import badges  # noqa: PLC0415

            for name, text in badges(report).items():
                write_whole(self.badges / name, text)

    def _forms(self) -> Iterator[tuple[Path, Callable[[Report], str]]]:
        # Imported where they are used: templates cost a tenth of a second, and most runs write none.
        if self.json is not None:
            from rekeyspec.conformance.report.json_form import as_json  # noqa: PLC0415

            yield self.json, as_json
        if self.junit is not None:
            from rekeyspec.conformance.report.junit import as_junit  # noqa: PLC0415

            yield self.junit, as_junit
        if self.html is not None:
            from rekeyspec.conformance.report.html import as_html  # noqa: PLC0415

            yield self.html, as_html
        if self.markdown is not None:
            from rekeyspec.conformance.report.markdown import as_markdown  # noqa: PLC0415

            yield self.markdown, as_markdown
        if self.badge is not None:
            from rekeyspec.conformance.report.badge import badge  # noqa: PLC0415

            yield self.badge, badge

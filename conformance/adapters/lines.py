"""`--validate`: every line between harness and adapter, checked against `protocol.schema.json` before anybody reads it.

The decoder in `wire.py` refuses what it does not expect as well; this is the second opinion, by a JSON Schema validator
that knows nothing of ours. It checks what the harness says, too. It is slow (milliseconds a line), so it is asked for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance.adapters.protocol import VERSION
from rekeyspec.conformance.adapters.wire import FROM_VERSION_0, shown
from rekeyspec.conformance.target import BadInput, Broken

SCHEMA: Final = Path(__file__).with_name("protocol.schema.json")

ANSWERS: Final = {"hello": "introduction", "open": "done", "step": "step_done", "run": "run_done", "close": "done"}
"""By the request, the definition in the schema that its answer meets."""


class Lines:
    """The lines of one target, checked and counted. Raises BadInput where the validator is not installed."""

    def __init__(self) -> None:
        try:
            from jsonschema import Draft202012Validator  # noqa: PLC0415
        except ModuleNotFoundError:
            remedy = "install it with: python -m pip install 'rekeyspec[validate]'"
            raise BadInput(f"--validate needs the module jsonschema, which is not installed; {remedy}") from None
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        self._forms = {
            form: Draft202012Validator({"$ref": f"#/$defs/{form}", "$defs": schema["$defs"]})
            for form in {*ANSWERS, *ANSWERS.values()}
        }
        self.requests = self.answers = 0

    def asked(self, request: bytes) -> None:
        """A request that is about to be written. Raises Broken, here and below, where it is not as the schema says."""
        self.requests += 1
        self._check(request, _cmd(request), "the harness was about to ask")

    def answered(self, request: bytes, answer: bytes) -> None:
        """The answer to this request, as it came."""
        self.answers += 1
        self._check(answer, ANSWERS[_cmd(request)], "it answered")

    def counts(self) -> str:
        """How many were checked, in words."""
        if not self.requests:
            return f"not spoken to in lines, so that there was nothing to check against {SCHEMA.name}"
        return f"{self.requests} requests and {self.answers} answers checked against {SCHEMA.name}"

    def _check(self, line: bytes, form: str, who: str) -> None:
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        read = f"{who} {shown(line.rstrip())}"
        try:
            said = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as wrong:
            raise Broken(f"{read}: this is not JSON: {wrong}; expected `{form}` of {SCHEMA.name}") from None
        found = best_match(self._forms[form].iter_errors(said))
        if found is not None:
            old = form == "introduction" and isinstance(said, dict) and said.get("protocol") == VERSION - 1
            why = f"{found.json_path}: {shown(found.message, 300)}"
            remedy = FROM_VERSION_0 if old else "see docs/adapters.md"
            raise Broken(f"{read}: {why}; expected `{form}` of {SCHEMA.name}; {remedy}")


def _cmd(request: bytes) -> str:
    asked: dict[str, Any] = json.loads(request)
    cmd: str = asked["cmd"]
    return cmd


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")

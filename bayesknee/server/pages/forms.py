"""What a form sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from bayesknee.server.problems import RefusedError

MOST_FIELDS: Final = 2_000  # judged: an answer for each question of a large network, and what goes with them
MOST_FILES: Final = 2  # one for each of two patients side by side
ASIDE: Final = "aside "  # before what is to be done: earlier answers that clash give way


@dataclass(frozen=True)
class SentForm:
    """The fields of a form.

    Attributes:
        fields: by name; of a name that came twice, the last.
        files: contents of the files, by name of the field.
    """

    fields: Mapping[str, str]
    files: Mapping[str, bytes]

    def __getitem__(self, name: str) -> str:
        """A field, with blanks at its ends removed; empty where it was not sent."""
        return self.fields.get(name, "").strip()

    @property
    def do(self) -> str:
        """What is to be done: the first word of the button that was pressed; empty for none."""
        return self["do"].removeprefix(ASIDE).partition("=")[0]

    @property
    def argument(self) -> str:
        """What stands behind `=` in that button."""
        return self["do"].removeprefix(ASIDE).partition("=")[2]

    @property
    def sets_aside(self) -> bool:
        """Whether earlier answers that clash give way."""
        return self["do"].startswith(ASIDE)

    def below(self, prefix: str) -> dict[str, str]:
        """The fields whose name begins so, by the rest of it, without empty ones."""
        found = {name.removeprefix(prefix): self[name] for name in self.fields if name.startswith(prefix)}
        return {name: value for name, value in found.items() if value}

    def case(self, name: str = "case") -> dict[str, Any]:
        """The case in a field or file; empty where there is none.

        Raises:
            RefusedError: it is no JSON object.
        """
        text = self.files.get(name) or self[name].encode()
        try:
            case = json.loads(text) if text.strip() else {}
        except (ValueError, RecursionError):
            case = None
        if not isinstance(case, dict):
            raise RefusedError(422, "the case file is no JSON object; expected one that this page or --json wrote")
        return case


async def _sent(request: Request) -> SentForm:
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
            else:
                fields[name] = value
    return SentForm(fields, files)


Sent: TypeAlias = Annotated[SentForm, Depends(_sent)]

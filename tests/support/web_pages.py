"""A page as a browser without scripts has it: its forms, and what their buttons send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

Attributes = dict[str, str]
VOID = {"input", "meta", "link", "br", "rect", "path"}


@dataclass
class PageForm:
    """A form: where it goes, what it holds, and its buttons as pairs of attributes and text."""

    attributes: Attributes
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[Attributes, str]] = field(default_factory=list)


class WebPage(HTMLParser):
    """A page, read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.tags: list[tuple[str, Attributes]] = []
        self.words: list[str] = []
        self._select, self._in_button = "", False
        self.feed(text)

    @property
    def text(self) -> str:
        """All that is to be read on it."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(PageForm(given))
        elif tag == "button":
            self.forms[-1].buttons.append((given, ""))
            self._in_button = True
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self.forms[-1].fields.append((self._select, given["value"]))
        elif tag == "input" and ("checked" in given or given.get("type") not in ("radio", "file")):
            self.forms[-1].fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_button:
            attributes, text = self.forms[-1].buttons[-1]
            self.forms[-1].buttons[-1] = (attributes, f"{text}{data}".strip())

    def heading(self, text: str) -> str:
        """The first heading of the page, which is `text`."""
        start = text.index("<h1")
        return " ".join(WebPage(text[start : text.index("</h1>", start)]).text.split())

    def button(self, wanted: str) -> tuple[PageForm, Attributes]:
        """The first button that has this text or sends this value, with its form."""
        for form in self.forms:
            for attributes, text in form.buttons:
                if wanted in (text, attributes.get("value")):
                    return form, attributes
        raise AssertionError(f"no button {wanted}: {[text for form in self.forms for _, text in form.buttons]}")


class Visitor:
    """Somebody who fills in forms and presses buttons."""

    def __init__(self, client: TestClient, address: str = "/") -> None:
        self.client = client
        self.answer: Any = client.get(address)  # of the library that Starlette's client stands on

    @property
    def page(self) -> WebPage:
        """What is shown."""
        return WebPage(self.answer.text)

    @property
    def heading(self) -> str:
        """What the page is headed by: of an interview, the question."""
        return self.page.heading(self.answer.text)

    def press(self, wanted: str, **fields: str) -> Any:  # noqa: ANN401 (as it)
        """Presses a button by its text or value, with these fields filled in besides; `__` stands for a dot."""
        form, button = self.page.button(wanted)
        sent = dict(form.fields) | {name.replace("__", "."): value for name, value in fields.items()}
        if "name" in button:
            sent[button["name"]] = button["value"]
        return self.send(button.get("formaction", form.attributes["action"]), sent)

    def say_unknown(self) -> None:
        """Answers that it is not known, or with the first answer that there is."""
        buttons = [attributes for form in self.page.forms for attributes, _ in form.buttons]
        values = [attributes.get("value", "") for attributes in buttons]
        first = next((value for value in values if value.startswith("answer=")), "")
        self.press(next(value for value in ("unknown", "answer=unknown", first) if value and value in values))

    def send(self, address: str, sent: dict[str, str]) -> Any:  # noqa: ANN401 (likewise)
        """Sends a form."""
        self.answer = self.client.post(address, data=sent)
        return self.answer

    def hidden(self, name: str) -> str:
        """A field of the first form that has it."""
        return next(value for form in self.page.forms for each, value in form.fields if each == name)

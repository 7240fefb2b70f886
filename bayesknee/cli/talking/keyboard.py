"""Runs a screen of an interview in a terminal: its keys, and drawing it anew after each of them."""

from __future__ import annotations

from typing import Any, Final

from bayesknee.cli.talking.choices import Marked
from bayesknee.cli.talking.screen import Shown

# Seconds after Escape in which an arrow's sequence must follow. A slow line takes more than a local one, and whoever
# presses Escape alone should not wait: a fifth of a second is under the half that is the library's own.
ESCAPE_WAITS: Final = 0.2
LOWEST, NARROWEST = 8, 20  # rows and columns of the smallest terminal in which a screen makes sense; judged
# A terminal makes the second of an Enter that comes between two screens.
_NAMES: Final = {"enter": "enter", "c-j": "enter", "escape": "escape", "backspace": "backspace", "c-h": "backspace"} | {
    name: name for name in ("up", "down", "pageup", "pagedown", "home", "end")
}


def chosen_in(shown: Shown) -> Marked:
    """What is chosen.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        EOFError: the input has ended.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window

    control = FormattedTextControl(lambda: ANSI("\n".join(shown.drawn(*_size(app)))), focusable=True, show_cursor=False)
    app: Application[Marked] = Application(
        layout=Layout(Window(control, dont_extend_height=True)), key_bindings=_keys(shown), erase_when_done=True
    )
    app.ttimeoutlen = ESCAPE_WAITS
    return app.run()


def _keys(shown: Shown) -> Any:  # noqa: ANN401 (key bindings of a library that is loaded late)
    from prompt_toolkit.key_binding import KeyBindings

    def press(app: Any, key: str) -> None:  # noqa: ANN401 (of a library that is loaded late)
        if not app.is_done and (chosen := shown.press(key)) is not None:
            app.exit(result=chosen)

    def paste(event: Any) -> None:  # noqa: ANN401
        for character in filter(str.isprintable, event.data):  # no Enter: what is pasted does not count by itself
            press(event.app, character)

    keys = KeyBindings()
    for name, key in _NAMES.items():
        keys.add(name, eager=name == "escape")(lambda event, key=key: press(event.app, key))
    keys.add("<any>")(lambda event: press(event.app, event.data))
    keys.add("<bracketed-paste>")(paste)
    keys.add("c-c")(lambda event: event.app.exit(exception=KeyboardInterrupt))
    keys.add("c-d")(lambda event: event.app.exit(exception=EOFError))
    return keys


def _size(app: Any) -> tuple[int, int]:  # noqa: ANN401 (of a library that is loaded late)
    size = app.output.get_size()
    return max(NARROWEST, size.columns), max(LOWEST, size.rows)

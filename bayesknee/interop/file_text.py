"""The text of a file that another program wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bayesknee.errors import ImportFileError

# Judged: several times what 40,000 links take, and the largest published networks; JSON of empty lists takes twenty
# times its size in memory.
MOST_BYTES: Final = 20_000_000
GZIP: Final = b"\x1f\x8b"


def file_text(path: Path, wanted: str) -> str:
    """The text, its lines ended as on Unix.

    Args:
        path: of the file.
        wanted: what it should be, for errors: `a noisy-OR network as JSON`.

    Raises:
        ImportFileError: it cannot be read, is too large, packed, or no UTF-8.
    """

    def refuse(got: str, remedy: str) -> ImportFileError:
        return ImportFileError(f"{path.name}: got {got}; expected {wanted}; {remedy}")

    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise refuse(f"more than {MOST_BYTES:,} bytes", "name the right file")
        if content.startswith(GZIP):
            raise refuse("a file packed by gzip", "unpack it with gunzip")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ImportFileError(f"cannot read {str(path)!r}: {error.strerror or error}; check the path") from None
    except UnicodeDecodeError:
        raise refuse("bytes that are not UTF-8", "save it as UTF-8") from None

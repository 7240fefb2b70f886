"""The text of a file that another program wrote."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

from bayesknee.errors import ImportFileError

# Judged: several times what 40,000 links take, and the largest published networks; JSON of empty lists takes twenty
# times its size in memory.
MOST_BYTES: Final = 20_000_000
GZIP: Final = b"\x1f\x8b"
# Of an XML file; each takes some hundred bytes in memory. The largest network that is known here, of 1,041 nodes, has
# 20,000. Judged
MOST_TAGS: Final = 1_000_000


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


def refuse_entities(text: str, source: str) -> None:
    """Refuses XML with entities: such as name one another grow to gigabytes, and no network has any.

    Raises:
        ImportFileError: it has entities, or more tags than any network.
    """
    if "<!ENTITY" in text:
        raise ImportFileError(f"{source}: got entities (<!ENTITY); expected plain XML; remove them")
    if (tags := text.count("<")) > MOST_TAGS:
        raise ImportFileError(f"{source}: got {tags:,} tags; expected at most {MOST_TAGS:,}; name the right file")


def xml_root(text: str, source: str) -> ET.Element:
    """The root of an XML file of another program.

    Args:
        text: of the file.
        source: its name, for errors.

    Raises:
        ImportFileError: it is no XML, has entities, or more tags than any network.
    """
    refuse_entities(text, source)
    try:
        return ET.fromstring(text.encode())  # noqa: S314 - entities, the danger of XML, are refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        told = f"got what is no XML ({error}); expected a complete file"
        raise ImportFileError(f"{source}: {told}; mend it there") from None

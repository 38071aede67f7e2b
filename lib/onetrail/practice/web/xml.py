"""XML as S3 and the query services speak it: written by hand for speed, read into plain trees."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape as _escape

from onetrail.practice.state.clock import iso

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class BadXml(ValueError):
    """The text is no well-formed XML."""


def escape(text: str) -> str:
    """Text for an element; carriage returns survive."""
    return _escape(text, {"\r": "&#13;", '"': "&quot;"}) if any(c in text for c in '&<>\r"') else text


def parse(body: bytes) -> ET.Element:
    """The root element with all namespaces stripped from tags. Raises BadXml."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadXml("document type declarations are not allowed")
    try:
        root = ET.fromstring(body)
    except ET.ParseError as err:
        raise BadXml(str(err)) from err
    for element in root.iter():
        element.tag = element.tag.rsplit("}", 1)[-1]
    return root


def text(element: ET.Element | None, path: str, default: str = "") -> str:
    """Text of the first element at the path."""
    if element is None:
        return default
    found = element.find(path)
    return default if found is None or found.text is None else found.text.strip()


def s3_document(root: str, inner: str) -> bytes:
    """A whole S3 answer."""
    return f'{DECLARATION}<{root} xmlns="{S3_NAMESPACE}">{inner}</{root}>'.encode()


def element(name: str, value: Any, item: str = "member") -> str:
    """A value as XML: mappings nest, sequences repeat `item`, instants in ISO 8601, None is nothing."""
    if value is None:
        return ""
    return f"<{name}>{_inner(value, item)}</{name}>"


def _inner(value: Any, item: str) -> str:
    if isinstance(value, Mapping):
        return "".join(element(key, found, item) for key, found in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(element(item, found, item) for found in value)
    return escape(str(value))

"""Column makers shared by the domains' ``tables.py``: keys, provenance and instants are spelled once."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    CHAR,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB


def key() -> Column[Any]:
    """Return the primary key: a UUIDv7."""
    return Column("id", Uuid, primary_key=True)


def uuid(name: str, *, optional: bool = False) -> Column[Any]:
    """Return an id of another row."""
    return Column(name, Uuid, nullable=optional)


def text(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a text column."""
    return Column(name, Text, nullable=optional)


def texts(name: str) -> Column[Any]:
    """Return an array of texts."""
    return Column(name, ARRAY(Text), nullable=False)


def instant(name: str, *, optional: bool = False) -> Column[Any]:
    """Return an instant with time zone."""
    return Column(name, TIMESTAMP(timezone=True), nullable=optional)


def day(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a calendar date."""
    return Column(name, Date, nullable=optional)


def flag(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a boolean."""
    return Column(name, Boolean, nullable=optional)


def small(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a small integer."""
    return Column(name, SmallInteger, nullable=optional)


def integer(name: str, *, optional: bool = False) -> Column[Any]:
    """Return an integer."""
    return Column(name, Integer, nullable=optional)


def big(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a big integer: money in minor units, sequences."""
    return Column(name, BigInteger, nullable=optional)


def number(name: str, precision: int, scale: int, *, optional: bool = False) -> Column[Any]:
    """Return a decimal number."""
    return Column(name, Numeric(precision, scale), nullable=optional)


def currency(name: str, *, optional: bool = True) -> Column[Any]:
    """Return an ISO 4217 code."""
    return Column(name, CHAR(3), nullable=optional)


def sealed(name: str) -> Column[Any]:
    """Return encrypted bytes."""
    return Column(name, LargeBinary, nullable=True)


def json(name: str, *, optional: bool = False) -> Column[Any]:
    """Return a JSON document."""
    return Column(name, JSONB(none_as_null=True), nullable=optional)


def version() -> Column[Any]:
    """Return the aggregate's version: goes up with every change, guards concurrent ones."""
    return Column("version", Integer, nullable=False, server_default="1")


def provenance() -> tuple[Column[Any], Column[Any]]:
    """Return where the row came from: a system and its id there."""
    return Column("source_system", Text, nullable=False, server_default="nexus"), Column("source_id", Text, nullable=True)


def moments(*, append_only: bool = False) -> tuple[Column[Any], ...]:
    """Return when the row was made, changed and recorded; rows of append-only tables never change."""
    names = ("created_at", "recorded_at") if append_only else ("created_at", "updated_at", "recorded_at")
    return tuple(Column(name, TIMESTAMP(timezone=True), nullable=False, server_default=func.now()) for name in names)

"""The catalogue of metric definitions: loads and checks ``dbt_project/metrics/*.yml``. Computing them is ``metrics.evaluate``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

FOLDER = Path(__file__).resolve().parents[1] / "dbt_project" / "metrics"


class CatalogueError(ValueError):
    """A catalogue file is malformed. The message names the file, the entry and the field."""


class UnknownMetric(KeyError):
    """No metric has this id. The message names the ones that exist."""

    def __str__(self) -> str:
        """Return the plain message (KeyError would quote it)."""
        return str(self.args[0])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Unit = Literal["count", "rate", "days", "score", "ratio"]


class Switch(_Strict):
    """A choice of policy a caller may make. ``units`` names the values that change the unit of the answer."""

    values: tuple[str, ...] = Field(min_length=2)
    default: str
    meaning: str
    units: dict[str, Unit] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _default_is_a_value(self) -> "Switch":
        if self.default not in self.values:
            raise ValueError(f"default {self.default!r} is not among the values {self.values}")
        return self


class Example(_Strict):
    """A golden example: tiny published rows, a query and the answer it must give.

    ``rows`` maps table → column → values; a single value stands for every row.
    """

    rows: dict[str, dict[str, JsonValue]]
    query: dict[str, JsonValue] = Field(default_factory=dict)
    expected: tuple[dict[str, JsonValue], ...]


class Definition(_Strict):
    """One metric: what it answers, how, from which rows, and from how many of them it may be shown."""

    id: str = Field(pattern=r"^[A-Z][0-9]{1,2}$")
    version: int = Field(ge=1)
    name: str
    question: str
    grain: str
    formula: str
    policy: str
    switches: dict[str, Switch] = Field(default_factory=dict)
    dimensions: tuple[str, ...]
    unit: Unit
    interval: Literal[
        "wilson",
        "kaplan_meier",
        "order_statistic",
        "noise_margin",
        "as_stored",
        "ratio",
        "bootstrap",
        "poisson_binomial",
        "posterior",
        "delong",
        "none",
    ]
    shown_from: int = Field(ge=0, description="smallest n at which a value is shown")
    ranked_from: int = Field(ge=0, description="smallest n at which a value may be ranked")
    owner: str
    reads: dict[str, tuple[str, ...]] = Field(min_length=1, description="table → columns; the first table is the metric's mart")
    period_column: str | None
    example: Example

    @property
    def mart(self) -> str:
        """The table whose rows the metric counts."""
        return next(iter(self.reads))


@dataclass(frozen=True)
class Catalogue:
    """Every metric definition, by id."""

    definitions: Mapping[str, Definition]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Catalogue":
        """Load every ``*.yml`` of a folder.

        Raises:
            CatalogueError: a file is not a list of entries, an entry breaks the schema, or an id appears twice.
        """
        found: dict[str, Definition] = {}
        for file in sorted(folder.glob("*.yml")):
            entries = yaml.safe_load(file.read_text())
            if not isinstance(entries, list):
                raise CatalogueError(f"{file.name}: expected a list of metrics")
            for entry in entries:
                name = entry.get("id", "?") if isinstance(entry, dict) else "?"
                try:
                    definition = Definition.model_validate_json(json.dumps(entry, default=str))
                except ValidationError as error:
                    raise CatalogueError(f"{file.name}, metric {name}: {error}") from error
                if definition.id in found:
                    raise CatalogueError(f"{file.name}: metric {definition.id} is defined twice")
                found[definition.id] = definition
        if not found:
            raise CatalogueError(f"{folder} holds no metric definition")
        return cls(found)

    def __getitem__(self, metric_id: str) -> Definition:
        """Return a definition.

        Raises:
            UnknownMetric: no metric has this id.
        """
        if metric_id not in self.definitions:
            raise UnknownMetric(f"there is no metric {metric_id!r}; known: {', '.join(self.definitions)}")
        return self.definitions[metric_id]

    def __iter__(self) -> Iterator[Definition]:
        """Iterate over the definitions in the order of their files."""
        return iter(self.definitions.values())


@cache
def product_catalogue() -> Catalogue:
    """Return the product's own catalogue, loaded once per process."""
    return Catalogue.load()


def definition(metric_id: str) -> Definition:
    """Return a definition of the product's catalogue.

    Raises:
        UnknownMetric: no metric has this id.
    """
    return product_catalogue()[metric_id]


def definitions_frame(catalogue: Catalogue) -> pl.DataFrame:
    """Return the catalogue as the published table ``metric_definitions``: one row a metric; switches as JSON text."""
    return pl.DataFrame(
        [
            {
                **entry.model_dump(include={"version", "name", "question", "grain", "formula", "policy", "unit", "interval", "shown_from"}),
                "metric_id": entry.id,
                "ranked_from": entry.ranked_from,
                "owner": entry.owner,
                "mart": entry.mart,
                "columns_read": [f"{table}.{column}" for table, columns in entry.reads.items() for column in columns],
                "dimensions": list(entry.dimensions),
                "switches": json.dumps({name: switch.model_dump() for name, switch in entry.switches.items()}, sort_keys=True),
            }
            for entry in catalogue
        ],
        schema_overrides={"version": pl.Int64, "shown_from": pl.Int64, "ranked_from": pl.Int64},
    ).select("metric_id", pl.exclude("metric_id"))

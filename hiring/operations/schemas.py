"""What the operator's route answers."""

from datetime import datetime

from hiring.schemas import Reply


class Operation(Reply):
    """One figure about the machinery."""

    name: str
    help: str
    value: float
    labels: dict[str, str]


class Operations(Reply):
    """Every figure, and the instant it was read."""

    at: datetime
    items: list[Operation]

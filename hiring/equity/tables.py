"""Tables of the schema ``equity``: only the columns the privacy design allows, no id and no instant."""

from sqlalchemy import Column, MetaData, Table, Text

from hiring.columns import day, text, uuid

metadata = MetaData(schema="equity")

responses = Table(
    "responses",
    metadata,
    Column("dei_key", Text, primary_key=True),
    uuid("tenant_id"),
    day("submitted_on"),
    text("question_set_version"),
    text("gender"),
    text("ethnicity"),
    text("age_band"),
    text("disability"),
    text("veteran"),
    text("locale"),
)
invitations = Table(
    "invitations",
    metadata,
    Column("dei_key", Text, primary_key=True),
    uuid("tenant_id"),
    day("invited_on"),
    text("question_set_version"),
    text("locale"),
)

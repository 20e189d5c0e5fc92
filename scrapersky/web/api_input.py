"""The base of request bodies."""

from ninja import Schema
from pydantic import ConfigDict


class RequestBody(Schema):
    """A request body; an unknown field is an error, because without it more rows could match.

    Bodies of the older paths ignore unknown fields: older clients send some.
    """

    model_config = ConfigDict(extra="forbid")

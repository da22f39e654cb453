"""The equity key, the keys derived from it, and the table of noise that the release draws from."""

import hashlib
import hmac
from decimal import ROUND_HALF_EVEN, Context, Decimal

import polars as pl

from foundation.pseudonyms import dei_key
from foundation.settings import Home

_HASH_DIGITS = 13


class EquityKey:
    """The secret ``equity_key`` and the keys derived from it; none of them is ever shown."""

    def __init__(self, text: str) -> None:
        """Take the text of the secret."""
        self._text = text

    @classmethod
    def read(cls, home: Home) -> "EquityKey":
        """Read ``secrets/equity_key``.

        Raises:
            MissingSecret: the file is absent or readable by others; the message names it and the fix.
        """
        return cls(home.read_secret("equity_key"))

    def __repr__(self) -> str:
        """Return the key's public name."""
        return f"EquityKey({self.key_id})"

    @property
    def key_id(self) -> str:
        """Public name of the key: says which key a release was made with, and nothing of the key."""
        return self._derive("key id")[:8]

    @property
    def noise_secret(self) -> str:
        """The key of the noise; unlike the equity key it can be read in the build file, and it opens no answer."""
        return self._derive("release noise")

    def dei_key(self, tenant_id: str, candidate_id: str) -> str:
        """Return the key under which a person's answer to a school is kept."""
        return dei_key(self._text, tenant_id, candidate_id)

    def record_key(self, cohort: str, candidate_id: str) -> int:
        """Return a person's 40-bit key in a cohort: it moves the noise when who is in a cell changes, and links no two cohorts."""
        return int(self._derive(f"record|{cohort}|{candidate_id}")[:10], 16)

    def _derive(self, purpose: str) -> str:
        return hmac.new(self._text.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def noise_ranges(release: str, epsilon: str) -> pl.DataFrame:
    """Return the two-sided geometric distribution P(k) ∝ exp(-epsilon·|k|) as ranges of the first 13 hex digits of a hash.

    Columns: release, from_hash (inclusive), to_hash (exclusive, text order), noise. The ranges cover every hash; values rarer than
    16^-13 are left out. Computed to 50 digits from the decimal text of epsilon, so every machine gets the same table.
    Source: Ghosh, Roughgarden & Sundararajan, SIAM J. Computing 41 (2012).
    """
    context = Context(prec=50, rounding=ROUND_HALF_EVEN)
    q = context.exp(-Decimal(epsilon))
    whole = 16**_HASH_DIGITS

    def up_to(k: int) -> int:
        """Return how many of the 16^13 hashes have noise <= k."""
        tail = context.divide(context.power(q, abs(k) if k < 0 else k + 1), context.add(Decimal(1), q))
        return int(context.multiply(tail if k < 0 else context.subtract(Decimal(1), tail), Decimal(whole)))

    largest = int(context.divide(context.ln(Decimal(whole)), Decimal(epsilon)))
    ends = [(k, up_to(k)) for k in range(-largest, largest)] + [(largest, whole)]
    rows, start = [], 0
    for k, end in ends:
        if end > start:
            rows.append((release, _digits(start), "g" if end == whole else _digits(end), k))
        start = end
    schema = {"release": pl.String, "from_hash": pl.String, "to_hash": pl.String, "noise": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _digits(number: int) -> str:
    return f"{number:0{_HASH_DIGITS}x}"

"""Résumés and what a parser reads in them. Nobody in the simulated world decides by the score: it only mirrors who applied.

What belongs here: rows of résumé parses, drawn from a stream of each application's own, so that they change nothing else of the history.
What doesn't: selection.
"""

from random import Random

from simulator.market import Application, Market, Row, logistic

PARSER_VERSION = "2023-1"
_HAS_RESUME = {False: 0.93, True: 0.45}  # by whether the applicant already works there; assumption
_UNREADABLE = 0.02
_NOISE = 0.9  # what a résumé hides or flatters, in sds of the latent match; assumption


def record_parse(market: Market, t: float, application: Application) -> None:
    """Record the parse of an application's résumé, minutes to hours after ``t``; some applications come without one."""
    rng = Random(f"{market.ledger.key}|resume|{application.index}")
    if rng.random() >= _HAS_RESUME[application.is_internal]:
        return
    done = t + min(0.5, 0.003 + rng.expovariate(1 / 0.06))
    parse: Row = ("dead", PARSER_VERSION, "no text found in the file", None, None)
    if rng.random() >= _UNREADABLE:
        parse = ("done", PARSER_VERSION, None, _score(rng, application), done)
    market.ledger.born("assessments.resume_parses", done, application.job.school.organisation, application.index, *parse)


def _score(rng: Random, application: Application) -> float:
    """Return the share shown of 4 to 9 qualifications, licences and subjects that the job asks for: a noisy view of the latent match."""
    asked = 4 + application.job.index % 6
    shows = logistic(0.3 + 0.45 * (application.match + rng.gauss(0.0, _NOISE)))
    return round(sum(rng.random() < shows for _ in range(asked)) / asked, 4)

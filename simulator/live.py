"""Goes on living in (near) real time, as people would: through the hiring API and nothing else.

What belongs here: a few open jobs, their applicants and the decisions about them, one request after another. What doesn't: the database.
It acts only on jobs and applications of its own, so that a bulk history continued later meets nothing it did not write.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from threading import Event
from typing import Any

import httpx

from foundation import clock
from simulator.market import logistic
from simulator.organisations import FAMILY, GIVEN
from simulator.people import QUALIFICATIONS
from simulator.world import CHANNELS, GRADE_RANGES, STAGES, SUBJECTS, World, choose_world

_ORIGINS = {"referral": "referred", "internal": "internal", "sourced": "sourced"}
_CONFLICT = 409
_ATTEMPTS = 5


class LiveFailed(RuntimeError):
    """The hiring API refused or could not be reached. The message names the request and what it answered."""


@dataclass
class _Applicant:
    id: str
    job: "_Job"
    match: float
    stage: str = "applied"
    offer_id: str | None = None


@dataclass
class _Job:
    id: str
    tenant_id: str
    applicants: list[_Applicant] = field(default_factory=list)


class Life:
    """One session of live simulation; ``step`` does one thing somebody would do."""

    def __init__(self, client: httpx.Client, *, world: World, seed: int, open_jobs: int = 12) -> None:
        """Read the schools, channels and stage names the credential reaches.

        Raises:
            LiveFailed: there is no school in reach, or the API does not answer.
        """
        self._client, self._world, self._rng, self._open_jobs = client, world, Random(seed), open_jobs
        self.counts: Counter[str] = Counter()
        self._jobs: list[_Job] = []
        self._schools = [row["id"] for row in self._list("/v1/organisations", kind="school")]
        if not self._schools:
            raise LiveFailed("GET /v1/organisations: no school in reach of this credential; simulate a history first, or use another one")
        self._channels = {row["type"]: row["id"] for row in self._list("/v1/channels") if row["tenant_id"] is None}
        stages = sorted(self._list("/v1/stage-definitions"), key=lambda row: -row["rank"])
        self._names = {(row["organisation_id"], row["canonical_stage"]): row["name"] for row in stages if row["active_to"] is None}

    def step(self) -> str:
        """Do one thing and return its name: job_opened, applied, moved, rejected, withdrawn, offered, hired, declined or refused."""
        rng = self._rng
        everybody = [applicant for job in self._jobs for applicant in job.applicants]
        if len(self._jobs) < self._open_jobs and (not self._jobs or rng.random() < 0.08):
            done = self._open_job()
        elif not everybody or rng.random() < 0.4:
            done = self._apply(rng.choice(self._jobs))
        else:
            done = self._decide(rng.choice(everybody))
        self.counts[done] += 1
        return done

    def _open_job(self) -> str:
        rng = self._rng
        tenant, subject = rng.choice(self._schools), rng.choice(SUBJECTS)
        body = {
            "tenant_id": tenant,
            "title": f"Teacher of {subject.replace('_', ' ')}",
            "subject": subject,
            "grade_range": rng.choice(GRADE_RANGES),
        }
        job = self._send("POST", "/v1/jobs", body)
        self._send("POST", f"/v1/jobs/{job['id']}/approve")
        self._send("POST", f"/v1/jobs/{job['id']}/open")
        if "direct" in self._channels:
            self._send("POST", f"/v1/jobs/{job['id']}/postings", {"channel_id": self._channels["direct"]})
        self._jobs.append(_Job(job["id"], tenant))
        return "job_opened"

    def _apply(self, job: _Job) -> str:
        rng = self._rng
        channel = rng.choices(CHANNELS, [each.share if each.type != "agency" else 0.0 for each in CHANNELS])[0]
        person = {
            "given_name": rng.choice(GIVEN),
            "family_name": rng.choice(FAMILY),
            "email": f"live{rng.getrandbits(64):016x}@mail.example",
            "years_experience": round(min(45.0, rng.gammavariate(1.6, 4.5)), 1),
            "qualification_level": rng.choice(QUALIFICATIONS[1:4]),
            "consents": [{"purpose": "automated_scoring", "text_version": "2023-1"}],
        }
        touch = {"channel_id": self._channels.get(channel.type), "touched_at": clock.now().isoformat()}
        origin = _ORIGINS.get(channel.type, "inbound")
        body = {"job_id": job.id, "candidate": person, "origin": origin, "is_internal": origin == "internal", "touches": [touch]}
        application = self._try("POST", "/v1/applications", body)
        if application is None:
            return "refused"
        job.applicants.append(_Applicant(application["id"], job, 0.9 * rng.gauss(0.0, 1.0) + 0.5 * channel.effect))
        return "applied"

    def _decide(self, applicant: _Applicant) -> str:
        rng, world, job = self._rng, self._world, applicant.job
        if applicant.offer_id:
            return self._answer(applicant)
        if rng.random() < 0.04:
            return self._end(applicant, "withdraw", "withdrawn")
        logit = world.advance_logit[applicant.stage] + world.match_effect * applicant.match + 0.35 * math.log(5 / (1 + len(job.applicants)))
        if rng.random() >= logistic(logit):
            return self._end(applicant, "reject", "rejected")
        following = STAGES[STAGES.index(applicant.stage) + 1]
        if following == "offer":
            return self._offer(applicant)
        name = self._names.get((job.tenant_id, following), following)
        if self._try("POST", f"/v1/applications/{applicant.id}/move", {"to_stage": name}) is None:
            return self._forget(applicant)
        applicant.stage = following
        return "moved"

    def _end(self, applicant: _Applicant, verb: str, done: str) -> str:
        reply = self._try("POST", f"/v1/applications/{applicant.id}/{verb}", {})
        self._forget(applicant)
        return done if reply is not None else "refused"

    def _offer(self, applicant: _Applicant) -> str:
        if any(other.offer_id for other in applicant.job.applicants):
            return "waited"
        offer = self._try("POST", f"/v1/applications/{applicant.id}/offers", {"start_date": str(_next_september(clock.now().date()))})
        if offer is None:
            return self._forget(applicant)
        for verb in ("submit", "approve", "send"):
            self._send("POST", f"/v1/offers/{offer['id']}/{verb}")
        applicant.offer_id = offer["id"]
        return "offered"

    def _answer(self, applicant: _Applicant) -> str:
        if self._rng.random() < logistic(self._world.accept_logit):
            hire = self._try("POST", f"/v1/offers/{applicant.offer_id}/accept", {})
            if hire is not None:
                self._jobs.remove(applicant.job)
                return "hired"
        else:
            reply = self._try("POST", f"/v1/offers/{applicant.offer_id}/decline", {})
            if reply is not None:
                self._forget(applicant)
                return "declined"
        return self._forget(applicant)

    def _forget(self, applicant: _Applicant) -> str:
        applicant.job.applicants.remove(applicant)
        return "refused"

    def _list(self, path: str, **filters: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            query = {**filters, "limit": "200", **({"cursor": cursor} if cursor else {})}
            page = self._send("GET", path, params=query)
            rows += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return rows

    def _try(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Send; None if the API says that somebody was faster (409)."""
        reply = self._request(method, path, body, None)
        return None if reply.status_code == _CONFLICT else self._read(method, path, reply)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None, params: dict[str, str] | None = None) -> dict[str, Any]:
        return self._read(method, path, self._request(method, path, body, params))

    def _request(self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, str] | None) -> httpx.Response:
        key = {"Idempotency-Key": f"live-{self._rng.getrandbits(96):024x}"} if method == "POST" else {}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._client.request(method, path, json=body, params=params, headers=key)
            except httpx.TransportError as error:
                if attempt == _ATTEMPTS:
                    raise LiveFailed(f"{method} {path}: the hiring API does not answer at {self._client.base_url} ({error})") from error
                Event().wait(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    @staticmethod
    def _read(method: str, path: str, reply: httpx.Response) -> dict[str, Any]:
        if reply.status_code >= 400:
            raise LiveFailed(f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        answer: dict[str, Any] = reply.json()
        return answer


def _next_september(today: date) -> date:
    return date(today.year + (today.month >= 8), 9, 1)


def live(
    api_url: str,
    credential: str,
    *,
    per_minute: float = 30.0,
    steps: int | None = None,
    world: str = "realistic",
    seed: int | None = None,
    stop: Event | None = None,
    report: Callable[[str, Counter[str]], None] | None = None,
) -> Counter[str]:
    """Live on until ``steps`` things were done or ``stop`` is set; return how many of each kind.

    Args:
        api_url: base address of the hiring API.
        credential: session token or API key that may write jobs, candidates, applications and offers, and approve the last.
        per_minute: things done a minute on average; the waits between them are exponential. ``math.inf``: no waits.
        steps: how many things to do; None: until stopped.
        world: whose probabilities to use.
        seed: of the draws; None: taken from the clock, so that two sessions differ.
        stop: set it to end after the current request.
        report: called after each thing with its name and the counts so far.

    Raises:
        LiveFailed: the API refused a request that should succeed, or stopped answering.
    """
    stop = stop or Event()
    seed = clock.now().microsecond if seed is None else seed
    pause = Random(seed + 1)
    headers = {"Authorization": f"Bearer {credential}"}
    with httpx.Client(base_url=api_url, headers=headers, timeout=30) as client:
        life = Life(client, world=choose_world(world), seed=seed)
        done = 0
        while (steps is None or done < steps) and not stop.is_set():
            what = life.step()
            done += 1
            if report:
                report(what, life.counts)
            if math.isfinite(per_minute) and done != steps:
                stop.wait(pause.expovariate(per_minute / 60.0))
    return life.counts

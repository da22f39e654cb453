"""The true effects of a simulated world: every number the engine draws from, and where it comes from.

What belongs here: vocabularies and parameters. What doesn't: random draws. Figures marked *assumption* have no published source; the others
come from public-sector hiring times, Upjohn WP 25-421 (applicants per teaching vacancy), NCES 2024 (unfilled posts), TNTP (withdrawals) and
Jobvite (sources), as listed in the design of the predictions.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
OUTCOMES = ("hired", "rejected", "withdrawn", "offer_declined", "job_closed", "duplicate")
SUBJECTS = (
    "mathematics", "english", "science", "languages", "humanities",
    "primary", "special_education", "computing", "arts", "physical_education",
)  # fmt: skip
GRADE_RANGES = ("early_years", "primary", "lower_secondary", "upper_secondary")
STAFF_CLASSES = ("teacher", "leadership", "support")


@dataclass(frozen=True, slots=True)
class Country:
    """Where a group's schools are: IANA zone, first month of the academic year, currency, pay level and whether the survey is lawful."""

    code: str
    timezone: str
    academic_year_start_month: int
    currency: str
    salary: int
    allows_equity_survey: bool
    pace: float  # multiplies every stage's duration; assumption

    @property
    def minor_units(self) -> int:
        """Minor units of one unit of the currency (ISO 4217): amounts are whole numbers of them."""
        return 1 if self.currency == "KRW" else 100


COUNTRIES = (
    Country("GB", "Europe/London", 9, "GBP", 38_000, True, 1.0),
    Country("US", "America/New_York", 8, "USD", 58_000, True, 0.9),
    Country("AU", "Australia/Sydney", 1, "AUD", 85_000, True, 0.95),
    Country("AE", "Asia/Dubai", 9, "AED", 160_000, False, 0.85),
    Country("ZA", "Africa/Johannesburg", 1, "ZAR", 320_000, True, 1.2),
    Country("US", "America/Los_Angeles", 8, "USD", 64_000, True, 0.95),
    Country("NZ", "Pacific/Auckland", 2, "NZD", 75_000, True, 1.05),
    Country("DE", "Europe/Berlin", 8, "EUR", 52_000, False, 1.25),
    Country("KR", "Asia/Seoul", 3, "KRW", 48_000_000, True, 0.9),
    Country("GB", "Europe/London", 9, "GBP", 40_000, True, 1.1),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in: its share of applicants, its planted effect on the latent match (log-odds a stage), and its monthly cost to a school."""

    name: str
    type: str
    share: float
    effect: float
    monthly_cost: int
    is_posted: bool


# Shares: referrals 7 % of applicants, job boards (with Indeed) 43 %, career site about a third when LinkedIn is counted apart.
CHANNELS = (
    Channel("Careers page", "direct", 0.20, 0.05, 0, True),
    Channel("LinkedIn", "linkedin", 0.12, 0.20, 210, True),
    Channel("Indeed", "indeed", 0.15, -0.25, 150, True),
    Channel("Teaching board", "job_board", 0.19, -0.12, 120, True),
    Channel("Classroom jobs", "job_board", 0.08, -0.12, 80, True),
    Channel("Recruitment agency", "agency", 0.06, 0.35, 0, False),
    Channel("Staff referral", "referral", 0.07, 1.3, 60, False),
    Channel("Careers fair", "event", 0.025, 0.10, 90, False),
    Channel("Social media", "social", 0.035, -0.45, 70, True),
    Channel("Internal notice", "internal", 0.03, 0.80, 0, True),
    Channel("Direct search", "sourced", 0.04, 0.50, 0, False),
)

TERMINAL_REASONS = (
    ("Not qualified", "employer"),
    ("Stronger candidate chosen", "employer"),
    ("Did not pass checks", "employer"),
    ("Offer rescinded", "employer"),
    ("Accepted another post", "candidate"),
    ("Pay too low", "candidate"),
    ("Process too slow", "candidate"),
    ("Personal reasons", "candidate"),
    ("Post filled", "neutral"),
    ("Post cancelled", "neutral"),
    ("Duplicate application", "neutral"),
)


def subject_map(**values: float) -> dict[str, float]:
    """Return a value for every subject: the named ones as given, the others 0."""
    return {subject: values.get(subject, 0.0) for subject in SUBJECTS}


@dataclass(frozen=True)
class World:
    """The parameters of a named world. Durations in days, probabilities as log-odds, spreads as standard deviations of log time."""

    name: str
    job_frailty_sd: float  # what nobody can know of a job at its opening
    stage_noise_sd: float  # spread of one application's time in one stage
    school_pace_sd: float = 0.38
    # Median of one stage's decision time before queueing. Interview is the planted bottleneck (shortlist to decision 23 / 56 days in the
    # public-sector figures, against 7 / 22 for the shortlist); the rest are assumptions that reproduce open-to-hired 62 / 128.
    stage_days: dict[str, float] = field(
        default_factory=lambda: {"applied": 2.3, "screen": 3.1, "interview": 6.6, "demo_lesson": 2.7, "references_checks": 3.4}
    )
    bottleneck_stage: str = "interview"
    advance_logit: dict[str, float] = field(
        default_factory=lambda: {"applied": 1.0, "screen": 0.8, "interview": 0.8, "demo_lesson": 1.2, "references_checks": 2.8}
    )
    # Withdrawals: 31–60 % of applicants in slow districts (TNTP); hazard a day, rising with the school's slowness.
    withdraw_hazard: dict[str, float] = field(
        default_factory=lambda: {"applied": 0.010, "screen": 0.018, "interview": 0.018, "demo_lesson": 0.018, "references_checks": 0.010}
    )
    match_effect: float = 0.8
    subject_supply: dict[str, float] = field(  # log multiplier of applicants per job; special education 2.4 against 3.3–6.1
        default_factory=lambda: subject_map(
            special_education=-0.75,
            languages=-0.45,
            mathematics=-0.3,
            science=-0.25,
            computing=-0.35,
            primary=0.35,
            physical_education=0.4,
            humanities=0.25,
            english=0.1,
            arts=0.15,
        )
    )
    subject_pace: dict[str, float] = field(  # log multiplier of stage durations; assumption
        default_factory=lambda: subject_map(
            special_education=0.35, languages=0.25, mathematics=0.10, science=0.05, primary=-0.25, physical_education=-0.25, arts=-0.1
        )
    )
    applicants_mean: float = 8.5  # a posting in season, before censoring by the fill
    applicants_shape: float = 1.0  # negative binomial: smaller is heavier
    late_posting_factor: float = 0.5  # posted in the last six weeks before school: half the applicants (Upjohn)
    accept_logit: float = 1.75
    accept_weekly_decline: float = 0.12  # log-odds a week: about 0.02 of acceptance; assumption
    hold_probability: float = 0.07
    cancel_probability: float = 0.035
    renege_probability: float = 0.025
    visa_days: float = 21.0
    leave_logit: float = -2.35  # first-year leavers 10–11 %
    leave_effects: dict[str, float] = field(  # 8 % with a mentor, 16 % without; 13 % on time, 22 % late
        default_factory=lambda: {"match": -0.55, "mentoring": -0.7, "late_hire": 0.6, "pay": -0.2}
    )
    # Drift: a sudden change of screening speed in every second group, a slow fade of the job boards, and the season itself.
    sudden_change_day: float = 610.0
    sudden_screen_factor: float = 0.55
    board_fade_per_year: float = -0.15
    equity_effect: str = "none"  # none, planted (log-odds at interview for one group) or proxy (through career breaks only)
    equity_logit: float = -0.6

    def effects(self) -> dict[str, Any]:
        """Return every parameter with the planted order of the sources, for the answer key."""
        order = sorted({channel.type: channel.effect for channel in CHANNELS}.items(), key=lambda item: -item[1])
        return {**asdict(self), "channels": [asdict(channel) for channel in CHANNELS], "source_order": [name for name, _ in order]}


WORLDS = {
    "realistic": World("realistic", job_frailty_sd=0.55, stage_noise_sd=0.65),
    "predictable": World(
        "predictable",
        job_frailty_sd=0.05,
        stage_noise_sd=0.20,
        applicants_mean=13.0,
        applicants_shape=8.0,
        advance_logit={"applied": 1.4, "screen": 1.3, "interview": 1.4, "demo_lesson": 1.8, "references_checks": 3.5},
        accept_logit=1.85,
        hold_probability=0.02,
        cancel_probability=0.02,
        visa_days=7.0,
    ),
}
EQUITY_EFFECTS = ("none", "planted", "proxy")


@dataclass(frozen=True, slots=True)
class Scale:
    """How big: markets (one school group each), schools in a market, openings per school and year, whole calendars or term starts only."""

    name: str
    markets: int
    schools: float
    jobs_per_school_year: float
    has_whole_calendar: bool


SCALES = {
    "tiny": Scale("tiny", 2, 2.0, 30.0, True),
    "small": Scale("small", 10, 4.5, 24.5, True),
    "medium": Scale("medium", 225, 5.0, 30.0, False),
    "large": Scale("large", 1000, 5.0, 30.0, False),
}


def choose_world(name: str, equity: str = "none") -> World:
    """Return the named world with its equity option.

    Raises:
        ValueError: the world or the option is unknown; the message lists the known ones.
    """
    if name not in WORLDS:
        raise ValueError(f"world {name!r} is unknown: choose one of {', '.join(WORLDS)}")
    if equity not in EQUITY_EFFECTS:
        raise ValueError(f"equity effect {equity!r} is unknown: choose one of {', '.join(EQUITY_EFFECTS)}")
    return replace(WORLDS[name], equity_effect=equity)


def choose_scale(name: str) -> Scale:
    """Return the named scale.

    Raises:
        ValueError: the scale is unknown; the message lists the known ones.
    """
    if name not in SCALES:
        raise ValueError(f"scale {name!r} is unknown: choose one of {', '.join(SCALES)}")
    return SCALES[name]

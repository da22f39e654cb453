"""Settings of the assessments service and its jobs, read from ``NEXUS_ASSESSMENTS_<FIELD>``."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AssessmentsSettings(BaseSettings):
    """What an operator may set."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_ASSESSMENTS_", frozen=True, extra="ignore")

    hiring_url: str = Field(default="http://127.0.0.1:8000", description="where credentials are verified and applications looked up")
    database_url: str = Field(default="", repr=False, description="a database of its own; unset: the hiring database")
    introspection_seconds: float = Field(default=30, ge=0, le=30, description="how long a verified credential is trusted")
    requests_per_minute: int = Field(default=12_000, ge=1, description="of one credential, in each process; more get 429")
    body_limit_bytes: int = Field(default=1_000_000, gt=0, description="larger JSON bodies get 413")
    docs_enabled: bool = Field(default=True, description="serve /docs and /openapi.json; off in production")
    pool_size: int = Field(default=5, gt=0, description="database connections kept open")
    resume_limit_bytes: int = Field(default=10_000_000, gt=0, description="larger résumés get 413")
    transcript_limit_bytes: int = Field(default=2_000_000, gt=0, description="larger transcripts get 413")
    video_limit_bytes: int = Field(default=2_000_000_000, gt=0, description="larger videos get 413")
    keep_days: int = Field(default=30, gt=0, le=365, description="a file that was not read, and a video, goes after so many days")
    keeps_read_files: bool = Field(default=False, description="keep résumés and transcripts that were read until keep_days are over")
    parse_memory_mb: int = Field(default=512, ge=256, description="address space of one parsing process")
    parse_cpu_seconds: int = Field(default=20, gt=0, description="processor time of one parsing process")
    parse_seconds: float = Field(default=60, gt=0, description="wall time of one parsing process")

    def limit_of(self, kind: str) -> int:
        """Return the size limit of an upload of this kind, in bytes."""
        limits = {"resume": self.resume_limit_bytes, "transcript": self.transcript_limit_bytes, "video": self.video_limit_bytes}
        return limits[kind]

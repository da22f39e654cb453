"""Every hour the end of the audit log is signed and kept outside the database: no longer can its end be cut unnoticed."""

import subprocess
import sys

import dagster as dg


@dg.op
def anchor_audit_log(context: dg.OpExecutionContext) -> None:
    """Have the front door start the hiring core's own command; a log that contradicts its last anchor fails the run."""
    done = subprocess.run([sys.executable, "-m", "nexus", "audit", "anchor"], capture_output=True, text=True)
    context.log.info(done.stdout.strip())
    if done.returncode:
        raise dg.Failure(description=done.stderr.strip()[-500:], allow_retries=False)


@dg.job(name="audit_anchors", description="Sign the end of the audit log, outside the database")
def audit_anchors() -> None:
    """Anchor the log."""
    anchor_audit_log()


hourly = dg.ScheduleDefinition(
    job=audit_anchors, cron_schedule="7 * * * *", execution_timezone="UTC", default_status=dg.DefaultScheduleStatus.RUNNING, name="hourly"
)

"""After publishing: alert rules are judged on the new version. And each morning the board reports that are due are sent."""

import subprocess
import sys

import dagster as dg

from foundation.delivery import Email
from foundation.settings import Home
from orchestration.alerts import Channels, evaluate_rules
from orchestration.insights_api import InsightsApi, InsightsUnavailable
from orchestration.resources import WRITER, home
from orchestration.steps import Steps


@dg.asset(key=["publishing", "alerts"], group_name="publishing", deps=[["publishing", "published"]], kinds={"python"}, pool=WRITER)
def alerts(steps: dg.ResourceParam[Steps]) -> dg.MaterializeResult[None]:
    """Judge every alert rule and tell whoever is due; without a hiring service to ask, say so and leave the published version in peace."""
    with steps.step("alerts"):
        try:
            with InsightsApi.open(Home()) as api:
                counts = evaluate_rules(home(), api, Channels())
        except InsightsUnavailable as error:
            return dg.MaterializeResult(metadata={"skipped": str(error)})
    return dg.MaterializeResult(metadata={"judged": counts.judged, "met": counts.met, "sent": counts.sent, "failed": counts.failed})


@dg.op
def send_due_reports(context: dg.OpExecutionContext) -> None:
    """Have the front door make and send the reports that are due: it alone may know dashboards."""
    done = subprocess.run([sys.executable, "-m", "nexus", "report", "--send-due"], capture_output=True, text=True)
    context.log.info(done.stdout.strip())
    if done.returncode:
        raise dg.Failure(description=done.stderr.strip()[-500:], allow_retries=False)


@dg.job(name="board_reports", description="Send the board reports that are due")
def board_reports() -> None:
    """Make and send what is due."""
    send_due_reports()


@dg.schedule(
    job=board_reports, cron_schedule="0 6 * * *", execution_timezone="UTC", default_status=dg.DefaultScheduleStatus.RUNNING, name="mornings"
)
def mornings(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Look each morning whether a report is due; off while no mail server is set up."""
    if not Email().is_on:
        return dg.SkipReason("e-mail is off: set NEXUS_SMTP_HOST and NEXUS_SMTP_SENDER")
    return dg.RunRequest()

"""The form that adds a candidate to an open job by hand. What is typed goes to the hiring core and nowhere else."""

from typing import Any, Final

import streamlit as st

from dashboards import figures, hiring_rows
from dashboards.panels.hiring_frame import Visit, announce, attempt, heading, link, said

_ORIGINS: Final = {
    "inbound": "Applied directly",
    "sourced": "We found them",
    "referred": "Referred by a colleague",
    "internal": "Works here",
}


def show(visit: Visit, job_id: str) -> None:
    """Draw the form. Raises what reading raises."""
    job = visit.desk.read(f"jobs/{job_id}")
    link(visit, f"← {figures.plain(job['title'])}", job=job_id)
    heading("Add a candidate", [job["title"], visit.school(job["tenant_id"]).name])
    said(visit)
    if not visit.may("applications:write", job["tenant_id"]):
        st.info("Your roles add no candidates at this school.", icon=":material/lock:")
        return
    with st.form("hiring-add", border=True):
        left, right = st.columns(2)
        person: dict[str, Any] = {
            "given_name": left.text_input("Given name", max_chars=200).strip(),
            "family_name": right.text_input("Family name", max_chars=200).strip(),
            "email": left.text_input("E-mail", max_chars=255, help="An address that is known finds the same person again.").strip() or None,
            "phone": right.text_input("Phone", max_chars=30).strip() or None,
        }
        channels = {row["id"]: row["name"] for row in visit.desk.read_all("channels")}
        origin = left.selectbox("How they came", list(_ORIGINS), format_func=_ORIGINS.__getitem__)
        channel = right.selectbox("Through which channel", [None, *channels], format_func=lambda key: channels.get(key, "Not known"))
        if not st.form_submit_button("Add the candidate", type="primary"):
            return
    missing = [label for name, label in {"given_name": "Given name", "family_name": "Family name"}.items() if not person[name]]
    if missing:
        st.warning(f"Fill in: {', '.join(missing)}.", icon=":material/edit:")
        return
    touches = (
        [{"channel_id": channel, "touched_at": visit.now.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()}] if channel else []
    )
    body = {"job_id": job_id, "candidate": person, "origin": origin, "is_internal": origin == "internal", "touches": touches}
    done = attempt(lambda: visit.desk.send("applications", body), f"{hiring_rows.name(person)} is a candidate now.")
    if done is None:
        st.rerun()
    if done.is_repeated:
        announce("refused", "You added this candidate before: here they are.")
    st.query_params.from_dict({"application": done.body["id"]})
    st.rerun()

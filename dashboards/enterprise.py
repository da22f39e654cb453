"""The Enterprise dashboard as an ASGI application: ``uvicorn dashboards.enterprise:create_app --factory``."""

import traceback
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from dashboards import provider_sign_in, shell, sign_in, theme
from foundation import logs


def create_app() -> App:
    """Return the application: Streamlit's shell behind the session guard, with the sign-in and sign-out routes beside it.

    The shell is imported here so that the first visitor does not wait for its libraries.
    """
    config.get_config_options(force_reparse=True, options_from_flags=theme.streamlit_options())
    logs.configure()
    script = Path(shell.__file__).parent / "script" / "run.py"
    return App(
        script,
        routes=[*sign_in.routes(), *provider_sign_in.routes()],
        middleware=[Middleware(sign_in.RequireSession)],
        on_script_error=_say_so,
    )


def _say_so(fault: Exception) -> bool:
    """Log a page's failure without its values and tell the reader plainly; True: Streamlit shows nothing of its own."""
    where = traceback.extract_tb(fault.__traceback__)[-1]
    logs.logger("dashboards").error("page_failed", error=type(fault).__name__, file=Path(where.filename).name, line=where.lineno)
    st.error("This part of the page could not be drawn. The fault has been logged; the other pages still work.", icon=":material/error:")
    return True

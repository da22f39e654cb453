"""The Enterprise dashboard as an ASGI application: ``uvicorn dashboards.enterprise:create_app --factory``."""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from dashboards import sign_in, theme


def create_app() -> App:
    """Return the application: Streamlit's shell behind the session guard, with the sign-in and sign-out routes beside it."""
    config.get_config_options(force_reparse=True, options_from_flags=theme.streamlit_options())
    return App(Path(__file__).with_name("shell.py"), routes=sign_in.routes(), middleware=[Middleware(sign_in.RequireSession)])

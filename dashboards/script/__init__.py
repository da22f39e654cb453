"""The script that Streamlit runs, alone in its folder: a ``pages`` folder beside it would be served by Streamlit as it is."""

"""Colours and Streamlit options: one palette for the shell, the sign-in page and the charts.

Every mark colour keeps a contrast of at least 3:1 on both grounds, so charts need not know which one is shown;
text in charts is ``currentColor``: the page's own.
"""

from typing import Any, Final

PRIMARY: Final = "#2f74d0"
ALERT: Final = "#c8641b"
GOOD: Final = "#2b8a57"
MUTED: Final = "#7d8a9c"
INK: Final = "currentColor"
SERIES: Final = (PRIMARY, MUTED, ALERT, GOOD)

LIGHT: Final = {"ground": "#ffffff", "raised": "#f4f6f9", "text": "#17212f", "line": "#d9dfe7", "link": "#1f5fb4"}
DARK: Final = {"ground": "#10161e", "raised": "#19222d", "text": "#e6ebf1", "line": "#2f3b49", "link": "#7fb2f5"}

FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"


def streamlit_options() -> dict[str, Any]:
    """Return the options given to Streamlit, by dotted name: telemetry and toolbar off, both themes set."""
    options: dict[str, Any] = {
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.disableDataExport": True,  # tables leave as the CSV of their panel, which is logged
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableStaticServing": False,
        "server.showEmailPrompt": False,
        "logger.level": "warning",
        "theme.baseFontSize": 15,
        "theme.baseRadius": "0.5rem",
        "theme.metricValueFontSize": "2rem",
        "theme.metricValueFontWeight": 600,
        "theme.headingFontWeights": [650, 650, 600, 600, 600, 600],
        "theme.paddingTop": "0.75rem",
        "theme.showWidgetBorder": True,
    }
    for name, ground in (("light", LIGHT), ("dark", DARK)):
        options |= {
            f"theme.{name}.primaryColor": PRIMARY,
            f"theme.{name}.backgroundColor": ground["ground"],
            f"theme.{name}.secondaryBackgroundColor": ground["raised"],
            f"theme.{name}.textColor": ground["text"],
            f"theme.{name}.borderColor": ground["line"],
            f"theme.{name}.linkColor": ground["link"],
        }
    return options


ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%232f74d0'/%3E"
    "%3Cpath d='M4 12V4l8 8V4' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E"
)

STYLE: Final = f"""<style>
.stMainBlockContainer {{ max-width: 1360px; padding-left: 2rem; padding-right: 2rem }}
[data-testid="stHeader"] {{ display: none }}
.st-key-bar {{ border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent); padding-bottom: .25rem }}
.st-key-tab-on a, .st-key-hiring-on a {{ box-shadow: inset 0 -3px 0 {PRIMARY}; border-radius: 0; font-weight: 600 }}
.st-key-tab-on a, .st-key-tab-off a, .st-key-hiring-on a, .st-key-hiring-off a {{ background: transparent; padding: .4rem .9rem }}
h1 {{ font-size: 1.9rem !important; padding: 0 0 .55rem !important }}
.stMain h2 {{ font-size: 1.4rem !important; padding: .6rem 0 0 !important }}
h3 {{ font-size: 1.1rem !important; padding: 0 !important }}
[class*="st-key-foot-"] button, .st-key-page-foot button {{ font-size: .8rem; opacity: .85 }}
.st-key-filters {{ margin-bottom: .35rem }}
div:has(> [class*="st-key-foot-"]), [class*="st-key-panel-"] > [class*="st-key-foot-"] {{ margin-top: auto }}
:focus-visible {{ outline: 3px solid {PRIMARY} !important; outline-offset: 2px }}
[data-testid="stCaptionContainer"] {{ opacity: 1 }}
[data-testid="stCaptionContainer"] p {{ color: color-mix(in srgb, currentColor 88%, transparent) }}
.stElementContainer:has(.screen-reader) {{ position: absolute; width: 1px !important; overflow: hidden }}
.st-key-hiring [data-testid="stPageLink"] a {{ background: transparent; padding: 0; border-radius: 0 }}
.st-key-hiring [data-testid="stPageLink"] p {{ font-weight: 400; text-decoration: underline; text-underline-offset: .2em }}
.st-key-hiring [class*="st-key-choices-"] p {{ text-decoration: none }}
.st-key-hiring [class*="st-key-choices-"] a {{ padding: .3rem .1rem }}
.st-key-hiring [class*="st-key-here-"] a {{ box-shadow: inset 0 -3px 0 {PRIMARY} }}
.st-key-hiring [class*="st-key-here-"] p {{ font-weight: 600 }}
.st-key-hiring h3 {{ padding-bottom: .35rem !important }}
.stage-counts, .facts {{ list-style: none !important; margin: 0 !important; padding: 0 !important }}
.stage-counts li, .facts li {{ margin: 0 !important; padding: 0 !important }}
.stage-counts {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(5.3rem, 1fr)); gap: .35rem .5rem }}
.stage-counts b {{ display: block; font-size: 1.1rem; font-weight: 600; line-height: 1.3 }}
.stage-counts span {{ display: block; font-size: .8rem; line-height: 1.25 }}
.stage-counts .none b {{ font-weight: 400 }}
@media (max-width: 640px) {{ .stage-counts .none {{ display: none }} }}
div:has(> .st-key-said) {{ position: sticky; top: 0; z-index: 99 }}
.st-key-said {{ padding: .4rem 0; background: light-dark({LIGHT["ground"]}, {DARK["ground"]}) }}
.facts li {{ padding: .2rem 0 !important; overflow-wrap: anywhere }}
.facts span {{ display: block; color: color-mix(in srgb, currentColor 88%, transparent) }}
.screen-reader {{ position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }}
form[action="/sign-out"] button {{ font: inherit; color: inherit; background: transparent; cursor: pointer;
  border: 1px solid {MUTED}; border-radius: .5rem; padding: .35rem .9rem }}
</style>"""

"""The Enterprise dashboard: sign-in, the Insights pages and the Hiring tab.

What belongs here: showing figures. What doesn't: computing one (metrics) or deciding who may see it (foundation.access).
"""

"""The board report: a school and a period become a PDF of a few pages. Asks the metrics, draws the charts of the pages, sets type.

What belongs here: composing. What doesn't: computing a figure (metrics), Streamlit, or sending the file (the command line).
"""

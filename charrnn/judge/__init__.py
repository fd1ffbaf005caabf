"""How good the text of a run is: report.py draws and compares, copies.py and language.py measure."""

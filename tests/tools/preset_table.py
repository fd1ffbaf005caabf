"""The table of presets in charrnn/docs/presets.md: use, network, and the results of recorded runs."""

from typing import Any

from charrnn import presets
from charrnn.config import Config
from charrnn.records.results import reached, read_results


def table() -> str:
    """A row for each preset, as Markdown."""
    results = read_results()
    lines = ["| preset | for | network | recorded |", "|---|---|---|---|"]
    for name in presets.names():
        settings = presets.load_preset(name)
        lines.append(f"| `{name}` | {presets.describe(name)} | {_network(settings)} | {reached(name, results)} |")
    return "\n".join(lines) + "\n"


def _network(settings: dict[str, Any]) -> str:
    cell = settings.get("cell", Config.cell)
    layers = settings.get("num_layers", Config.num_layers)
    units = settings.get("hidden_size", Config.hidden_size)
    return f"{cell} {layers}x{units}"

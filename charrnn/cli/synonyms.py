"""Other words that people type, and the option or command that each means."""

# Accepted in place of the option on the right, with the dashes left out on both sides.
OPTIONS = {
    "lr": "learning-rate",
    "layers": "num-layers",
    "hidden": "hidden-size",
    "batch": "batch-size",
    "temperature": "temp",
}
# Refused, because the meaning is close but not the same: the message names the option on the right.
HINTS = {"--time": "--minutes"}
# Refused with a question: `charrnn generate` asks whether `charrnn sample` was meant.
COMMANDS = {
    "generate": "sample",
    "write": "sample",
    "evaluate": "eval",
    "list": "corpora list",
    "fetch": "corpora fetch",
    "download": "corpora fetch",
    "resume": "train --resume",
    "version": "--version",
}


def option(name: str) -> str:
    """The option that `name` stands for; both are without dashes."""
    return OPTIONS.get(name, name)

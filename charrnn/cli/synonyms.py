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
HINTS = {
    "--time": "--minutes",
    "--out": "--run",
    "--output": "--run",
    "--name": "--run",
    "--val": "--val-fraction",
    "--workers": "--threads",
    "--half": "--precision",
    "--fp16": "--precision",
    "--bf16": "--precision",
    "--bptt": "--seq-len",
    "--tbptt": "--seq-len",
    "--num": "--count",
}
# Refused by commands that take a run as their argument: the message says so.
RUN_OPTIONS = ("--run", "--model", "--checkpoint")
# Refused with a question: `charrnn generate` asks whether `charrnn sample` was meant.
COMMANDS = {
    "generate": "sample",
    "predict": "sample",
    "write": "sample",
    "evaluate": "eval",
    "test": "eval",
    "fit": "train",
    "list": "corpora list",
    "fetch": "corpora fetch",
    "download": "corpora fetch",
    "resume": "train --resume",
    "continue": "train --resume",
    "version": "--version",
}


def option(name: str) -> str:
    """The option that `name` stands for; both are without dashes."""
    return OPTIONS.get(name, name)

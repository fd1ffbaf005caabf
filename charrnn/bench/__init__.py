"""How fast a network trains on this machine, alone or alternating with a rival. Kernels are checked first.

match.py         the match: check, then time the sides, alternating
check.py         charrnn's kernels against the reference
machine.py       peak rates of the machine, and whether something else is using it
job.py           a job for a worker process, and its answer
worker.py        the worker process
charrnn_side.py  charrnn's side
torch_side.py    PyTorch's side
workload.py      the training step that is timed, and the operations and bytes it needs
timing.py        seconds of phases, spreads, rates
report.py        the report of a match
curve/           both sides learn a text: loss against time
"""

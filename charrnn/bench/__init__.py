"""How fast a network trains here: checked against the reference first, then timed, alone or against a rival.

judge.py        checks, then lets the sides take turns
check.py        our kernels against the reference
machine.py      what the machine can do, and whether something else is using it
job.py          asks a worker process to measure a side
worker.py       that process
ours.py         our side
torch_side.py   PyTorch's side
workload.py     what both sides do, and what it takes: operations, bytes, random characters
timing.py       seconds of phases, spreads, rates
report.py       what came out
curve.py        both sides learn a text: loss against time
turns.py        lets their processes take turns at it
curve_worker.py, torch_learner.py  such a process; PyTorch's part of it
"""

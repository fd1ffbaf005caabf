"""How fast a network trains here: checked against the reference first, then timed, alone or against a rival.

    workload.py   what is timed, and what it takes: operations, bytes, random characters
    check.py      the kernels against the reference
    machine.py    what the machine can do, and whether it is busy
    timing.py     seconds of phases, spreads, rates
    ours.py       our side of a comparison        torch_side.py   PyTorch's
    job.py        what a worker is asked      worker.py    one side in a process of its own
    judge.py      checks, then lets the sides take turns      report.py    what came out
"""

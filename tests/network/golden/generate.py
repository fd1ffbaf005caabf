"""Writes torch.npz: PyTorch's results for small networks, so that the tests need no PyTorch. Run by `make golden`.

For each cell and 1 to 3 layers, in float64: weights, logits and all gradients of one chunk with a non-zero initial
state, and the losses of ten steps of Adam with norm clipping whose state is carried from step to step.
"""

from pathlib import Path

import numpy as np
import torch

VOCAB, HIDDEN, SEQ_LEN, BATCH = 7, 5, 6, 3
STEPS, RATE, CLIP = 10, 0.02, 0.5
MODULES = {
    "tanh": lambda layers: torch.nn.RNN(VOCAB, HIDDEN, layers),
    "relu": lambda layers: torch.nn.RNN(VOCAB, HIDDEN, layers, nonlinearity="relu"),
    "lstm": lambda layers: torch.nn.LSTM(VOCAB, HIDDEN, layers),
    "gru": lambda layers: torch.nn.GRU(VOCAB, HIDDEN, layers),
}


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    ids = torch.randint(0, VOCAB, (STEPS, SEQ_LEN + 1, BATCH))
    arrays: dict[str, np.ndarray] = {"ids": ids.numpy()}
    for cell, make in MODULES.items():
        for layers in (1, 2, 3):
            for name, value in golden(make(layers), cell, layers, ids).items():
                arrays[f"{cell}.{layers}.{name}"] = value
    np.savez_compressed(Path(__file__).with_name("torch.npz"), **arrays)


def golden(rnn: torch.nn.RNNBase, cell: str, layers: int, ids: torch.Tensor) -> dict[str, np.ndarray]:
    head = torch.nn.Linear(HIDDEN, VOCAB)
    modules = {"rnn": rnn, "head": head}
    named = {f"{part}.{name}": p for part, module in modules.items() for name, p in module.named_parameters()}
    found = {f"weight:{name}": p.detach().numpy().copy() for name, p in named.items()}
    start = [torch.randn(layers, BATCH, HIDDEN) for _ in range(2 if cell == "lstm" else 1)]
    found.update({f"state:{index}": s.numpy().copy() for index, s in enumerate(start)})

    def step(chunk: torch.Tensor, state: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        one_hot = torch.nn.functional.one_hot(chunk[:-1], VOCAB).double()
        h, last = rnn(one_hot, tuple(state) if cell == "lstm" else state[0])
        logits = head(h).reshape(-1, VOCAB)
        loss = torch.nn.functional.cross_entropy(logits, chunk[1:].reshape(-1))
        return logits, loss, [s.detach() for s in (last if cell == "lstm" else (last,))]

    logits, loss, _ = step(ids[0], start)
    loss.backward()
    found["logits"], found["loss"] = logits.detach().numpy(), loss.detach().numpy()
    found.update({f"grad:{name}": p.grad.numpy().copy() for name, p in named.items()})

    optimizer, losses, state = torch.optim.Adam(named.values(), RATE), [], start
    for chunk in ids:
        optimizer.zero_grad()
        _, loss, state = step(chunk, state)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(named.values(), CLIP)
        optimizer.step()
        losses.append(loss.item())
    found["losses"] = np.array(losses)
    return found


if __name__ == "__main__":
    main()

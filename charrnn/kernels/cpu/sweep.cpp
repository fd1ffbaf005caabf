#include "sweep.h"

namespace {

enum Direction { forward, backward };

template <class Cell>
void run(const Arrays& arrays, Direction direction) {
    thread_local Scratch memory;
    Sweep<Cell> sweep(arrays, memory);
    direction == forward ? sweep.forward() : sweep.backward();
}

}  // namespace

extern "C" {
void lstm(const Arrays& arrays, Direction direction) { run<LSTM>(arrays, direction); }
void gru(const Arrays& arrays, Direction direction) { run<GRU>(arrays, direction); }
void gru_before(const Arrays& arrays, Direction direction) { run<GRUBefore>(arrays, direction); }
void tanh_cell(const Arrays& arrays, Direction direction) { run<Tanh>(arrays, direction); }
void relu(const Arrays& arrays, Direction direction) { run<ReLU>(arrays, direction); }
}

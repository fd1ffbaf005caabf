// run_NAME for each cell: all time steps of a layer, in one direction.
#include "time_loop.h"

namespace {

enum Direction { forward, backward };

template <class Cell>
void run(const Arrays& arrays, Direction direction) {
    thread_local Scratch packed;
    TimeLoop<Cell> loop(arrays, packed);
    direction == forward ? loop.forward() : loop.backward();
}

}  // namespace

#define RUN(name, Cell) \
    extern "C" void run_##name(const Arrays& arrays, Direction direction) { run<Cell>(arrays, direction); }
FOR_EACH_CELL(RUN)

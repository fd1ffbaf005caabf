// Repeats only the exchange of a persistent time loop, `count` times.
GROUP_KERNEL(turns, THREADS)
(int count, Half* operands, unsigned* counters) {
    Exchange exchange;
    char* memory = shared_memory() + WEIGHT_BYTES;
    exchange.operands = EXCHANGE == GRID ? operands : reinterpret_cast<Half*>(memory);
    exchange.outbox = reinterpret_cast<Half*>(memory + OPERAND_BYTES);
    exchange.counter = counters + blockIdx.y;
    exchange.begin();
    for (int turn = 0; turn < count; turn++) {
        for (int index = threadIdx.x; index < ROWS * WIDTH; index += THREADS) {
            *exchange.place(turn, index / WIDTH, index % WIDTH) = static_cast<Half>(turn);
        }
        exchange.send(turn);
        exchange.receive(turn);
    }
}

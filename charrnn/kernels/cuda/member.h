// A block of a persistent kernel in either direction, and the elements that each of its lanes computes. The index of
// its arrays counts the elements of the lane's share. T, B, H and G are those of charrnn/cells/protocol.py;
// count = B * H.

struct Member {
    Lane lane;
    Exchange exchange;
    Product product;
    int unit[SHARE], row[SHARE];  // within the member and the group
    int at[SHARE], gate[SHARE];   // in (B, H) and (B, G)
    bool live[SHARE];

    METHOD Member(int first_group, int batch, const float* weight, Half* operands, unsigned* counters) {
        char* memory = shared_memory();
        const int warp = threadIdx.x / WARP;
        product.shared = reinterpret_cast<Quad*>(memory) + warp * (PAIRS - IN_REGISTERS) * 2 * WEIGHT_TILES * WARP;
        exchange.operands = EXCHANGE == GRID ? operands : reinterpret_cast<Half*>(memory + WEIGHT_BYTES);
        exchange.outbox = reinterpret_cast<Half*>(memory + WEIGHT_BYTES + OPERAND_BYTES);
        exchange.counter = counters + blockIdx.y;
        product.partial = reinterpret_cast<float*>(memory + WEIGHT_BYTES + OPERAND_BYTES + OUTBOX_BYTES) +
                          lane.tile * PARTS * ELEMENTS * VALUES * WARP;
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            unit[index] = lane.unit(lane.element(index)), row[index] = lane.row(lane.element(index));
            const int of_batch = (first_group + blockIdx.y) * ROWS + row[index];
            const int of_layer = blockIdx.x * UNITS + unit[index];
            live[index] = lane.element(index) < ELEMENTS && unit[index] < UNITS && of_batch < batch;
            at[index] = of_batch * HIDDEN + of_layer;
            gate[index] = of_batch * BLOCKS * HIDDEN + of_layer;
        }
        product.load(lane, weight);
        exchange.begin();
    }

    METHOD void put(int turn, int index, int value, float number) const {
        *exchange.place(turn, row[index], value * UNITS + unit[index]) = half_of(number);
    }
};

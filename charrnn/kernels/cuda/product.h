// The recurrent product of a group's rows, with weights that stay on the multiprocessor for all time steps.
//
// Forward, a unit has a value in each block, and the product's depth is that of h; backward, it has one value, and the
// depth is that of dr. A warp computes the values of TILE units for all rows, in one of PARTS parts of the depth, by
// products of tiles. Weights are the left factor, so that the eight columns of a tile are rows of the batch. Eight rows
// of weights belong to neighbouring units, and SPAN times eight units make a TILE. Thus a lane holds all values of a
// unit and row, and the pointwise part of the time step needs nothing from other lanes. The order of a product's depth
// is free, as long as it is the same on both sides: a lane's eight columns of two tiles are neighbours in memory.
//
// Operands are float16, and sums float32. IN_REGISTERS of a warp's PAIRS of tiles stay in its registers, and the others
// in shared memory.

// An element of weight_hh (G, H). The columns of the depth are the outputs of units, or the gradients of their blocks,
// member after member.
DEVICE int weight_at(int value, int unit, int column) {
    unit += blockIdx.x * UNITS;
    if (!BACKWARD) return (value * HIDDEN + unit) * HIDDEN + column;
    const int member = column / WIDTH, block = column % WIDTH / UNITS;
    return (block * HIDDEN + member * UNITS + column % UNITS) * HIDDEN + unit;
}

// The place of this thread in the product.
struct Lane {
    const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
    const int tile = threadIdx.x / WARP / PARTS, part = threadIdx.x / WARP % PARTS;

    // The unit (within the member) and the row (within the group) of an element.
    METHOD int unit(int element) const { return tile * TILE + element % SPAN * 8 + g; }
    METHOD int row(int element) const { return element / (2 * SPAN) * 8 + 2 * t + element / SPAN % 2; }
    METHOD int element(int index) const { return part * SHARE + index; }
};

struct Product {
    Quad kept[IN_REGISTERS][2][WEIGHT_TILES];
    Quad* shared;    // [PAIRS - IN_REGISTERS][2][WEIGHT_TILES][32], of this warp
    float* partial;  // [PARTS][ELEMENTS * VALUES][32], of this tile

    // Reads four neighbouring columns of the weights in row g of an eight, as pairs of halves.
    METHOD static void load_four(const Lane& lane, const float* weight, int eight, int column, unsigned& low,
                                 unsigned& high) {
        float four[4] = {};
        const int unit = lane.tile * TILE + eight % SPAN * 8 + lane.g;
        if (unit < UNITS && column < DEPTH) {
            for (int index = 0; index < 4; index++) {
                four[index] = weight[weight_at(eight / SPAN, unit, column + index)];
            }
        }
        low = halves_of(four[0], four[1]);
        high = halves_of(four[2], four[3]);
    }

    METHOD void load(const Lane& lane, const float* weight) {
#pragma unroll
        for (int pair = 0; pair < IN_REGISTERS; pair++) load_pair(lane, weight, pair);
#pragma unroll 1
        for (int pair = IN_REGISTERS; pair < PAIRS; pair++) load_pair(lane, weight, pair);
    }

    METHOD void load_pair(const Lane& lane, const float* weight, int pair) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
#pragma unroll
            for (int tile = 0; tile < WEIGHT_TILES; tile++) {
                const int column = (lane.part * PAIRS + pair) * PAIR + 8 * lane.t + 4 * half;
                Quad quad;
                load_four(lane, weight, 2 * tile, column, quad.x, quad.z);
                load_four(lane, weight, 2 * tile + 1, column, quad.y, quad.w);
                if (pair < IN_REGISTERS) kept[pair][half][tile] = quad;
                else *in_shared(pair, half, tile) = quad;
            }
        }
    }

    METHOD Quad of(int pair, int half, int tile) const {
        if (pair < IN_REGISTERS) return kept[pair][half][tile];
        return *in_shared(pair, half, tile);
    }

    METHOD Quad* in_shared(int pair, int half, int tile) const {
        return shared + (((pair - IN_REGISTERS) * 2 + half) * WEIGHT_TILES + tile) * WARP + threadIdx.x % WARP;
    }

    // mine[index][value] of the elements that are this lane's share. Sums start from `start`, a value for each eight.
    METHOD void make(const Lane& lane, const Exchange& exchange, int turn, const float (&start)[VALUES * SPAN],
                     float (&mine)[SHARE][VALUES]) const {
        float sums[ROW_TILES][WEIGHT_TILES][4];
#pragma unroll
        for (int rows = 0; rows < ROW_TILES; rows++) {
#pragma unroll
            for (int tile = 0; tile < WEIGHT_TILES; tile++) {
#pragma unroll
                for (int index = 0; index < 4; index++) sums[rows][tile][index] = start[2 * tile + index / 2];
            }
        }
#pragma unroll
        for (int pair = 0; pair < PAIRS; pair++) {
            Quad operand[ROW_TILES];
#pragma unroll
            for (int rows = 0; rows < ROW_TILES; rows++) {
                const int column = (lane.part * PAIRS + pair) * PAIR + 8 * lane.t;
                operand[rows] = exchange.operand(turn, rows * 8 + lane.g, column);
            }
#pragma unroll
            for (int tile = 0; tile < WEIGHT_TILES; tile++) {
                const Quad first = of(pair, 0, tile);
                const Quad second = of(pair, 1, tile);
#pragma unroll
                for (int rows = 0; rows < ROW_TILES; rows++) {
                    multiply(sums[rows][tile], first, operand[rows].x, operand[rows].y);
                    multiply(sums[rows][tile], second, operand[rows].z, operand[rows].w);
                }
            }
        }
        add_up(lane, sums, mine);
    }

    METHOD void add_up(const Lane& lane, const float (&sums)[ROW_TILES][WEIGHT_TILES][4],
                       float (&mine)[SHARE][VALUES]) const {
#pragma unroll
        for (int element = 0; element < ELEMENTS; element++) {
#pragma unroll
            for (int value = 0; value < VALUES; value++) {
                const int eight = value * SPAN + element % SPAN, column = element / SPAN % 2;
                const float sum = sums[element / (2 * SPAN)][eight / 2][eight % 2 * 2 + column];
                if (PARTS == 1) mine[element][value] = sum;
                else *partial_sum(lane.part, element, value) = sum;
            }
        }
        if (PARTS == 1) return;
        __syncthreads();
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            if (lane.element(index) >= ELEMENTS) continue;
#pragma unroll
            for (int value = 0; value < VALUES; value++) {
                float sum = 0;
#pragma unroll
                for (int part = 0; part < PARTS; part++) sum += *partial_sum(part, lane.element(index), value);
                mine[index][value] = sum;
            }
        }
    }

    METHOD float* partial_sum(int part, int element, int value) const {
        return partial + ((part * ELEMENTS + element) * VALUES + value) * WARP + threadIdx.x % WARP;
    }
};

// How the members of a group exchange what the next product reads. A group is GROUP blocks that own ROWS rows of the
// batch together; blockIdx.x is the member and blockIdx.y the group. Groups are independent of each other.
//
// Every member owns UNITS units, and sends the others SENT values of each unit and row. They are the columns of the
// operand (ROWS, COLUMNS), member after member; columns past DEPTH stay zero. A member puts its values in `place`,
// sends them, does its other work, receives, and reads the operand of that turn. Turns are counted from 0. There are
// two operands: while one turn's is read, the next turn's is written, and no member can be two turns ahead. EXCHANGE is
// one of
//     ALONE     a group is one block: the operands are in its shared memory
//     CLUSTER   a thread block cluster: every member stores into the shared memory of all
//     GRID      any blocks that run at the same time: the operands are in the L2 cache, and a counter is the barrier

struct Exchange {
    Half* operands;
    Half* outbox;  // (ROWS, WIDTH), this member's own values, in shared memory
    unsigned* counter;

    METHOD Half* of_turn(int turn) const {
#if EXCHANGE == GRID
        return operands + static_cast<Offset>(turn % 2 * gridDim.y + blockIdx.y) * ROWS * STRIDE;
#else
        return operands + turn % 2 * ROWS * STRIDE;
#endif
    }

    METHOD void begin() {
#if EXCHANGE != GRID
        for (int index = threadIdx.x; index < 2 * ROWS * STRIDE; index += THREADS) operands[index] = 0;
#endif
#if EXCHANGE == CLUSTER  // no member may store into another before that is ready
        cluster_arrive();
        cluster_wait();
#else
        __syncthreads();
#endif
    }

    METHOD Half* place(int turn, int row, int column) const {
#if EXCHANGE == ALONE
        return of_turn(turn) + row * STRIDE + column;
#else
        return outbox + row * WIDTH + column;
#endif
    }

    METHOD void send(int turn) const {
#if EXCHANGE != ALONE
        constexpr int pieces = ROWS * WIDTH / 8;  // of 16 bytes
        Half* mine = of_turn(turn) + blockIdx.x * WIDTH;
        __syncthreads();
#endif
#if EXCHANGE == CLUSTER
        for (int index = threadIdx.x; index < GROUP * pieces; index += THREADS) {
            const int piece = index % pieces, row = piece / (WIDTH / 8), column = piece % (WIDTH / 8) * 8;
            store_at(index / pieces, mine + row * STRIDE + column, *reinterpret_cast<Quad*>(outbox + piece * 8));
        }
        cluster_arrive();
#elif EXCHANGE == GRID
        for (int piece = threadIdx.x; piece < pieces; piece += THREADS) {
            const int row = piece / (WIDTH / 8), column = piece % (WIDTH / 8) * 8;
            store_for_all(mine + row * STRIDE + column, *reinterpret_cast<Quad*>(outbox + piece * 8));
        }
        __syncthreads();
        if (threadIdx.x == 0) count_up(counter);
#endif
    }

    METHOD void receive(int turn) const {
#if EXCHANGE == ALONE
        __syncthreads();
#elif EXCHANGE == CLUSTER
        cluster_wait();
#else
        if (threadIdx.x == 0) wait_for(counter, GROUP * (turn + 1));
        __syncthreads();
#endif
    }

    // Eight columns of a row.
    METHOD Quad operand(int turn, int row, int column) const {
        const Half* from = of_turn(turn) + row * STRIDE + column;
#if EXCHANGE == GRID
        return load_from_all(from);
#else
        return *reinterpret_cast<const Quad*>(from);
#endif
    }
};

// Gathers rows by number, and sums rows.

// Computes out[n] = table[ids[n]] for a table of `rows`, with a block for each n.
KERNEL(gather, 256)
(int rows, int columns, int id_width, const float* table, const void* ids, float* out) {
    const float* from = table + static_cast<Offset>(row_at(ids, id_width, blockIdx.x, rows)) * columns;
    float* to = out + static_cast<Offset>(blockIdx.x) * columns;
    for (int column = threadIdx.x; column < columns; column += blockDim.x) to[column] = from[column];
}

// Computes out[t][b] = text[starts[b] + t], with a thread for each id of 1, 2, 4 or 8 bytes.
template <class Id>
DEVICE void copy_id(const void* text, Offset from, void* out, int to) {
    static_cast<Id*>(out)[to] = static_cast<const Id*>(text)[from];
}

KERNEL(read_streams, 256)
(int count, int streams, int id_width, const void* text, const Offset* starts, void* out) {
    const int n = thread_number();
    if (n >= count) return;
    const Offset from = starts[n % streams] + n / streams;
    if (id_width == 1) copy_id<unsigned char>(text, from, out, n);
    if (id_width == 2) copy_id<unsigned short>(text, from, out, n);
    if (id_width == 4) copy_id<int>(text, from, out, n);
    if (id_width == 8) copy_id<long long>(text, from, out, n);
}

// Computes out[v][n] = 1 where ids[n] is v, else 0, in blocks (v, 256 of n).
KERNEL(one_hot, 256)
(int count, int id_width, const void* ids, float* out) {
    const int v = blockIdx.x, n = blockIdx.y * blockDim.x + threadIdx.x;
    if (n < count) out[static_cast<Offset>(v) * count + n] = id_at(ids, id_width, n) == v ? 1.0f : 0.0f;
}

// Computes out[piece][g], the sum of a[n][g] over the rows of the piece. A block takes 32 columns of a piece, each of
// its 8 warps every eighth row; the warps' sums are added in the order of the warps.
KERNEL(column_sums, 256)
(int rows, int columns, int stride, int rows_per_piece, const float* a, float* out) {
    __shared__ float sums[8][WARP];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, column = blockIdx.x * WARP + lane;
    const int begin = blockIdx.y * rows_per_piece, end = min(begin + rows_per_piece, rows);
    float sum = 0;
    if (column < columns) {
        for (int n = begin + warp; n < end; n += 8) sum += a[static_cast<Offset>(n) * stride + column];
    }
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp > 0 || column >= columns) return;
    for (int other = 1; other < 8; other++) sum += sums[other][lane];
    out[static_cast<Offset>(blockIdx.y) * columns + column] = sum;
}

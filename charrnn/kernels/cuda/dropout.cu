// Masks of dropout: the bytes of NumPy's Philox generator, so that every device drops the same values.
//
// Source: Salmon, Moraes, Dror and Shaw 2011, Philox4x64-10.

typedef unsigned long long Word;
#define BLOCK_BYTES 32  // four little-endian words, one after another

struct Philox {
    Word counter[4], key[2];

    __device__ __forceinline__ void round() {
        const Word first = 0xD2E7470EE14C6C93ull, second = 0xCA5A826395121157ull;
        const Word a = counter[0], b = counter[2];
        counter[0] = __umul64hi(second, b) ^ counter[1] ^ key[0];
        counter[2] = __umul64hi(first, a) ^ counter[3] ^ key[1];
        counter[1] = second * b;
        counter[3] = first * a;
        key[0] += 0x9E3779B97F4A7C15ull;
        key[1] += 0xBB67AE8584CAA73Bull;
    }
};

// mask[n] = byte n of the generator < dropped ? 0 : kept; a thread for each block of bytes. NumPy counts blocks from 1.
KERNEL(dropout_mask, 256)
(int count, int dropped, float kept, int seed_low, int seed_high, int number, int step, float* mask) {
    const int block = thread_number();
    const Offset first = static_cast<Offset>(block) * BLOCK_BYTES;
    if (first >= count) return;
    const Word seed = static_cast<Word>(static_cast<unsigned>(seed_high)) << 32 | static_cast<unsigned>(seed_low);
    Philox philox = {{static_cast<Word>(block) + 1, 0, static_cast<Word>(number), static_cast<Word>(step)}, {seed, 0}};
    for (int round = 0; round < 10; round++) philox.round();
    for (int index = 0; index < BLOCK_BYTES && first + index < count; index++) {
        const int byte = static_cast<int>(philox.counter[index / 8] >> 8 * (index % 8) & 0xff);
        mask[first + index] = byte < dropped ? 0.0f : kept;
    }
}

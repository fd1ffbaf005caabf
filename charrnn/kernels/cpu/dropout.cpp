// Masks of dropout: the bytes of NumPy's Philox generator, so that every device drops the same values.
//
// Source: Salmon, Moraes, Dror and Shaw 2011, Philox4x64-10.
#include <algorithm>
#include <cstring>

#include "pool.h"

namespace {

struct Philox {
    uint64_t counter[4], key[2];

    void round() {
        const auto first = static_cast<unsigned __int128>(0xD2E7470EE14C6C93) * counter[0];
        const auto second = static_cast<unsigned __int128>(0xCA5A826395121157) * counter[2];
        counter[0] = static_cast<uint64_t>(second >> 64) ^ counter[1] ^ key[0];
        counter[2] = static_cast<uint64_t>(first >> 64) ^ counter[3] ^ key[1];
        counter[1] = static_cast<uint64_t>(second);
        counter[3] = static_cast<uint64_t>(first);
        key[0] += 0x9E3779B97F4A7C15;
        key[1] += 0xBB67AE8584CAA73B;
    }
};

constexpr int block_bytes = 32;  // four words, one after another; all processors supported here are little-endian

}  // namespace

// mask[n] = byte n of the generator < dropped ? 0 : kept. NumPy counts blocks of bytes from 1.
extern "C" void dropout_mask(int64_t size, int dropped, float kept, uint64_t seed, uint64_t number, uint64_t step,
                             float* mask) {
    const int blocks = static_cast<int>((size + block_bytes - 1) / block_bytes);
    const int threads = std::min(threads_for(4 * size), blocks);
    parallel(threads, [&](int index) {
        const Range mine(blocks, index, threads);
        for (int block = mine.begin; block < mine.end; block++) {
            Philox philox = {{static_cast<uint64_t>(block) + 1, 0, number, step}, {seed, 0}};
            for (int round = 0; round < 10; round++) philox.round();
            uint8_t bytes[block_bytes];
            std::memcpy(bytes, philox.counter, block_bytes);
            float values[block_bytes];
            for (int i = 0; i < block_bytes; i++) values[i] = bytes[i] < dropped ? 0.0f : kept;
            const int64_t first = static_cast<int64_t>(block) * block_bytes;
            std::copy_n(values, std::min<int64_t>(block_bytes, size - first), mask + first);
        }
    });
}

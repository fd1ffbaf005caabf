// Samples text without a Python step per character: the threads stay in one loop over choice, layers and output layer.
#include <deque>

#include "choose.h"
#include "time_loop.h"

namespace {

// `Weights` in sampling.py is the same structure; V is the size of the vocabulary.
struct Weights {
    int vocab, hidden, layers, batch;
    const float* table;                    // (V, G) input product of each character, bias_ih included
    const float *head_weight, *head_bias;  // (V, H), (V,)
    const float* const* layer;             // per layer: weight_ih and bias_ih (null in the first), weight_hh, bias_hh
};

class AnySampler {
public:
    virtual ~AnySampler() = default;
    virtual void sample(int threads, int steps, const double* draws, float* const* states, float* logits, int32_t* ids,
                        const Filter& filter) = 0;
};

// A network's weights in panels, and the buffers of one time step.
template <class Cell>
class Sampler : public AnySampler {
public:
    Sampler(const Weights& weights, bool rounded)
        : vocab(weights.vocab), hidden(weights.hidden), batch(weights.batch), gates(Cell::blocks * hidden),
          deep(in_factors(hidden)), table(weights.table, weights.table + static_cast<size_t>(vocab) * gates) {
        for (int i = 0; i < weights.layers; i++) layers.emplace_back(*this, weights.layer + 4 * i, rounded);
        head = {head_memory.factors(static_cast<size_t>(padded(vocab)) * (deep + 1 + batch)), rounded};
        head_bias = (head + static_cast<int64_t>(padded(vocab)) * deep).floats();
        logits = head_bias + padded(vocab);
        std::fill_n(head_bias, padded(vocab), 0.0f);
        std::copy_n(weights.head_bias, vocab, head_bias);
        for (int first = 0; first < vocab; first += panel_width) {
            const int64_t before = static_cast<int64_t>(first) * deep;
            pack_panel({weights.head_weight, 1, hidden}, hidden, vocab, first, head + before);
        }
    }

    void sample(int threads, int steps, const double* draws, float* const* states, float* all_logits, int32_t* ids,
                const Filter& filter) override {
        const int states_each = 1 + Cell::has_c;
        for (size_t i = 0; i < layers.size(); i++) {
            std::copy_n(states[i * states_each], batch * hidden, layers[i].h.data());
            layers[i].arrays.c = Cell::has_c ? states[i * states_each + 1] : nullptr;
        }
        for (int row = 0; row < batch; row++) std::copy_n(all_logits + row * vocab, vocab, logits + row * padded(vocab));
        const int64_t weights = (static_cast<int64_t>(2 * layers.size() - 1) * gates + vocab) * hidden;
        share_rows(batch, hidden, weights, steps, threads, [&](const Share& share) {
            for (int t = 0; t < steps; t++) {
                int32_t* now = ids + t * batch;
                const Range mine = share.count == 1 ? share.rows : Range(batch, share.index, share.count);
                for (int row = mine.begin; row < mine.end; row++) {
                    now[row] = choose(logits + row * padded(vocab), vocab, filter, draws[t * batch + row]);
                }
                share.barrier.wait();
                step(share, now);
            }
        });
        for (size_t i = 0; i < layers.size(); i++) {
            std::copy_n(layers[i].h.data(), batch * hidden, states[i * states_each]);
        }
        for (int row = 0; row < batch; row++) std::copy_n(logits + row * padded(vocab), vocab, all_logits + row * vocab);
    }

private:
    struct Layer {
        std::vector<float> z, h, saved;
        Arrays arrays;
        Scratch recurrent, input;
        TimeLoop<Cell> loop;
        PanelData panels{};  // weights of the input product, in the layout of the time loop's
        float* bias = nullptr;

        Layer(const Sampler& s, const float* const* weights, bool rounded)
            : z(s.batch * s.gates), h(2 * s.batch * s.hidden), saved(s.batch * s.hidden),
              arrays{1, s.batch, s.hidden, 0, weights[2], weights[3], z.data(), h.data(), nullptr, saved.data(),
                     nullptr, nullptr, nullptr},
              loop(arrays, recurrent) {
            loop.pack_forward(rounded);
            if (weights[0]) pack_input(s, weights[0], weights[1], rounded);
        }

        void pack_input(const Sampler& s, const float* weight, const float* given_bias, bool rounded) {
            const int units = padded(s.hidden);
            panels = {input.factors(static_cast<size_t>(Cell::blocks) * units * (s.deep + 1)), rounded};
            bias = (panels + static_cast<int64_t>(Cell::blocks) * units * s.deep).floats();
            std::fill_n(bias, Cell::blocks * units, 0.0f);
            for (int block = 0; block < Cell::blocks; block++) {
                const Matrix of_block{weight + static_cast<int64_t>(block) * s.hidden * s.hidden, 1, s.hidden};
                std::copy_n(given_bias + block * s.hidden, s.hidden, bias + block * units);
                for (int first = 0; first < s.hidden; first += panel_width) {
                    pack_panel(of_block, s.hidden, s.hidden, first, panels + s.offset(first, block));
                }
            }
        }
    };

    const int vocab, hidden, batch, gates, deep;  // deep: factors of `hidden` values
    const std::vector<float> table;
    std::deque<Layer> layers;
    Scratch head_memory;
    PanelData head;
    float *head_bias, *logits;

    int64_t offset(int first, int block) const {
        return (static_cast<int64_t>(first) * Cell::blocks + block * panel_width) * deep;
    }

    // Runs one character through all layers, up to its logits.
    void step(const Share& share, const int32_t* ids) {
        const int rows = share.rows.size(), units = share.units.size();
        const float* below = nullptr;
        for (Layer& layer : layers) {
            below ? multiply_input(share, layer, below) : look_up_input(share, layer, ids);
            layer.loop.step(share, 0);
            below = layer.h.data() + batch * hidden;
            for (int row = share.rows.begin; row < share.rows.end; row++) {
                const int64_t at = static_cast<int64_t>(row) * hidden + share.units.begin;
                std::copy_n(below + at, units, layer.h.data() + at);
            }
        }
        const Range columns(padded(vocab), share.index, share.count, panel_width);
        panel_product(plain_rows({below + share.rows.begin * hidden, hidden, 1}, rows, hidden), deep,
                      {head + static_cast<int64_t>(columns.begin) * deep, columns.size() / panel_width,
                       deep * panel_width},
                      {head_bias + columns.begin, 0, panel_width},
                      {logits + share.rows.begin * padded(vocab) + columns.begin, padded(vocab), panel_width});
        share.barrier.wait();
    }

    void look_up_input(const Share& share, Layer& layer, const int32_t* ids) const {
        for (int row = share.rows.begin; row < share.rows.end; row++) {
            const float* from = table.data() + static_cast<int64_t>(ids[row]) * gates + share.units.begin;
            float* to = layer.z.data() + static_cast<int64_t>(row) * gates + share.units.begin;
            for (int block = 0; block < Cell::blocks; block++) {
                std::copy_n(from + block * hidden, share.units.size(), to + block * hidden);
            }
        }
    }

    void multiply_input(const Share& share, Layer& layer, const float* below) const {
        const int rows = share.rows.size(), block_size = rows * panel_width;
        thread_local Scratch scratch;
        float* products = scratch.floats(Cell::blocks * block_size);
        const Rows from = plain_rows({below + share.rows.begin * hidden, hidden, 1}, rows, hidden);
        for (int first = share.units.begin; first < share.units.end; first += panel_width) {
            panel_product(from, deep, {layer.panels + offset(first, 0), Cell::blocks, deep * panel_width},
                          {layer.bias + first, 0, padded(hidden)}, {products, panel_width, block_size});
            const int width = std::min(panel_width, share.units.end - first);
            for (int block = 0; block < Cell::blocks; block++) {
                for (int row = 0; row < rows; row++) {
                    std::copy_n(products + block * block_size + row * panel_width, width,
                                layer.z.data() + (share.rows.begin + row) * gates + block * hidden + first);
                }
            }
        }
    }
};

}  // namespace

extern "C" {

// open_sampler_NAME for each cell. `may_round` allows weights of float16, if the processor can widen them.
#define OPEN_SAMPLER(name, Cell)                                                   \
    AnySampler* open_sampler_##name(const Weights& weights, int may_round) {       \
        return new Sampler<Cell>(weights, has_float16 && may_round);               \
    }
FOR_EACH_CELL(OPEN_SAMPLER)

// Writes ids (steps, B), sampled from the logits (B, V) and their successors; states (each layer's h, then its c) and
// logits become those after the last id. draws (steps, B) are uniform in [0, 1). It uses `threads` threads at most.
void sample(AnySampler* sampler, int threads, int steps, const double* draws, float* const* states, float* logits,
            int32_t* ids, double temperature, int top_k, double top_p) {
    sampler->sample(threads, steps, draws, states, logits, ids, Filter{temperature, top_k, top_p});
}

void close_sampler(AnySampler* sampler) { delete sampler; }
}

// Chooses the next character from its logits by temperature, top-k, top-p and a draw, in double precision as in
// charrnn/sampling/sampler.py.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace {

struct Filter {
    double temperature;
    int top_k;  // 0 keeps all
    double top_p;
};

// Zeroes all but the top_k largest weights and the smallest set of these that holds top_p of them.
inline void keep_top(std::vector<double>& weights, const Filter& filter) {
    thread_local std::vector<int> order;
    const int size = static_cast<int>(weights.size());
    const int most = filter.top_k ? std::min(filter.top_k, size) : size;
    order.resize(size);
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + most, order.end(), [&](int a, int b) {
        return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
    });
    double whole = 0, before = 0;
    for (int i = 0; i < most; i++) whole += weights[order[i]];
    for (int i = 0; i < size; i++) {
        double& weight = weights[order[i]];
        const double kept = i < most && before < filter.top_p * whole ? weight : 0;
        before += weight;
        weight = kept;
    }
}

// `draw` is uniform in [0, 1).
inline int choose(const float* logits, int size, const Filter& filter, double draw) {
    const int likeliest = static_cast<int>(std::max_element(logits, logits + size) - logits);
    if (filter.temperature == 0) return likeliest;
    thread_local std::vector<double> weights;
    weights.resize(size);
    for (int i = 0; i < size; i++) {
        const double weight = std::exp((static_cast<double>(logits[i]) - logits[likeliest]) / filter.temperature);
        weights[i] = weight > 0 ? weight : 0;  // NaN becomes 0
    }
    if (filter.top_k || filter.top_p < 1) keep_top(weights, filter);
    const double point = draw * std::accumulate(weights.begin(), weights.end(), 0.0);
    double cumulative = 0;
    int id = 0;
    while (id < size && (cumulative += weights[id]) <= point) id++;
    return std::min(id, size - 1);
}

}  // namespace

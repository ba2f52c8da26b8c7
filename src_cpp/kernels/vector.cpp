#include "sparsesci/vector.hpp"

#include <cstring>

#include "sparsesci/simd.hpp"

namespace sparsesci {
namespace {

constexpr Index lanes = 16;

/// Sum term(i) over i < n in `lanes` accumulators, then pairwise.
template <class Term>
SPARSESCI_INLINE double reduce(Index n, Term term) {
    double acc[lanes] = {};
    const Index head = n - n % lanes;
    for (Index i = 0; i < head; i += lanes)
        for (Index k = 0; k < lanes; ++k) acc[k] += term(i + k);
    for (Index i = head; i < n; ++i) acc[i - head] += term(i);
    for (Index width = lanes / 2; width > 0; width /= 2)
        for (Index k = 0; k < width; ++k) acc[k] += acc[k + width];
    return acc[0];
}

template <class T>
SPARSESCI_INLINE double dot_impl(const T* x, double mean, const double* r, Index n) {
    return reduce(n, [=](Index i) { return (static_cast<double>(x[i]) - mean) * r[i]; });
}

template <class T>
SPARSESCI_INLINE double dot_impl(const T* x, double mean, const double* s, const double* r,
                                 Index n) {
    return reduce(n, [=](Index i) { return (static_cast<double>(x[i]) - mean) * (s[i] * r[i]); });
}

template <class T>
SPARSESCI_INLINE void axpy_impl(double a, const T* x, double mean, double* r, Index n) {
    for (Index i = 0; i < n; ++i) r[i] += a * (static_cast<double>(x[i]) - mean);
}

template <class T>
SPARSESCI_INLINE Moments moments_impl(const T* x, double mean, const double* s, Index n) {
    const auto dev = [=](Index i) { return static_cast<double>(x[i]) - mean; };
    if (s == nullptr) return {reduce(n, dev), reduce(n, [=](Index i) { return dev(i) * dev(i); })};
    return {reduce(n, [=](Index i) { return s[i] * dev(i); }),
            reduce(n, [=](Index i) { return s[i] * dev(i) * dev(i); })};
}

template <class T, class Out>
SPARSESCI_INLINE void copy_impl(const T* x, double mean, const double* f, Out* out, Index n) {
    const auto dev = [=](Index i) { return static_cast<double>(x[i]) - mean; };
    if (f == nullptr)
        for (Index i = 0; i < n; ++i) out[i] = static_cast<Out>(dev(i));
    else
        for (Index i = 0; i < n; ++i) out[i] = static_cast<Out>(dev(i) * f[i]);
}

constexpr Index pack_size = sizeof(Pack) / sizeof(double);

template <class T>
SPARSESCI_INLINE void load(const T* x, Pack& pack) {
    double entries[pack_size];
    for (Index k = 0; k < pack_size; ++k) entries[k] = static_cast<double>(x[k]);
    std::memcpy(&pack, entries, sizeof(Pack));
}

SPARSESCI_INLINE double sum_of(const Pack& pack) {
    double entries[pack_size];
    std::memcpy(entries, &pack, sizeof(Pack));
    double sum = 0;
    for (const double entry : entries) sum += entry;
    return sum;
}

template <class T>
SPARSESCI_INLINE void subtract_columns_impl(const double* a, const T* const* x, const double* means,
                                            double* r, Index n, const T* const* next) {
    const Index head = n - n % pack_size;
    for (Index i = 0; i < head; i += pack_size) {
        Pack change = {}, residual;
        for (Index c = 0; c < tile; ++c) {
            if (next) prefetch(next[c] + i);
            Pack deviation;
            load(x[c] + i, deviation);
            change += a[c] * (deviation - means[c]);
        }
        load(r + i, residual);
        residual -= change;
        std::memcpy(r + i, &residual, sizeof(Pack));
    }
    for (Index i = head; i < n; ++i)
        for (Index c = 0; c < tile; ++c) r[i] -= a[c] * (static_cast<double>(x[c][i]) - means[c]);
}

template <Index n_targets, class T>
SPARSESCI_INLINE void add_dots_impl(const T* const* x, const double* means, const double* r,
                                    Index stride, Index start, Index count, const T* const* next,
                                    double (*sums)[tile]) {
    Pack acc[tile][n_targets] = {};
    const Index head = start + count - count % pack_size;
    for (Index i = start; i < head; i += pack_size) {
        Pack deviation[tile];
        for (Index c = 0; c < tile; ++c) {
            prefetch(next[c] + i);
            load(x[c] + i, deviation[c]);
            deviation[c] -= means[c];
        }
        for (Index t = 0; t < n_targets; ++t) {
            Pack residual;
            load(r + t * stride + i, residual);
            for (Index c = 0; c < tile; ++c) acc[c][t] += deviation[c] * residual;
        }
    }
    for (Index c = 0; c < tile; ++c)
        for (Index t = 0; t < n_targets; ++t) {
            sums[c][t] += sum_of(acc[c][t]);
            for (Index i = head; i < start + count; ++i)
                sums[c][t] += (static_cast<double>(x[c][i]) - means[c]) * r[t * stride + i];
        }
}

template <bool weighted, class T>
SPARSESCI_INLINE void inner_products_impl(const T* const* x, const double* means, const double* s,
                                          Index n, double* out) {
    Pack acc[n_pairs] = {};
    const Index head = n - n % pack_size;
    for (Index i = 0; i < head; i += pack_size) {
        Pack deviation[tile], weight;
        if (weighted) load(s + i, weight);
        for (Index c = 0; c < tile; ++c) {
            load(x[c] + i, deviation[c]);
            deviation[c] -= means[c];
        }
        for (Index b = 1; b < tile; ++b) {
            const Pack mass = weighted ? deviation[b] * weight : deviation[b];
            for (Index a = 0; a < b; ++a) acc[pair(a, b)] += deviation[a] * mass;
        }
    }
    for (Index b = 1; b < tile; ++b)
        for (Index a = 0; a < b; ++a) {
            double& sum = out[pair(a, b)] = sum_of(acc[pair(a, b)]);
            for (Index i = head; i < n; ++i)
                sum += (static_cast<double>(x[a][i]) - means[a]) *
                       (static_cast<double>(x[b][i]) - means[b]) * (weighted ? s[i] : 1.0);
        }
}

template <bool weighted, class T>
SPARSESCI_INLINE TileMoments tile_moments_impl(const T* const* x, const double* about,
                                               const double* s, Index n, const T* const* next) {
    Pack first[tile] = {}, second[tile] = {};
    const Index head = n - n % pack_size;
    for (Index i = 0; i < head; i += pack_size) {
        Pack weight;
        if (weighted) load(s + i, weight);
        for (Index c = 0; c < tile; ++c) {
            prefetch(next[c] + i);
            Pack deviation;
            load(x[c] + i, deviation);
            deviation -= about[c];
            const Pack mass = weighted ? deviation * weight : deviation;
            first[c] += mass;
            second[c] += mass * deviation;
        }
    }
    TileMoments sums;
    for (Index c = 0; c < tile; ++c) {
        sums.first[c] = sum_of(first[c]);
        sums.second[c] = sum_of(second[c]);
        for (Index i = head; i < n; ++i) {
            const double deviation = static_cast<double>(x[c][i]) - about[c];
            const double mass = weighted ? deviation * s[i] : deviation;
            sums.first[c] += mass;
            sums.second[c] += mass * deviation;
        }
    }
    return sums;
}

}  // namespace

#define SPARSESCI_DEFINE(T)                                                                       \
    SPARSESCI_MULTIVERSION double dot(const T* x, double mean, const double* r, Index n) {        \
        return dot_impl(x, mean, r, n);                                                           \
    }                                                                                             \
    SPARSESCI_MULTIVERSION double dot(                                                            \
        const T* x, double mean, const double* s, const double* r, Index n) {                     \
        return dot_impl(x, mean, s, r, n);                                                        \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void axpy(double a, const T* x, double mean, double* r, Index n) {     \
        axpy_impl(a, x, mean, r, n);                                                              \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void subtract_columns(                                                 \
        const double* a, const T* const* x, const double* means, double* r, Index n,              \
        const T* const* next) {                                                                   \
        subtract_columns_impl(a, x, means, r, n, next);                                           \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void copy(                                                             \
        const T* x, double mean, const double* f, double* out, Index n) {                         \
        copy_impl(x, mean, f, out, n);                                                            \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void copy(                                                             \
        const T* x, double mean, const double* f, float* out, Index n) {                          \
        copy_impl(x, mean, f, out, n);                                                            \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void add_dots(                                                         \
        const T* const* x, const double* means, const double* r, Index stride, Index n_targets,   \
        Index start, Index count, const T* const* next, double (*sums)[tile]) {                   \
        if (n_targets == 1)                                                                       \
            return add_dots_impl<1>(x, means, r, stride, start, count, next, sums);               \
        if (n_targets == 2)                                                                       \
            return add_dots_impl<2>(x, means, r, stride, start, count, next, sums);               \
        if (n_targets == 3)                                                                       \
            return add_dots_impl<3>(x, means, r, stride, start, count, next, sums);               \
        add_dots_impl<tile>(x, means, r, stride, start, count, next, sums);                       \
    }                                                                                             \
    SPARSESCI_MULTIVERSION Moments moments(const T* x, double mean, const double* s, Index n) {   \
        return moments_impl(x, mean, s, n);                                                       \
    }                                                                                             \
    SPARSESCI_MULTIVERSION void inner_products(                                                   \
        const T* const* x, const double* means, const double* s, Index n, double* out) {          \
        if (s)                                                                                    \
            inner_products_impl<true>(x, means, s, n, out);                                       \
        else                                                                                      \
            inner_products_impl<false>(x, means, s, n, out);                                      \
    }                                                                                             \
    SPARSESCI_MULTIVERSION TileMoments tile_moments(                                              \
        const T* const* x, const double* about, const double* s, Index n, const T* const* next) { \
        return s ? tile_moments_impl<true>(x, about, s, n, next)                                  \
                 : tile_moments_impl<false>(x, about, s, n, next);                                \
    }

SPARSESCI_DEFINE(double)
SPARSESCI_DEFINE(float)

}  // namespace sparsesci

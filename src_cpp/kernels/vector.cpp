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

template <class T>
SPARSESCI_INLINE void copy_impl(const T* x, double mean, const double* f, double* out, Index n) {
    const auto dev = [=](Index i) { return static_cast<double>(x[i]) - mean; };
    if (f == nullptr)
        for (Index i = 0; i < n; ++i) out[i] = dev(i);
    else
        for (Index i = 0; i < n; ++i) out[i] = dev(i) * f[i];
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

template <Index n_targets, class T>
SPARSESCI_INLINE void add_dots_impl(const T* const* x, const double* means, const double* r,
                                    Index stride, Index start, Index count, Index ahead,
                                    double (*sums)[tile]) {
    Pack acc[tile][n_targets] = {};
    const Index head = start + count - count % pack_size;
    for (Index i = start; i < head; i += pack_size) {
        Pack deviation[tile];
        for (Index c = 0; c < tile; ++c) {
            prefetch(x[c] + i + ahead);
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

}  // namespace

#define SPARSESCI_DEFINE(T)                                                                     \
    SPARSESCI_MULTIVERSION double dot(const T* x, double mean, const double* r, Index n) {      \
        return dot_impl(x, mean, r, n);                                                         \
    }                                                                                           \
    SPARSESCI_MULTIVERSION double dot(                                                          \
        const T* x, double mean, const double* s, const double* r, Index n) {                   \
        return dot_impl(x, mean, s, r, n);                                                      \
    }                                                                                           \
    SPARSESCI_MULTIVERSION void axpy(double a, const T* x, double mean, double* r, Index n) {   \
        axpy_impl(a, x, mean, r, n);                                                            \
    }                                                                                           \
    SPARSESCI_MULTIVERSION void copy(                                                           \
        const T* x, double mean, const double* f, double* out, Index n) {                       \
        copy_impl(x, mean, f, out, n);                                                          \
    }                                                                                           \
    SPARSESCI_MULTIVERSION void add_dots(                                                       \
        const T* const* x, const double* means, const double* r, Index stride, Index n_targets, \
        Index start, Index count, Index ahead, double (*sums)[tile]) {                          \
        if (n_targets == 1)                                                                     \
            return add_dots_impl<1>(x, means, r, stride, start, count, ahead, sums);            \
        if (n_targets == 2)                                                                     \
            return add_dots_impl<2>(x, means, r, stride, start, count, ahead, sums);            \
        if (n_targets == 3)                                                                     \
            return add_dots_impl<3>(x, means, r, stride, start, count, ahead, sums);            \
        add_dots_impl<tile>(x, means, r, stride, start, count, ahead, sums);                    \
    }                                                                                           \
    SPARSESCI_MULTIVERSION Moments moments(const T* x, double mean, const double* s, Index n) { \
        return moments_impl(x, mean, s, n);                                                     \
    }

SPARSESCI_DEFINE(double)
SPARSESCI_DEFINE(float)

}  // namespace sparsesci

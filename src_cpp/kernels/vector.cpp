#include "sparsesci/vector.hpp"

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
    SPARSESCI_MULTIVERSION Moments moments(const T* x, double mean, const double* s, Index n) { \
        return moments_impl(x, mean, s, n);                                                     \
    }

SPARSESCI_DEFINE(double)
SPARSESCI_DEFINE(float)

}  // namespace sparsesci

#include "sparsesci/pursuit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sparsesci/simd.hpp"

namespace sparsesci {
namespace {

template <class T>
constexpr Index chunk = 256 / sizeof(T);

/// What is known of the atoms while a signal is decomposed, in arrays of `padded` values.
template <class T>
struct Atoms {
    T* alpha;       // inner products with the residual
    T* norms;       // squares off the span of the chosen atoms; infinite once chosen
    T* squares;     // squared norms of the atoms
    T* floor;       // squares up to which an atom depends on the chosen ones
    T* directions;  // rows: inner products with each orthonormal direction
    Index size, padded;
    T* direction(Index s) const { return directions + s * padded; }
};

/// One chunk of direction t, (g - sum_s w_s V_s) / pivot, and of what follows from it. Four
/// earlier directions are subtracted at a time.
template <class T>
SPARSESCI_INLINE void advance_chunk(const T* __restrict g, Index len, const Atoms<T>& atoms,
                                    Index at, Index t, const T* __restrict w, T inverse, T beta) {
    T v[chunk<T>] = {};
    for (Index i = 0; i < len; ++i) v[i] = g[at + i];
    Index s = 0;
    for (; s + 4 <= t; s += 4) {
        const T* __restrict row = atoms.direction(s) + at;
        const T *second = row + atoms.padded, *third = second + atoms.padded;
        const T* fourth = third + atoms.padded;
        const T a = w[s], b = w[s + 1], c = w[s + 2], d = w[s + 3];
        for (Index i = 0; i < chunk<T>; ++i)
            v[i] -= (a * row[i] + b * second[i]) + (c * third[i] + d * fourth[i]);
    }
    for (; s < t; ++s) {
        const T* __restrict row = atoms.direction(s) + at;
        const T a = w[s];
        for (Index i = 0; i < chunk<T>; ++i) v[i] -= a * row[i];
    }
    T* __restrict alpha = atoms.alpha + at;
    T* __restrict norms = atoms.norms + at;
    T* __restrict row = atoms.direction(t) + at;
    for (Index i = 0; i < chunk<T>; ++i) {
        v[i] *= inverse;
        row[i] = v[i];
        alpha[i] -= beta * v[i];
        norms[i] -= v[i] * v[i];
    }
}

template <class T>
SPARSESCI_INLINE void advance_impl(const T* g, const Atoms<T>& atoms, Index t, const T* w, T pivot,
                                   T beta) {
    const T inverse = 1 / pivot;
    Index at = 0;
    for (; at + chunk<T> <= atoms.size; at += chunk<T>)
        advance_chunk(g, chunk<T>, atoms, at, t, w, inverse, beta);
    if (at < atoms.size) advance_chunk(g, atoms.size - at, atoms, at, t, w, inverse, beta);
}

/// First atom with the largest |alpha|, -1 if all are 0. `turn` counts chunks in T, so that the
/// selections have one width.
template <class T>
SPARSESCI_INLINE Index strongest_omp(const Atoms<T>& atoms) {
    const T* __restrict alpha = atoms.alpha;
    T largest[chunk<T>] = {}, turn[chunk<T>] = {}, now = 0;
    for (Index at = 0; at < atoms.padded; at += chunk<T>, now += 1)
        for (Index i = 0; i < chunk<T>; ++i) {
            const T value = std::abs(alpha[at + i]);
            const bool better = value > largest[i];
            largest[i] = better ? value : largest[i];
            turn[i] = better ? now : turn[i];
        }
    Index best = 0;
    for (Index i = 1; i < chunk<T>; ++i)
        if (largest[i] > largest[best] || (largest[i] == largest[best] && turn[i] < turn[best]))
            best = i;
    return largest[best] > 0 ? static_cast<Index>(turn[best]) * chunk<T> + best : -1;
}

/// The same for alpha^2 / norm. Fractions are compared by cross-multiplication, which is several
/// times faster than division.
template <class T>
SPARSESCI_INLINE Index strongest_ols(const Atoms<T>& atoms) {
    const T* __restrict alpha = atoms.alpha;
    const T* __restrict norms = atoms.norms;
    const T* __restrict floor = atoms.floor;
    T above[chunk<T>] = {}, below[chunk<T>], turn[chunk<T>] = {}, now = 0;
    for (Index i = 0; i < chunk<T>; ++i) below[i] = 1;
    for (Index at = 0; at < atoms.padded; at += chunk<T>, now += 1)
        for (Index i = 0; i < chunk<T>; ++i) {
            const T square = alpha[at + i] * alpha[at + i];
            const T norm = norms[at + i] > floor[at + i] ? norms[at + i] : floor[at + i];
            const bool better = square * below[i] > above[i] * norm;
            above[i] = better ? square : above[i];
            below[i] = better ? norm : below[i];
            turn[i] = better ? now : turn[i];
        }
    Index best = 0;
    for (Index i = 1; i < chunk<T>; ++i) {
        const T mine = above[i] * below[best], other = above[best] * below[i];
        if (mine > other || (mine == other && turn[i] < turn[best])) best = i;
    }
    return above[best] > 0 ? static_cast<Index>(turn[best]) * chunk<T> + best : -1;
}

#define SPARSESCI_DEFINE(T)                                                        \
    SPARSESCI_MULTIVERSION void advance(                                           \
        const T* g, const Atoms<T>& atoms, Index t, const T* w, T pivot, T beta) { \
        advance_impl(g, atoms, t, w, pivot, beta);                                 \
    }                                                                              \
    SPARSESCI_MULTIVERSION Index strongest(const Atoms<T>& atoms, bool ols) {      \
        return ols ? strongest_ols(atoms) : strongest_omp(atoms);                  \
    }
SPARSESCI_DEFINE(double)
SPARSESCI_DEFINE(float)
#undef SPARSESCI_DEFINE

/// The best atom that does not depend on the chosen ones, -1 where no correlation but noise is
/// left. Dependent atoms are found when they would be chosen, which is rare: looking for them
/// at each step would cost more than the step. Rounding errors grow by the square of an atom
/// over its pivot, the largest of which so far is `growth`.
template <class T>
Index choose(const Atoms<T>& atoms, bool ols, double noise, double growth) {
    while (true) {
        const Index j = strongest(atoms, ols);
        if (j < 0) return -1;
        const double alpha = static_cast<double>(atoms.alpha[j]);
        const double norm = static_cast<double>(atoms.norms[j]);
        const double square = static_cast<double>(atoms.squares[j]);
        const bool heard = alpha * alpha > noise * growth * square;
        const bool free = norm > growth * static_cast<double>(atoms.floor[j]);
        if (heard && free && !std::isinf(norm)) return j;
        atoms.alpha[j] = 0;
    }
}

/// The triangular factor of the chosen atoms: row s of L' is direction s at later choices.
template <class T>
struct Factor {
    T *w, *pivots, *betas;
};

/// Atoms chosen for one signal, in the order of choice; returns their number.
template <class T>
Index pursue(const T* gram, const Atoms<T>& atoms, const PursuitRule& rule, const Factor<T>& factor,
             Index* support, double& error) {
    double first = 0, growth = 1;
    Index t = 0;
    while (t < rule.n_nonzero && error > rule.tol) {
        const Index j = choose(atoms, rule.ols, rule.negligible * first, growth);
        if (j < 0) break;
        const T pivot = std::sqrt(atoms.norms[j]), beta = atoms.alpha[j] / pivot;
        const double gain = static_cast<double>(beta) * static_cast<double>(beta);
        if (t == 0) first = gain;
        growth = std::fmax(growth, static_cast<double>(atoms.squares[j] / atoms.norms[j]));
        for (Index s = 0; s < t; ++s) factor.w[s] = atoms.direction(s)[j];
        factor.pivots[t] = pivot;
        factor.betas[t] = beta;
        atoms.norms[j] = std::numeric_limits<T>::infinity();
        support[t] = j;
        error -= gain;
        if (t + 1 < rule.n_nonzero && error > rule.tol)
            advance(gram + j * atoms.size, atoms, t, factor.w, pivot, beta);
        ++t;
    }
    error = std::fmax(error, 0.0);
    return t;
}

/// Back substitution: coefficients of the chosen atoms from those of the directions.
template <class T>
void solve(const Atoms<T>& atoms, const Factor<T>& factor, const Index* support, Index count,
           T* coef) {
    for (Index r = count - 1; r >= 0; --r) {
        T value = factor.betas[r];
        for (Index q = r + 1; q < count; ++q) value -= atoms.direction(r)[support[q]] * coef[q];
        coef[r] = value / factor.pivots[r];
    }
}

}  // namespace

template <class T>
void omp_gram(const T* gram, Index n_atoms, const T* correlations, const double* squares,
              Index n_signals, const PursuitRule& rule, const Codes<T>& out, T* work) {
    const Index padded = padded_size<T>(n_atoms), k = rule.n_nonzero;
    const Atoms<T> atoms{
        work,    work + padded, work + 2 * padded, work + 3 * padded, work + 4 * padded,
        n_atoms, padded};
    T* rest = work + (k + 4) * padded;
    const Factor<T> factor{rest, rest + k, rest + 2 * k};
    std::fill_n(work, 4 * padded, T(0));
    for (Index j = 0; j < n_atoms; ++j) {
        atoms.squares[j] = gram[j * n_atoms + j];
        atoms.floor[j] = static_cast<T>(rule.dependent) * atoms.squares[j];
    }
    for (Index b = 0; b < n_signals; ++b) {
        std::copy_n(correlations + b * n_atoms, n_atoms, atoms.alpha);
        std::copy_n(atoms.squares, padded, atoms.norms);
        out.error[b] = squares[b];
        Index* support = out.support + b * k;
        out.count[b] = pursue(gram, atoms, rule, factor, support, out.error[b]);
        solve(atoms, factor, support, out.count[b], out.coef + b * k);
    }
}

template void omp_gram(const double*, Index, const double*, const double*, Index,
                       const PursuitRule&, const Codes<double>&, double*);
template void omp_gram(const float*, Index, const float*, const double*, Index, const PursuitRule&,
                       const Codes<float>&, float*);

void top_k(const double* scores, Index n_rows, Index p, Index k, Index* out) {
    for (Index b = 0; b < n_rows; ++b, scores += p, out += k) {
        const auto ahead = [scores](Index i, Index j) {
            return scores[i] > scores[j] || (scores[i] == scores[j] && i < j);
        };
        // A heap of the best so far, the worst of them on top.
        for (Index i = 0; i < k; ++i) out[i] = i;
        std::make_heap(out, out + k, ahead);
        for (Index i = k; i < p && k > 0; ++i) {
            if (!ahead(i, out[0])) continue;
            std::pop_heap(out, out + k, ahead);
            out[k - 1] = i;
            std::push_heap(out, out + k, ahead);
        }
        std::sort(out, out + k);
    }
}

namespace {

struct Weighted {
    double value, weight;
    bool operator<(const Weighted& other) const { return value < other.value; }
};

/// Smallest value up to which the weights sum to half of the total, by halving the range.
double weighted_median(Weighted* first, Index size, double total) {
    Index low = 0, high = size - 1;
    double before = 0;
    while (low < high) {
        const Index middle = low + (high - low) / 2;
        std::nth_element(first + low, first + middle, first + high + 1);
        double sum = before;
        for (Index i = low; i <= middle; ++i) sum += first[i].weight;
        if (2 * sum >= total) {
            high = middle;
        } else {
            low = middle + 1;
            before = sum;
        }
    }
    return first[low].value;
}

template <class T, class Visit>
void each_entry(const DenseView<T>& X, Index j, Visit visit) {
    const T* column = X.column(j);
    for (Index i = 0; i < X.n_rows; ++i) visit(i, static_cast<double>(column[i]));
}

template <class T, class Visit>
void each_entry(const CscView<T>& X, Index j, Visit visit) {
    for (Index k = X.indptr[j]; k < X.indptr[j + 1]; ++k)
        visit(X.indices[k], static_cast<double>(X.data[k]));
}

}  // namespace

template <class View>
void lad_line_search(const View& X, const double* residual, const double* shift,
                     const double* slope, double* steps, double* gains, double* work) {
    auto* ratios = reinterpret_cast<Weighted*>(work);
    for (Index j = 0; j < X.n_cols; ++j) {
        Index size = 0;
        double total = 0;
        const auto add = [&](double target, double x) {
            const double ratio = target / x;
            if (x == 0 || !std::isfinite(ratio)) return;
            ratios[size++] = {ratio, std::abs(x)};
            total += std::abs(x);
        };
        each_entry(X, j, [&](Index i, double x) { add(residual[i], x); });
        add(shift[j], slope[j]);
        const double t = size > 0 ? weighted_median(ratios, size, total) : 0.0;
        double gain = std::abs(shift[j]) - std::abs(shift[j] - t * slope[j]);
        each_entry(X, j, [&](Index i, double x) {
            gain += std::abs(residual[i]) - std::abs(residual[i] - t * x);
        });
        steps[j] = t;
        gains[j] = gain;
    }
}

#define SPARSESCI_INSTANTIATE(View) \
    template void lad_line_search(  \
        const View&, const double*, const double*, const double*, double*, double*, double*);
SPARSESCI_INSTANTIATE(DenseView<double>)
SPARSESCI_INSTANTIATE(DenseView<float>)
SPARSESCI_INSTANTIATE(CscView<double>)
SPARSESCI_INSTANTIATE(CscView<float>)

}  // namespace sparsesci

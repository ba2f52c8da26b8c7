#pragma once
#include <cmath>
#include <type_traits>
#include <utility>

#include "sparsesci/vector.hpp"

/// Views: the only access of a solver to its data.
///
/// With sample weights s (sum n) and column means m, the solver sees X~ = X - 1 m' and never
/// forms it. A view answers two questions about column j, for the t-th of T targets:
///
///     corr(j, R, t)    =  x~_j' S r_t / n        (minus the gradient of the datafit)
///     step(j, d, R, t):   r_t -= d x~_j
///
/// where R is the view's own form of the residual: see `Residual`.
namespace sparsesci {

/// Rounding below zero is zero; NaN stays NaN, by which the caller knows of it.
inline double not_below_zero(double x) { return x < 0 ? 0.0 : x; }

/// What coordinate descent carries along. `values` holds T rows of length `stride`.
///   dense:  the residual itself;
///   CSC:    rho with r = rho + offset, so that centring costs O(1) for each column;
///   Gram:   X~' S r (p values), and the residual never appears.
struct Residual {
    double* values;
    Index stride;
    double* offset;
    double* row(Index t) const { return values + t * stride; }
};

/// Column-major dense matrix. `means` and `weights` may be null.
template <class T>
struct DenseView {
    using Entry = T;
    const T* data;
    Index n_rows, n_cols;
    const double *means, *weights;

    Index residual_size() const { return n_rows; }
    const T* column(Index j) const { return data + j * n_rows; }
    double mean(Index j) const { return means ? means[j] : 0.0; }

    double corr(Index j, const Residual& R, Index t) const {
        const double* r = R.row(t);
        const double sum = weights ? dot(column(j), mean(j), weights, r, n_rows)
                                   : dot(column(j), mean(j), r, n_rows);
        return sum / static_cast<double>(n_rows);
    }
    void step(Index j, double delta, const Residual& R, Index t) const {
        axpy(-delta, column(j), mean(j), R.row(t), n_rows);
    }
    /// Half the weighted mean square of the t-th residual.
    double loss(const Residual& R, Index t) const {
        return moments(R.row(t), 0.0, weights, n_rows).second / static_cast<double>(2 * n_rows);
    }
    /// Mean and mean square of the centred column. A second look corrects the mean: constant
    /// columns far from zero must come out with no variance at all.
    Moments stats(Index j, bool center) const {
        const double n = static_cast<double>(n_rows);
        const double first = center ? moments(column(j), 0.0, weights, n_rows).first / n : 0.0;
        const Moments about = moments(column(j), first, weights, n_rows);
        if (std::isinf(about.second)) return {first, about.second};
        const double shift = center ? about.first / n : 0.0;
        return {first + shift, not_below_zero(about.second / n - shift * shift)};
    }
};

template <class View>
inline constexpr bool is_dense = false;
template <class T>
inline constexpr bool is_dense<DenseView<T>> = true;

/// Compressed sparse columns (sorted or not, no duplicates).
template <class T>
struct CscView {
    const T* data;
    const std::int32_t *indices, *indptr;
    Index n_rows, n_cols;
    const double *means, *weights;
    Index n_counted;  // rows of positive weight

    Index residual_size() const { return n_rows; }

    double corr(Index j, const Residual& R, Index t) const {
        const double* rho = R.row(t);
        const double total =
            weights ? sum(j,
                          [&](Index k) {
                              const Index i = indices[k];
                              return static_cast<double>(data[k]) * weights[i] * rho[i];
                          })
                    : gather(j, rho);
        const double centred = means ? means[j] * R.offset[t] : 0.0;  // x_j'S1 = n m_j
        return total / static_cast<double>(n_rows) + centred;
    }
    void step(Index j, double delta, const Residual& R, Index t) const {
        double* rho = R.row(t);
        for (Index k = indptr[j]; k < indptr[j + 1]; ++k)
            rho[indices[k]] -= delta * static_cast<double>(data[k]);
        if (means) R.offset[t] += delta * means[j];
    }
    double loss(const Residual& R, Index t) const {
        return moments(R.row(t), means ? -R.offset[t] : 0.0, weights, n_rows).second /
               static_cast<double>(2 * n_rows);
    }
    Moments stats(Index j, bool center) const {
        const double n = static_cast<double>(n_rows);
        const auto s = [&](Index k) { return weights ? weights[indices[k]] : 1.0; };
        const auto x = [&](Index k) { return static_cast<double>(data[k]); };
        if (is_half_empty(j)) return totals(j, center, nullptr).first;
        Index counted = indptr[j + 1] - indptr[j];
        double mass = static_cast<double>(counted), mean = 0;
        if (weights) {
            mass = sum(j, s);
            counted = static_cast<Index>(sum(j, [&](Index k) { return s(k) > 0 ? 1.0 : 0.0; }));
        }
        if (center) mean = sum(j, [&](Index k) { return s(k) * x(k); }) / n;
        const double second = sum(j, [&](Index k) { return s(k) * (x(k) - mean) * (x(k) - mean); });
        // The implicit zeros deviate by the mean. A column that is full where it counts has
        // none: the rounding of its mass would be multiplied by the square of the mean.
        const double zeros = counted == n_counted ? 0.0 : std::fmax(n - mass, 0.0);
        return {mean, not_below_zero((second + zeros * mean * mean) / n)};
    }

    /// Half of such a column is zero, without weights: mean^2 is at most half of the mean square,
    /// and their difference loses no digits.
    bool is_half_empty(Index j) const {
        return !weights && 2 * static_cast<Index>(indptr[j + 1] - indptr[j]) <= n_rows;
    }
    /// The statistics of such a column, and its inner product with r (may be null), in one pass.
    std::pair<Moments, double> totals(Index j, bool center, const double* r) const {
        double first[4] = {}, second[4] = {}, dot[4] = {};
        const auto add = [&](Index k, Index lane) {
            const double x = static_cast<double>(data[k]);
            first[lane] += x;
            second[lane] += x * x;
            if (r) dot[lane] += x * r[indices[k]];
        };
        Index k = indptr[j];
        const Index end = indptr[j + 1];
        for (; k + 4 <= end; k += 4)
            for (Index lane = 0; lane < 4; ++lane) add(k + lane, lane);
        for (; k < end; ++k) add(k, 0);
        const auto total = [](const double (&lanes)[4]) {
            return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
        };
        const double n = static_cast<double>(n_rows), mean = center ? total(first) / n : 0.0;
        return {{mean, not_below_zero(total(second) / n - mean * mean)}, total(dot)};
    }

private:
    /// Sum of term(k) over the stored entries of column j, in independent accumulators.
    template <class Term>
    double sum(Index j, Term term) const {
        double acc[4] = {};
        Index k = indptr[j];
        const Index end = indptr[j + 1];
        for (; k + 4 <= end; k += 4)
            for (Index lane = 0; lane < 4; ++lane) acc[lane] += term(k + lane);
        for (; k < end; ++k) acc[0] += term(k);
        return (acc[0] + acc[1]) + (acc[2] + acc[3]);
    }
    double gather(Index j, const double* rho) const {
        return sum(j, [&](Index k) { return static_cast<double>(data[k]) * rho[indices[k]]; });
    }
};

/// Gram matrix X~'SX~ of n_samples rows: a step costs O(p), a correlation O(1). Its rows lie
/// `stride` apart.
struct GramView {
    const double* gram;
    Index stride, n_cols, n_samples;

    Index residual_size() const { return n_cols; }
    double corr(Index j, const Residual& R, Index t) const {
        return R.row(t)[j] / static_cast<double>(n_samples);
    }
    void step(Index j, double delta, const Residual& R, Index t) const {
        axpy(-delta, gram + j * stride, 0.0, R.row(t), n_cols);
    }
};

/// Single-precision copy of a part of it, whose rows lie together.
struct GramCopy {
    const float* gram;
    Index n_cols, n_samples;

    Index residual_size() const { return n_cols; }
    double corr(Index j, const Residual& R, Index t) const {
        return R.row(t)[j] / static_cast<double>(n_samples);
    }
    void step(Index j, double delta, const Residual& R, Index t) const {
        axpy(-delta, gram + j * n_cols, 0.0, R.row(t), n_cols);
    }
};

template <class View>
inline constexpr bool is_gram = std::is_same_v<View, GramView> || std::is_same_v<View, GramCopy>;

}  // namespace sparsesci

#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "sparsesci/matrix.hpp"
#include "sparsesci/penalty.hpp"

/// Dense columns, a few at a time: their memory is fetched together.
namespace sparsesci {

/// The listed columns, or all.
struct Listing {
    const Index* columns;
    Index count;
    Index operator[](Index k) const { return columns ? columns[k] : k; }
};

/// Columns that are worked on together, and what is fetched meanwhile: those of the next tile, or
/// what follows on long columns.
template <class T>
struct Tile {
    static constexpr Index long_column = 8000, page = 512;
    Index height, column[tile];
    const T *x[tile], *next[tile];
    double means[tile];

    Tile(const DenseView<T>& X, const Listing& list, Index k)
        : height(std::min(tile, list.count - k)) {
        const auto place = [&](Index i) { return list[std::min(i, list.count - 1)]; };
        for (Index c = 0; c < tile; ++c) {  // the last column fills the last tile up
            column[c] = place(k + c);
            x[c] = X.column(column[c]);
            next[c] = X.n_rows < long_column ? X.column(place(k + tile + c)) : x[c] + page;
            means[c] = X.mean(column[c]);
        }
    }
};

/// Sweeps over a list of columns for a single target, by tiles. The steps are those of a sweep
/// over one column after another: what a step changes for the others of its tile is known from
/// their inner products, which are computed when they are first needed.
template <class T>
class TileSweep {
    const DenseView<T>& X_;
    const double n_;
    double *products_, *weighted_;

public:
    static Index work_size(Index n_columns, Index n_rows) {
        return (n_columns + tile - 1) / tile * n_pairs + n_rows;
    }

    /// `work` keeps the inner products of one list.
    TileSweep(const DenseView<T>& X, double* work, Index n_columns)
        : X_(X), n_(static_cast<double>(X.n_rows)), products_(work),
          weighted_(work + work_size(n_columns, 0)) {}

    /// To be called before the first sweep over a list.
    void forget(Index n_columns) {
        std::fill_n(products_, work_size(n_columns, 0), std::numeric_limits<double>::quiet_NaN());
    }

    /// One sweep; returns the largest L_j |change of w_j|.
    double run(const Listing& list, const Penalty& penalty, const double* lipschitz, double* w,
               double* r) {
        double violation = 0;
        for (Index k = 0; k < list.count; k += tile) {
            const Tile<T> at(X_, list, k);
            double sums[tile][tile] = {}, change[tile] = {};
            add_dots(at.x, at.means, weighted(r), 0, 1, 0, X_.n_rows, at.next, sums);
            for (Index c = 0; c < at.height; ++c) {
                const Index j = at.column[c];
                const double L = lipschitz[j], old = w[j];
                if (!(L > 0)) continue;
                w[j] = penalty.prox(old + sums[c][0] / (n_ * L), 1 / L, j);
                change[c] = w[j] - old;
                violation = std::fmax(violation, L * std::abs(change[c]));
                if (change[c] != 0) correct(at, c, change[c], products_ + k / tile * n_pairs, sums);
            }
            subtract(at, change, r);
        }
        return violation;
    }

private:
    const double* weighted(const double* r) {
        if (!X_.weights) return r;
        for (Index i = 0; i < X_.n_rows; ++i) weighted_[i] = X_.weights[i] * r[i];
        return weighted_;
    }

    /// Take the step of one column into account for those after it.
    void correct(const Tile<T>& at, Index c, double change, double* products,
                 double (&sums)[tile][tile]) const {
        if (std::isnan(products[0]))
            inner_products(at.x, at.means, X_.weights, X_.n_rows, products);
        for (Index b = c + 1; b < at.height; ++b) sums[b][0] -= change * products[pair(c, b)];
    }

    void subtract(const Tile<T>& at, const double (&change)[tile], double* r) const {
        Index moved = 0, last = 0;
        for (Index c = 0; c < tile; ++c)
            if (change[c] != 0) {
                ++moved;
                last = c;
            }
        if (moved == 1) axpy(-change[last], at.x[last], at.means[last], r, X_.n_rows);
        if (moved > 1) subtract_columns(change, at.x, at.means, r, X_.n_rows, nullptr);
    }
};

/// Whether sweeps by tiles are faster: where a column that has been correlated is no longer in the
/// first cache when its step is made.
template <class View>
bool sweeps_by_tiles(const View& X, Index n_tasks) {
    constexpr Index long_column = 4000;
    return is_dense<View> && n_tasks == 1 && X.residual_size() >= long_column;
}

/// Doubles of work that they need.
template <class View>
Index tile_work_size(const View& X, Index n_columns, Index n_tasks) {
    if constexpr (is_dense<View>)
        if (sweeps_by_tiles(X, n_tasks))
            return TileSweep<typename View::Entry>::work_size(n_columns, X.n_rows);
    return 0;
}

}  // namespace sparsesci

#include "sparsesci/columns.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

namespace sparsesci {

namespace {

/// The listed columns, or all.
struct Listing {
    const Index* columns;
    Index count;
    Index operator[](Index k) const { return columns ? columns[k] : k; }
};

template <class View>
void correlate(const View& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    for (Index k = 0; k < list.count; ++k)
        for (Index t = 0; t < n_tasks; ++t) out[list[k] * n_tasks + t] = X.corr(list[k], R, t);
}

struct Span {
    Index start, count;
};

/// The rows in which a residual is not zero, as spans; all of them, where these would be short.
std::vector<Span> counted_rows(const Residual& R, Index n_tasks, Index n_rows) {
    constexpr Index shortest = 100;
    std::vector<Span> spans;
    bool inside = false;
    for (Index i = 0; i < n_rows; ++i) {
        bool counts = false;
        for (Index t = 0; t < n_tasks; ++t) counts = counts || R.row(t)[i] != 0;
        if (counts && !inside) spans.push_back({i, 0});
        if (counts) ++spans.back().count;
        inside = counts;
        if (static_cast<Index>(spans.size()) * shortest > n_rows) return {{0, n_rows}};
    }
    return spans;
}

/// Several targets of a dense matrix without weights by tiles.
template <class T>
void correlate(const DenseView<T>& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    if (n_tasks == 1 || X.weights) return correlate<DenseView<T>>(X, R, n_tasks, list, out);
    const double n = static_cast<double>(X.n_rows);
    const std::vector<Span> spans = counted_rows(R, n_tasks, X.n_rows);
    for (Index k = 0; k < list.count; k += tile) {
        const Index height = std::min(tile, list.count - k);
        const T* x[tile];
        double means[tile];
        for (Index c = 0; c < tile; ++c) {  // the last column fills the last tile up
            const Index j = list[k + std::min(c, height - 1)];
            x[c] = X.column(j);
            means[c] = X.mean(j);
        }
        for (Index t = 0; t < n_tasks; t += tile) {
            const Index width = std::min(tile, n_tasks - t);
            double sums[tile][tile] = {};
            for (const Span rows : spans)
                add_dots(x, means, R.row(t), R.stride, width, rows.start, rows.count,
                         tile * X.n_rows, sums);
            for (Index c = 0; c < height; ++c)
                for (Index lane = 0; lane < width; ++lane)
                    out[list[k + c] * n_tasks + t + lane] = sums[c][lane] / n;
        }
    }
}

/// Targets of a sparse matrix without weights by fours: side by side, they are fetched together.
/// A list of columns may be too short to repay that.
template <class T>
void correlate(const CscView<T>& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    constexpr Index width = 4;
    const Index n = X.n_rows;
    const bool fetched = n_tasks >= width && !X.weights && !list.columns;
    std::vector<double> beside(fetched ? static_cast<std::size_t>(n * width) : 0);
    Index t = 0;
    for (; fetched && t + width <= n_tasks; t += width) {
        for (Index i = 0; i < n; ++i)
            for (Index lane = 0; lane < width; ++lane)
                beside[static_cast<std::size_t>(i * width + lane)] = R.row(t + lane)[i];
        for (Index j = 0; j < X.n_cols; ++j) {
            double sum[width] = {};
            for (Index k = X.indptr[j]; k < X.indptr[j + 1]; ++k)
                for (Index lane = 0; lane < width; ++lane)
                    sum[lane] += static_cast<double>(X.data[k]) *
                                 beside[static_cast<std::size_t>(X.indices[k] * width + lane)];
            for (Index lane = 0; lane < width; ++lane)
                out[j * n_tasks + t + lane] = sum[lane] / static_cast<double>(n) +
                                              (X.means ? X.means[j] * R.offset[t + lane] : 0.0);
        }
    }
    for (; t < n_tasks; ++t)
        for (Index k = 0; k < list.count; ++k) out[list[k] * n_tasks + t] = X.corr(list[k], R, t);
}

}  // namespace

template <class View>
void correlation(const View& X, const Residual& R, Index n_tasks, const Index* columns,
                 Index n_columns, double* out) {
    const Listing list{columns, columns ? n_columns : X.n_cols};
    if constexpr (!std::is_same_v<View, GramView>)
        if (X.weights && !columns) {  // once, not for each column
            const Index n = X.n_rows;
            std::vector<double> weighted(static_cast<std::size_t>(n_tasks * n));
            for (Index t = 0; t < n_tasks; ++t)
                for (Index i = 0; i < n; ++i)
                    weighted[static_cast<std::size_t>(t * n + i)] = X.weights[i] * R.row(t)[i];
            View plain = X;
            plain.weights = nullptr;
            correlate(plain, Residual{weighted.data(), n, R.offset}, n_tasks, list, out);
            return;
        }
    correlate(X, R, n_tasks, list, out);
}

template <class View>
void column_stats(const View& X, bool center, const Residual& targets, Index n_tasks, double* means,
                  double* lipschitz, double* correlations) {
    View centred = X;
    centred.means = center ? means : nullptr;
    for (Index j = 0; j < X.n_cols; ++j) {
        const Moments m = X.stats(j, center);
        means[j] = m.first;
        // No deviation beyond the rounding of the mean: a constant column.
        constexpr double eps = 8 * 2.220446049250313e-16;
        const bool constant = center && std::sqrt(m.second) <= eps * std::abs(m.first);
        lipschitz[j] = constant ? 0.0 : m.second;
        for (Index t = 0; t < n_tasks; ++t)
            correlations[j * n_tasks + t] = centred.corr(j, targets, t);
    }
}

template <class View>
void subtract_product(const View& X, const Index* columns, Index n_columns, const double* w,
                      Index n_tasks, const Residual& R) {
    const Listing list{columns, columns ? n_columns : X.n_cols};
    for (Index k = 0; k < list.count; ++k)
        for (Index t = 0; t < n_tasks; ++t)
            if (w[k * n_tasks + t] != 0) X.step(list[k], w[k * n_tasks + t], R, t);
}

template <class T>
void copy_columns(const DenseView<T>& X, const Index* columns, Index n_columns, Index start,
                  Index n_rows, double* out) {
    std::vector<double> roots(X.weights ? static_cast<std::size_t>(n_rows) : 0);
    for (Index i = 0; X.weights && i < n_rows; ++i)
        roots[static_cast<std::size_t>(i)] = std::sqrt(X.weights[start + i]);
    for (Index c = 0; c < n_columns; ++c)
        copy(X.column(columns[c]) + start, X.mean(columns[c]), X.weights ? roots.data() : nullptr,
             out + c * n_rows, n_rows);
}

namespace {

/// The listed columns by rows: positions in the list, in their order, and values. Only rows in
/// which one from `known` on has an entry.
struct Rows {
    std::vector<Index> start;
    std::vector<std::int32_t> position;
    std::vector<double> value;

    template <class T>
    Rows(const CscView<T>& X, const Index* columns, Index n_columns, Index known)
        : start(static_cast<std::size_t>(X.n_rows) + 2) {
        std::vector<std::uint8_t> touched(static_cast<std::size_t>(X.n_rows));
        const auto each = [&](Index from, auto visit) {
            for (Index a = from; a < n_columns; ++a)
                for (Index k = X.indptr[columns[a]]; k < X.indptr[columns[a] + 1]; ++k)
                    visit(a, k, static_cast<std::size_t>(X.indices[k]));
        };
        each(known, [&](Index, Index, std::size_t row) { touched[row] = 1; });
        each(0, [&](Index, Index, std::size_t row) { start[row + 2] += touched[row]; });
        for (std::size_t i = 2; i < start.size(); ++i) start[i] += start[i - 1];
        position.resize(static_cast<std::size_t>(start.back()));
        value.resize(position.size());
        each(0, [&](Index a, Index k, std::size_t row) {
            if (!touched[row]) return;
            const auto place = static_cast<std::size_t>(start[row + 1]++);
            position[place] = static_cast<std::int32_t>(a);
            value[place] = static_cast<double>(X.data[k]);
        });
    }
};

}  // namespace

template <class T>
void sparse_gram(const CscView<T>& X, const Index* columns, Index n_columns, Index known,
                 double* gram, Index stride) {
    const Rows rows(X, columns, n_columns, known);
    for (Index a = known; a < n_columns; ++a) std::fill_n(gram + a * stride, a + 1, 0.0);
    // Each row adds the products of its own entries alone.
    for (Index i = 0; i < X.n_rows; ++i) {
        const Index* const span = rows.start.data() + i;
        const std::int32_t* const position = rows.position.data();
        const double* const value = rows.value.data();
        for (Index k = span[1] - 1; k >= span[0] && position[k] >= known; --k) {
            const double weighted = X.weights ? X.weights[i] * value[k] : value[k];
            double* const line = gram + position[k] * stride;
            for (Index l = span[0]; l <= k; ++l) line[position[l]] += weighted * value[l];
        }
    }
    const double n = static_cast<double>(X.n_rows);
    for (Index a = known; a < n_columns; ++a)
        for (Index b = 0; b <= a; ++b) {
            double& product = gram[a * stride + b];
            if (X.means) product -= n * X.means[columns[a]] * X.means[columns[b]];
            gram[b * stride + a] = product;
        }
}

#define SPARSESCI_INSTANTIATE(View)                                                               \
    template void correlation(const View&, const Residual&, Index, const Index*, Index, double*); \
    template void subtract_product(                                                               \
        const View&, const Index*, Index, const double*, Index, const Residual&);
#define SPARSESCI_INSTANTIATE_DATA(View) \
    SPARSESCI_INSTANTIATE(View)          \
    template void column_stats(          \
        const View&, bool, const Residual&, Index, double*, double*, double*);
SPARSESCI_INSTANTIATE_DATA(DenseView<double>)
SPARSESCI_INSTANTIATE_DATA(DenseView<float>)
SPARSESCI_INSTANTIATE_DATA(CscView<double>)
SPARSESCI_INSTANTIATE_DATA(CscView<float>)
SPARSESCI_INSTANTIATE(GramView)
template void copy_columns(const DenseView<double>&, const Index*, Index, Index, Index, double*);
template void copy_columns(const DenseView<float>&, const Index*, Index, Index, Index, double*);
template void sparse_gram(const CscView<double>&, const Index*, Index, Index, double*, Index);
template void sparse_gram(const CscView<float>&, const Index*, Index, Index, double*, Index);

}  // namespace sparsesci

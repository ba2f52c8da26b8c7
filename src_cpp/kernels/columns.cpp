#include "sparsesci/columns.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

namespace sparsesci {

namespace {

template <class View>
void correlate_all(const View& X, const Residual& R, Index n_tasks, double* out) {
    for (Index j = 0; j < X.n_cols; ++j)
        for (Index t = 0; t < n_tasks; ++t) out[j * n_tasks + t] = X.corr(j, R, t);
}

/// Targets of a sparse matrix without weights by fours: side by side, they are fetched together.
template <class T>
void correlate_all(const CscView<T>& X, const Residual& R, Index n_tasks, double* out) {
    constexpr Index width = 4;
    const Index n = X.n_rows;
    std::vector<double> beside(n_tasks < width ? 0 : static_cast<std::size_t>(n * width));
    Index t = 0;
    for (; t + width <= n_tasks; t += width) {
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
        for (Index j = 0; j < X.n_cols; ++j) out[j * n_tasks + t] = X.corr(j, R, t);
}

}  // namespace

template <class View>
void correlation(const View& X, const Residual& R, Index n_tasks, const Index* columns,
                 Index n_columns, double* out) {
    if (columns) {
        for (const Index* j = columns; j != columns + n_columns; ++j)
            for (Index t = 0; t < n_tasks; ++t) out[*j * n_tasks + t] = X.corr(*j, R, t);
        return;
    }
    if constexpr (!std::is_same_v<View, GramView>)
        if (X.weights) {  // once, not for each column
            const Index n = X.n_rows;
            std::vector<double> weighted(static_cast<std::size_t>(n_tasks * n));
            for (Index t = 0; t < n_tasks; ++t)
                for (Index i = 0; i < n; ++i)
                    weighted[static_cast<std::size_t>(t * n + i)] = X.weights[i] * R.row(t)[i];
            View plain = X;
            plain.weights = nullptr;
            correlate_all(plain, Residual{weighted.data(), n, R.offset}, n_tasks, out);
            return;
        }
    correlate_all(X, R, n_tasks, out);
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
    const Index count = columns ? n_columns : X.n_cols;
    for (Index k = 0; k < count; ++k)
        for (Index t = 0; t < n_tasks; ++t)
            if (w[k * n_tasks + t] != 0) X.step(columns ? columns[k] : k, w[k * n_tasks + t], R, t);
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
template void sparse_gram(const CscView<double>&, const Index*, Index, Index, double*, Index);
template void sparse_gram(const CscView<float>&, const Index*, Index, Index, double*, Index);

}  // namespace sparsesci

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

template <class T>
void sparse_gram(const CscView<T>& X, const Index* columns, Index n_columns, Index known,
                 double* gram, Index stride, double* work) {
    const auto length = [&](Index a) { return X.indptr[columns[a] + 1] - X.indptr[columns[a]]; };
    std::vector<Index> order(static_cast<std::size_t>(n_columns));
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index a, Index b) {
        return length(a) != length(b) ? length(a) > length(b) : a < b;
    });
    // Spread a column out and multiply the shorter ones with it: each pair costs its shorter one.
    for (auto spread = order.begin(); spread != order.end(); ++spread) {
        const Index a = *spread;
        X.scatter(columns[a], work);
        for (auto other = spread; other != order.end(); ++other) {
            const Index b = *other;
            if (a < known && b < known) continue;
            gram[a * stride + b] = gram[b * stride + a] = X.inner(columns[a], columns[b], work);
        }
        X.unscatter(columns[a], work);
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
template void sparse_gram(const CscView<double>&, const Index*, Index, Index, double*, Index,
                          double*);
template void sparse_gram(const CscView<float>&, const Index*, Index, Index, double*, Index,
                          double*);

}  // namespace sparsesci

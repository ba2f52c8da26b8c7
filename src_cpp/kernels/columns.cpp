#include "sparsesci/columns.hpp"

namespace sparsesci {

template <class View>
void column_stats(const View& X, bool center, double* means, double* lipschitz) {
    for (Index j = 0; j < X.n_cols; ++j) {
        const Moments m = X.stats(j, center);
        means[j] = m.first;
        // No deviation beyond the rounding of the mean: a constant column.
        constexpr double eps = 8 * 2.220446049250313e-16;
        const bool constant = center && std::sqrt(m.second) <= eps * std::abs(m.first);
        lipschitz[j] = constant ? 0.0 : m.second;
    }
}

template <class View>
void correlation(const View& X, const Residual& R, Index n_tasks, const Index* columns,
                 Index n_columns, double* out) {
    const Index count = columns ? n_columns : X.n_cols;
    for (Index k = 0; k < count; ++k) {
        const Index j = columns ? columns[k] : k;
        for (Index t = 0; t < n_tasks; ++t) out[j * n_tasks + t] = X.corr(j, R, t);
    }
}

template <class View>
void subtract_product(const View& X, const double* w, Index n_tasks, const Residual& R) {
    for (Index j = 0; j < X.n_cols; ++j)
        for (Index t = 0; t < n_tasks; ++t)
            if (w[j * n_tasks + t] != 0) X.step(j, w[j * n_tasks + t], R, t);
}

#define SPARSESCI_INSTANTIATE(View)                                                               \
    template void correlation(const View&, const Residual&, Index, const Index*, Index, double*); \
    template void subtract_product(const View&, const double*, Index, const Residual&);
#define SPARSESCI_INSTANTIATE_DATA(View) \
    SPARSESCI_INSTANTIATE(View)          \
    template void column_stats(const View&, bool, double*, double*);
SPARSESCI_INSTANTIATE_DATA(DenseView<double>)
SPARSESCI_INSTANTIATE_DATA(DenseView<float>)
SPARSESCI_INSTANTIATE_DATA(CscView<double>)
SPARSESCI_INSTANTIATE_DATA(CscView<float>)
SPARSESCI_INSTANTIATE(GramView)

}  // namespace sparsesci

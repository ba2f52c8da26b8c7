#pragma once
#include "sparsesci/matrix.hpp"

/// Passes over all columns of a view.
namespace sparsesci {

/// Mean (0 unless `center`) and mean square of each centred column, and while it is at hand
/// correlations[j, t] = x~_j' S y_t / n with targets of weighted mean 0 (any, unless `center`).
template <class View>
void column_stats(const View& X, bool center, const Residual& targets, Index n_tasks, double* means,
                  double* lipschitz, double* correlations);

/// out[j, t] = x~_j' S r_t / n for all columns, or for those listed in `columns`; other rows of
/// `out` are left alone.
template <class View>
void correlation(const View& X, const Residual& R, Index n_tasks, const Index* columns,
                 Index n_columns, double* out);

/// R_t -= X~ w_t; the rows of w belong to the listed columns, or to all.
template <class View>
void subtract_product(const View& X, const Index* columns, Index n_columns, const double* w,
                      Index n_tasks, const Residual& R);

/// Rows `start` to `start + n_rows` of the listed columns of S^(1/2) X~, one after another.
template <class T, class Out>
void copy_columns(const DenseView<T>& X, const Index* columns, Index n_columns, Index start,
                  Index n_rows, Out* out);

/// gram[a, b] += sum_i s_i x~_ia x~_ib over rows `start` to `stop` for the listed columns, but for
/// pairs of the first `known` ones; symmetric before and after. Products are of type C, in which
/// a block of rows at a time is summed.
template <class C, class T>
void dense_gram(const DenseView<T>& X, const Index* columns, Index n_columns, Index known,
                Index start, Index stop, double* gram, Index stride);

/// gram[a, b] = x~_a' S x~_b for the listed columns, but for pairs of the first `known` ones, which
/// are there already.
template <class T>
void sparse_gram(const CscView<T>& X, const Index* columns, Index n_columns, Index known,
                 double* gram, Index stride);

}  // namespace sparsesci

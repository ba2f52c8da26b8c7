#pragma once
#include "sparsesci/matrix.hpp"

/// Greedy selection of atoms: the columns of a dictionary.
///
/// Design notes
/// A) Batch pursuit is a pivoted Cholesky factorisation of the Gram matrix in which the pivot
///    is chosen by the signal. Its rows are kept whole: row s holds the inner products of all
///    atoms with the s-th orthonormal direction. Updating correlations and residual norms is
///    then one subtraction each, and the OMP rule and the OLS rule differ in a score only.
/// B) A pass over the atoms goes in chunks that stay in registers while all earlier directions
///    are subtracted: one store for each atom, whatever their number.
/// C) float32 codes are computed in float32 (a batch is bound by bandwidth); squared errors are
///    always double.
namespace sparsesci {

struct PursuitRule {
    bool ols;           // score |a_j'r| / ||a_j off the span||, else |a_j'r|
    Index n_nonzero;    // at most so many atoms
    double tol;         // enough once the squared error is no larger; -inf: never
    double dependent;   // atoms whose square off the span is at most this part are passed over
    double negligible;  // so are correlations whose square is at most this part of the first gain
};

/// One row of `n_nonzero` values for each signal; places beyond `count` are left alone.
template <class T>
struct Codes {
    Index* support;
    T* coef;
    Index* count;
    double* error;
};

/// Atoms rounded up to whole chunks of 256 bytes.
template <class T>
Index padded_size(Index n_atoms) {
    constexpr Index chunk = 256 / sizeof(T);
    return (n_atoms + chunk - 1) / chunk * chunk;
}

/// Size of the work array of `omp_gram`.
template <class T>
Index omp_work_size(Index n_atoms, Index n_nonzero) {
    return (n_nonzero + 4) * padded_size<T>(n_atoms) + 3 * n_nonzero;
}

/// Pursuit of each signal, known by its correlations (rows) and its square.
template <class T>
void omp_gram(const T* gram, Index n_atoms, const T* correlations, const double* squares,
              Index n_signals, const PursuitRule& rule, const Codes<T>& out, T* work);

/// The k largest of each row of p scores, in increasing order of index; the lower index first
/// where scores are equal.
void top_k(const double* scores, Index n_rows, Index p, Index k, Index* out);

/// For each column, steps[j] = argmin_t ||r - t x_j||_1 + |shift_j - t slope_j|, a weighted
/// median of ratios, and gains[j] = the decrease from t = 0. Works on X as it is stored: means
/// and weights play no part. `work` holds 2 (n + 1) values.
template <class View>
void lad_line_search(const View& X, const double* residual, const double* shift,
                     const double* slope, double* steps, double* gains, double* work);

}  // namespace sparsesci
